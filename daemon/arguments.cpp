/// Reading the named arguments of a call.
#include "daemon/arguments.h"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/account.h"

namespace passkeyd {
namespace {

template <class Number>
int read_digits(sd_bus_message *call, const char *type, std::optional<std::string> &into) {
  Number number{};
  const int got = sd_bus_message_read(call, "v", type, &number);
  if (got >= 0) into = std::to_string(number);
  return got;
}

/// A call is held until it is answered, which may take minutes, and the bus lets 32 MiB through: what is far
/// longer than anything that is wanted does not get in.
constexpr std::size_t kMaxBytes = 4096;

/// Of a fixed size, and small: what newer callers may say to us as well.
bool is_small(std::string_view kind) {
  return kind.size() == 1 && std::string_view("ynqdg").find(kind) != std::string_view::npos;
}

/// The next value, a variant that holds an array of bytes. -EMSGSIZE: it is too long.
int read_array(sd_bus_message *call, Bytes &into) {
  const void *bytes = nullptr;
  std::size_t size = 0;
  int got = sd_bus_message_enter_container(call, 'v', "ay");
  if (got >= 0) got = sd_bus_message_read_array(call, 'y', &bytes, &size);
  if (got >= 0 && size > Arguments::kMaxArrayBytes) return -EMSGSIZE;
  if (got >= 0 && size > 0) {
    const auto *first = static_cast<const std::uint8_t *>(bytes);
    into.assign(first, first + size);
  }
  return got >= 0 ? sd_bus_message_exit_container(call) : got;
}

bool is_array(sd_bus_message *call) {
  const char *contents = nullptr;
  char type = 0;
  return sd_bus_message_peek_type(call, &type, &contents) > 0 && contents != nullptr &&
         std::string_view(contents) == "ay";
}

/// The next value, a variant; nullopt for one of a type that no key of ours has. -EMSGSIZE: it may be too
/// long.
int read_value(sd_bus_message *call, std::optional<std::string> &into, std::optional<int> &file) {
  const char *contents = nullptr;
  char type = 0;
  int got = sd_bus_message_peek_type(call, &type, &contents);
  if (got < 0) return got;
  const std::string_view kind = contents;
  if (kind == "s") {
    const char *value = nullptr;
    got = sd_bus_message_read(call, "v", "s", &value);
    if (got >= 0 && strnlen(value, kMaxBytes + 1) > kMaxBytes) return -EMSGSIZE;
    if (got >= 0) into = value;
    return got;
  }
  if (kind == "b") {
    int truth = 0;
    got = sd_bus_message_read(call, "v", "b", &truth);
    if (got >= 0) into = truth != 0 ? "yes" : "no";
    return got;
  }
  if (kind == "x") return read_digits<std::int64_t>(call, "x", into);
  if (kind == "t") return read_digits<std::uint64_t>(call, "t", into);
  if (kind == "i") return read_digits<std::int32_t>(call, "i", into);
  if (kind == "u") return read_digits<std::uint32_t>(call, "u", into);
  if (kind == "h") {
    int lent = -1;
    got = sd_bus_message_read(call, "v", "h", &lent);
    if (got >= 0) file = lent;
    return got;
  }
  return is_small(kind) ? sd_bus_message_skip(call, "v") : -EMSGSIZE;
}

Error unknown_value(std::string_view key) {
  return {ErrorKind::InvalidInput, std::string(key) + " has a value that it cannot have."};
}

}  // namespace

Result<Arguments> Arguments::read(sd_bus_message *call) {
  Arguments read;
  int got = sd_bus_message_enter_container(call, 'a', "{sv}");
  for (std::size_t entries = 0; got >= 0 && (got = sd_bus_message_enter_container(call, 'e', "sv")) > 0;
       ++entries) {
    if (entries >= kMaxKeys) return Error{ErrorKind::InvalidInput, "The request has too many keys."};
    const char *key = nullptr;
    std::optional<std::string> value;
    std::optional<int> file;
    got = sd_bus_message_read(call, "s", &key);
    if (got >= 0 && strnlen(key, kMaxBytes + 1) > kMaxBytes) got = -EMSGSIZE;
    const bool array = got >= 0 && is_array(call);
    if (array && read.arrays_.size() >= kMaxArrays) got = -EMSGSIZE;
    if (got >= 0) got = array ? read_array(call, read.arrays_[key]) : read_value(call, value, file);
    if (got >= 0) read.values_[key] = std::move(value);
    if (got >= 0 && file) read.files_[key] = *file;
    if (got >= 0) got = sd_bus_message_exit_container(call);
  }
  if (got >= 0) got = sd_bus_message_exit_container(call);
  if (got == -EMSGSIZE)
    return Error{ErrorKind::InvalidInput, "The request has a key or value that is too large."};
  if (got < 0) return Error{ErrorKind::InvalidInput, "The request is not of the documented form."};
  return read;
}

Result<std::optional<std::string>> Arguments::text(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::optional<std::string>();
  if (!found->second) return unknown_value(key);
  return found->second;
}

Result<std::string> Arguments::label(std::string_view key, std::size_t most) const {
  std::optional<std::string> found = TRY(text(key));
  if (!found) return std::string();
  if (found->size() > most || !is_printable(*found))
    return Error{ErrorKind::InvalidInput, std::string(key) + " is too long or not printable."};
  return std::move(*found);
}

Result<std::optional<std::int64_t>> Arguments::number(std::string_view key) const {
  const std::optional<std::string> found = TRY(text(key));
  if (!found) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(found->data(), found->data() + found->size(), number);
  if (failed != std::errc() || end != found->data() + found->size()) return unknown_value(key);
  return std::optional<std::int64_t>(number);
}

Result<std::optional<Bytes>> Arguments::bytes(std::string_view key) const {
  const auto found = arrays_.find(key);
  if (found != arrays_.end()) return std::optional<Bytes>(found->second);
  if (has(key)) return unknown_value(key);
  return std::optional<Bytes>();
}

Result<std::optional<Fd>> Arguments::file(std::string_view key) const {
  if (!has(key)) return std::optional<Fd>();
  const auto found = files_.find(key);
  if (found == files_.end()) return unknown_value(key);
  Fd file(fcntl(found->second, F_DUPFD_CLOEXEC, 0));
  if (!file) return errno_error("keep the file", errno);
  return std::optional<Fd>(std::move(file));
}

Status Arguments::only(const char *const *known) const {
  for (const auto &[key, value] : values_) {
    const char *const *each = known;
    while (*each != nullptr && key != *each) ++each;
    if (*each == nullptr)
      return Error{ErrorKind::InvalidInput, "The request has a key that is not known here."};
  }
  return Ok{};
}

}  // namespace passkeyd
