/// JSON from outside, looked at before anything is built from it: nlohmann-json recurses as deep as its input
/// says, takes a zero byte for the end, and makes of each value many times its size. Internal to webauthn/.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace passkeyd {

struct JsonBounds {
  int depth;           ///< of arrays and objects within each other
  std::size_t values;  ///< of all kinds, names of members included
};

/// The value in `text`; a discarded one if it is no JSON, holds a zero byte or exceeds the bounds.
nlohmann::json parse_bounded(std::string_view text, JsonBounds bounds);

/// A member of an object; nullptr if there is none, or none of that kind.
const std::string *text_in(const nlohmann::json &object, const char *name);
const nlohmann::json *array_in(const nlohmann::json &object, const char *name);
const nlohmann::json *object_in(const nlohmann::json &object, const char *name);

}  // namespace passkeyd
