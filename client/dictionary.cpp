/// Reading dictionaries.
#include "client/dictionary.h"

#include <limits>
#include <utility>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxKey = 64;

Error malformed(const char *what) {
  return {ErrorKind::Malformed, what};
}

/// The number of an 'u', 'x' or 't'. nullopt: it does not parse, or is larger than any number of ours.
std::optional<std::int64_t> read_number(sd_bus_message *m, char type) {
  union {
    std::uint32_t u;
    std::int64_t x;
    std::uint64_t t;
  } number = {.t = 0};
  const char signature[] = {type, '\0'};
  if (sd_bus_message_read(m, "v", signature, &number) <= 0) return std::nullopt;
  if (type == 'u') return number.u;
  if (type == 'x') return number.x;
  if (number.t > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(number.t);
}

std::optional<Dictionary::Value> read_value(sd_bus_message *m, char type) {
  if (type == 's') {
    const char *text = nullptr;
    if (sd_bus_message_read(m, "v", "s", &text) <= 0) return std::nullopt;
    return printable(text, Dictionary::kMaxText);
  }
  if (type == 'b') {
    int truth = 0;
    if (sd_bus_message_read(m, "v", "b", &truth) <= 0) return std::nullopt;
    return truth != 0;
  }
  const std::optional<std::int64_t> number = read_number(m, type);
  if (!number) return std::nullopt;
  return *number;
}

template <class T>
bool take_value(const std::map<std::string, Dictionary::Value, std::less<>> &entries, std::string_view key,
                T &into) {
  const auto found = entries.find(key);
  if (found == entries.end()) return true;
  const T *value = std::get_if<T>(&found->second);
  if (value != nullptr) into = *value;
  return value != nullptr;
}

}  // namespace

Result<Dictionary> Dictionary::read(sd_bus_message *m) {
  Dictionary read;
  if (sd_bus_message_enter_container(m, 'a', "{sv}") <= 0)
    return malformed("no dictionary where one belongs");
  int more = 0;
  for (std::size_t count = 0; (more = sd_bus_message_enter_container(m, 'e', "sv")) > 0; ++count) {
    const char *key = nullptr;
    const char *contents = nullptr;
    char kind = 0;
    if (count == kMaxEntries) return malformed("a dictionary has too many entries");
    if (sd_bus_message_read(m, "s", &key) <= 0 || sd_bus_message_peek_type(m, &kind, &contents) <= 0)
      return malformed("a dictionary entry does not parse");
    const std::string_view type = contents != nullptr ? contents : "";
    if (type == "s" || type == "b" || type == "u" || type == "x" || type == "t") {
      std::optional<Value> value = read_value(m, type.front());
      if (!value) return malformed("a dictionary value does not parse");
      read.entries_.insert_or_assign(printable(key, kMaxKey), std::move(*value));
    } else if (sd_bus_message_skip(m, "v") < 0) {
      return malformed("a dictionary value does not parse");
    }
    if (sd_bus_message_exit_container(m) < 0) return malformed("a dictionary entry does not parse");
  }
  if (more < 0 || sd_bus_message_exit_container(m) < 0) return malformed("a dictionary does not parse");
  return read;
}

Result<std::vector<Dictionary>> Dictionary::read_list(sd_bus_message *m, std::size_t most) {
  if (sd_bus_message_has_signature(m, "aa{sv}") <= 0 || sd_bus_message_enter_container(m, 'a', "a{sv}") < 0)
    return malformed("the answer is no list of dictionaries");
  std::vector<Dictionary> rows;
  while (sd_bus_message_at_end(m, 0) == 0) {
    Dictionary row = TRY(read(m));
    if (rows.size() == most) return malformed("the answer has too many rows");
    rows.push_back(std::move(row));
  }
  return rows;
}

bool Dictionary::take(std::string_view key, std::string &into) const {
  return take_value(entries_, key, into);
}
bool Dictionary::take(std::string_view key, std::int64_t &into) const {
  return take_value(entries_, key, into);
}
bool Dictionary::take(std::string_view key, bool &into) const {
  return take_value(entries_, key, into);
}
bool Dictionary::take(std::string_view key, std::optional<std::int64_t> &into) const {
  std::int64_t number = 0;
  if (!entries_.contains(key)) return true;
  if (!take_value(entries_, key, number)) return false;
  into = number;
  return true;
}

}  // namespace passkeyd
