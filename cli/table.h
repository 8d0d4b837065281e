/// Columns of text for people, as many as fit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/style.h"

namespace passkeyd::cli {

class Table {
 public:
  using Row = std::vector<std::string>;

  /// An empty heading: none.
  explicit Table(Row heading);
  void add(Row row);

  /// Where there is too little room, this column's texts may be shortened. All columns that may are, the
  /// widest first, before any is left out.
  void may_shorten(std::size_t column);
  /// If that is not enough, this column may be left out: those named first go first.
  void may_go(std::size_t column);
  /// How the cells of this column stand out, by their text.
  void accent(std::size_t column, std::function<Accent(const std::string &)> accent);

  /// One line a row, columns two spaces apart and as wide as their longest cell. Without a screen: all of it.
  [[nodiscard]] std::string text(const Screen &screen = {}) const;

 private:
  struct Column {
    std::size_t width = 0;
    bool shortens = false;
    bool gone = false;
    std::function<Accent(const std::string &)> accent = {};
  };
  [[nodiscard]] std::vector<Column> fitted(std::size_t room) const;
  Column &column(std::size_t at);

  std::vector<Row> rows_;
  bool headed_;
  std::vector<Column> columns_;
  std::vector<std::size_t> may_go_;
};

}  // namespace passkeyd::cli
