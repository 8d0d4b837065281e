/// Record: one line of an export, a flat JSON object of texts, whole numbers and truths. Hostile until read:
/// nothing nests, no name comes twice, nothing is longer than a line may be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/result.h"

namespace passkeyd::transfer {

/// Longest line, its newline left out, in bytes: a credential with all the certificates that it may have.
inline constexpr std::size_t kMaxLine = 64 * 1024;

using Value = std::variant<std::string, std::int64_t, bool>;

class Record {
 public:
  /// Errors: InvalidInput, never with any of the content.
  static Result<Record> parse(std::string_view line);

  /// nullptr: there is none.
  [[nodiscard]] const Value *find(std::string_view name) const;

 private:
  std::map<std::string, Value, std::less<>> fields_;
};

/// Takes fields out of a record, each of the type it must have. The first problem is kept, and what was asked
/// for is then empty: ask for everything, and for the problem once.
class Reader {
 public:
  explicit Reader(const Record &record) : record_(record) {}

  std::string text(const char *name, std::size_t most);
  /// A text that can be shown on one line.
  std::string line(const char *name, std::size_t most);
  Bytes bytes(const char *name, std::size_t most);  ///< lower-case hexadecimal
  std::int64_t number(const char *name, std::int64_t least, std::int64_t most);
  WallTime time(const char *name);
  bool truth(const char *name);
  [[nodiscard]] bool has(const char *name) const { return record_.find(name) != nullptr; }

  /// Says that a field's value is not what it must be.
  void refuse(const char *name);
  /// Ok: everything asked for was there. Errors: InvalidInput.
  [[nodiscard]] Status done() const;

 private:
  template <class T>
  const T *get(const char *name);
  const Record &record_;
  std::optional<std::string> problem_;
};

/// Writes a record, field by field in the order they are put.
class Writer {
 public:
  Writer &text(std::string_view name, std::string_view value);
  Writer &bytes(std::string_view name, ByteView value);
  Writer &number(std::string_view name, std::int64_t value);
  Writer &time(std::string_view name, WallTime value) {
    return number(name, value.time_since_epoch().count());
  }
  Writer &truth(std::string_view name, bool value);

  /// The line, with its newline.
  [[nodiscard]] std::string line() const { return line_ + "}\n"; }

 private:
  void begin(std::string_view name);
  std::string line_ = "{";
};

}  // namespace passkeyd::transfer
