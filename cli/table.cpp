/// Laying out columns.
#include "cli/table.h"

#include <algorithm>
#include <utility>

namespace passkeyd::cli {
namespace {

/// Characters of valid UTF-8: every byte that continues none.
std::size_t width(const std::string &text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Table::Table(Row heading) {
  if (!heading.empty()) rows_.push_back(std::move(heading));
}

void Table::add(Row row) {
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const Row &row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], width(row[at]));
  }
  std::string all;
  for (const Row &row : rows_) {
    std::string line;
    for (std::size_t at = 0; at < row.size(); ++at)
      line += row[at] + std::string(widths[at] - width(row[at]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    all += line + "\n";
  }
  return all;
}

}  // namespace passkeyd::cli
