/// Looking through JSON first.
#include "webauthn/json.h"

namespace passkeyd {
namespace {

using Json = nlohmann::json;

/// Counts what goes by, and stops at a bound.
struct Counting final : nlohmann::json_sax<Json> {
  explicit Counting(JsonBounds bounds) : left(bounds) {}

  bool null() override { return one(); }
  bool boolean(bool) override { return one(); }
  bool number_integer(number_integer_t) override { return one(); }
  bool number_unsigned(number_unsigned_t) override { return one(); }
  bool number_float(number_float_t, const string_t &) override { return one(); }
  bool string(string_t &) override { return one(); }
  bool binary(binary_t &) override { return false; }
  bool key(string_t &) override { return one(); }
  bool start_object(std::size_t) override { return deeper(); }
  bool end_object() override { return higher(); }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return higher(); }
  bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &) override {
    return false;
  }

 private:
  bool one() { return left.values-- > 0; }
  bool deeper() { return one() && --left.depth >= 0; }
  bool higher() { return ++left.depth > 0; }

  JsonBounds left;
};

/// The member `name` of that type.
const Json *member(const Json &object, const char *name, Json::value_t type) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->type() == type ? &*found : nullptr;
}

}  // namespace

Json parse_bounded(std::string_view text, JsonBounds bounds) {
  Json nothing(Json::value_t::discarded);
  if (text.find('\0') != std::string_view::npos) return nothing;
  Counting counting(bounds);
  if (!Json::sax_parse(text.begin(), text.end(), &counting)) return nothing;
  return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

const std::string *text_in(const Json &object, const char *name) {
  const Json *found = member(object, name, Json::value_t::string);
  return found == nullptr ? nullptr : found->get_ptr<const std::string *>();
}

const Json *array_in(const Json &object, const char *name) {
  return member(object, name, Json::value_t::array);
}

const Json *object_in(const Json &object, const char *name) {
  return member(object, name, Json::value_t::object);
}

}  // namespace passkeyd
