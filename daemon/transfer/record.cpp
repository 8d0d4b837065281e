/// Reading flat JSON with suspicion, and writing it.
#include "daemon/transfer/record.h"

#include <nlohmann/json.hpp>

#include "common/account.h"

namespace passkeyd::transfer {
namespace {

using Json = nlohmann::json;

/// 9999-12-31: later times are nobody's.
constexpr std::int64_t kMaxTime = 253'402'300'799;

/// Fills a map of fields while nlohmann's parser walks along; false stops it. Nothing but one flat object is
/// let by, so neither the parser's depth nor a tree in memory is the file's to choose.
class Flat final : public nlohmann::json_sax<Json> {
 public:
  explicit Flat(std::map<std::string, Value, std::less<>> &fields) : fields_(fields) {}

  bool null() override { return false; }
  bool boolean(bool truth) override { return put(truth); }
  bool number_integer(number_integer_t number) override { return put(std::int64_t{number}); }
  bool number_unsigned(number_unsigned_t number) override {
    return number <= INT64_MAX && put(static_cast<std::int64_t>(number));
  }
  bool number_float(number_float_t, const string_t &) override { return false; }
  bool string(string_t &text) override { return put(std::move(text)); }
  bool binary(binary_t &) override { return false; }
  bool start_object(std::size_t) override { return !std::exchange(began_, true); }
  bool key(string_t &name) override {
    name_ = name;
    return !fields_.contains(name);
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &) override {
    return false;
  }

 private:
  bool put(Value value) { return began_ && fields_.emplace(name_, std::move(value)).second; }

  std::map<std::string, Value, std::less<>> &fields_;
  std::string name_;
  bool began_ = false;
};

bool is_lower_case(std::string_view hex) {
  return std::none_of(hex.begin(), hex.end(), [](char c) { return c >= 'A' && c <= 'F'; });
}

}  // namespace

Result<Record> Record::parse(std::string_view line) {
  const Error refused{ErrorKind::InvalidInput, "a line is no flat JSON object"};
  if (line.size() > kMaxLine) return Error{ErrorKind::InvalidInput, "a line is too long"};
  // nlohmann::json takes a zero byte for the end of its input and would not see what follows.
  if (line.find('\0') != std::string_view::npos) return refused;
  Record record;
  Flat flat(record.fields_);
  if (!Json::sax_parse(line.begin(), line.end(), &flat)) return refused;
  return record;
}

const Value *Record::find(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? nullptr : &found->second;
}

template <class T>
const T *Reader::get(const char *name) {
  const Value *value = record_.find(name);
  const T *held = value != nullptr ? std::get_if<T>(value) : nullptr;
  if (held == nullptr) refuse(name);
  return held;
}

std::string Reader::text(const char *name, std::size_t most) {
  const auto *held = get<std::string>(name);
  if (held == nullptr) return {};
  if (held->size() <= most) return *held;
  refuse(name);
  return {};
}

std::string Reader::line(const char *name, std::size_t most) {
  std::string held = text(name, most);
  if (is_printable(held)) return held;
  refuse(name);
  return {};
}

Bytes Reader::bytes(const char *name, std::size_t most) {
  const std::string hex = text(name, 2 * most);
  std::optional<Bytes> held = is_lower_case(hex) ? from_hex(hex) : std::nullopt;
  if (held) return std::move(*held);
  refuse(name);
  return {};
}

std::int64_t Reader::number(const char *name, std::int64_t least, std::int64_t most) {
  const auto *held = get<std::int64_t>(name);
  if (held == nullptr) return least;
  if (*held >= least && *held <= most) return *held;
  refuse(name);
  return least;
}

WallTime Reader::time(const char *name) {
  return WallTime(std::chrono::seconds(number(name, 0, kMaxTime)));
}

bool Reader::truth(const char *name) {
  const bool *held = get<bool>(name);
  return held != nullptr && *held;
}

void Reader::refuse(const char *name) {
  if (!problem_) problem_ = std::string("the field ") + name + " is missing, or not what it must be";
}

Status Reader::done() const {
  if (problem_) return Error{ErrorKind::InvalidInput, *problem_};
  return Ok{};
}

void Writer::begin(std::string_view name) {
  if (line_.size() > 1) line_ += ',';
  line_ += '"';
  line_ += name;  // one of our own
  line_ += "\":";
}

Writer &Writer::text(std::string_view name, std::string_view value) {
  begin(name);
  // What is no UTF-8 comes from a damaged row; its hash will show that it was altered.
  line_ += Json(value).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  return *this;
}

Writer &Writer::bytes(std::string_view name, ByteView value) {
  begin(name);
  line_ += '"' + to_hex(value) + '"';
  return *this;
}

Writer &Writer::number(std::string_view name, std::int64_t value) {
  begin(name);
  line_ += std::to_string(value);
  return *this;
}

Writer &Writer::truth(std::string_view name, bool value) {
  begin(name);
  line_ += value ? "true" : "false";
  return *this;
}

}  // namespace passkeyd::transfer
