/// Columns of text for people.
#pragma once

#include <string>
#include <vector>

namespace passkeyd::cli {

class Table {
 public:
  using Row = std::vector<std::string>;

  /// An empty heading: none.
  explicit Table(Row heading);
  void add(Row row);

  /// One line a row, columns two spaces apart and as wide as their longest cell (in characters).
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace passkeyd::cli
