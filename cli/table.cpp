/// Laying out columns.
#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "cli/text_width.h"

namespace passkeyd::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kReadable = 14;  ///< a shortened text of this width still says something
constexpr std::size_t kLeast = 4;      ///< and one of this, that there is something

/// Of all columns that are shown, with the gaps between them.
template <class Columns>
std::size_t total(const Columns &columns) {
  std::size_t sum = 0;
  for (const auto &each : columns)
    if (!each.gone) sum += each.width + (sum > 0 ? kGap : 0);
  return sum;
}

/// Takes from the widest, a column at a time; none gets narrower than `least`.
template <class Columns>
void narrow(Columns &columns, std::size_t room, std::size_t least) {
  while (total(columns) > room) {
    auto *widest = static_cast<decltype(columns.data())>(nullptr);
    for (auto &each : columns)
      if (each.shortens && !each.gone && each.width > least &&
          (widest == nullptr || each.width > widest->width))
        widest = &each;
    if (widest == nullptr) return;
    --widest->width;
  }
}

}  // namespace

Table::Table(Row heading) : headed_(!heading.empty()) {
  if (headed_) add(std::move(heading));
}

Table::Column &Table::column(std::size_t at) {
  if (columns_.size() <= at) columns_.resize(at + 1);
  return columns_[at];
}

void Table::add(Row row) {
  for (std::size_t at = 0; at < row.size(); ++at)
    column(at).width = std::max(column(at).width, width_of(row[at]));
  rows_.push_back(std::move(row));
}

void Table::may_shorten(std::size_t at) {
  column(at).shortens = true;
}

void Table::may_go(std::size_t at) {
  column(at);
  may_go_.push_back(at);
}

void Table::accent(std::size_t at, std::function<Accent(const std::string &)> accent) {
  column(at).accent = std::move(accent);
}

/// With as few columns left out as possible; those that stay get back what room that leaves.
std::vector<Table::Column> Table::fitted(std::size_t room) const {
  std::vector<Column> all = columns_;
  for (auto next = may_go_.begin();; ++next) {
    std::vector<Column> tried = all;
    narrow(tried, room, kReadable);
    const bool last = next == may_go_.end();
    if (last) narrow(tried, room, kLeast);
    if (last || total(tried) <= room) return tried;
    all[*next].gone = true;
  }
}

std::string Table::text(const Screen &screen) const {
  const std::vector<Column> columns = screen.columns == 0 ? columns_ : fitted(screen.columns);
  std::string all;
  for (const Row &row : rows_) {
    const bool heading = headed_ && &row == &rows_.front();
    std::string line;
    std::size_t blanks = 0;  // before the next cell, and never at the end of a line
    for (std::size_t at = 0; at < row.size(); ++at) {
      const Column &column = columns[at];
      if (column.gone) continue;
      const std::string cell = shortened(row[at], column.width);
      Accent accent = heading ? Accent::Strong : Accent::None;
      if (!heading && column.accent) accent = column.accent(row[at]);
      if (!cell.empty()) line += std::string(std::exchange(blanks, 0), ' ') + accented(cell, accent, screen);
      blanks += column.width - width_of(cell) + kGap;
    }
    all += line + "\n";
  }
  return all;
}

}  // namespace passkeyd::cli
