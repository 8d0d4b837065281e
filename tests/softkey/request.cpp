/// One template reads them all.
#include "tests/softkey/request.h"

namespace passkeyd::softkey::member {
namespace {

template <class T>
const T *typed(const Cbor *value, const T *(Cbor::*as)() const) {
  if (!value) return nullptr;
  const T *inside = (value->*as)();
  refuse_if(!inside, Ctap::UnexpectedType);
  return inside;
}

template <class T>
const T &needed(const T *value) {
  refuse_if(!value, Ctap::MissingParameter);
  return *value;
}

}  // namespace

const Cbor *find(const Cbor &map, const Cbor &key) {
  return map.at(key);
}
const Cbor &need(const Cbor &map, const Cbor &key) {
  return needed(find(map, key));
}
const Bytes *find_bytes(const Cbor &map, const Cbor &key) {
  return typed(find(map, key), &Cbor::bytes);
}
const Bytes &need_bytes(const Cbor &map, const Cbor &key) {
  return needed(find_bytes(map, key));
}
const std::string *find_text(const Cbor &map, const Cbor &key) {
  return typed(find(map, key), &Cbor::text);
}
const std::string &need_text(const Cbor &map, const Cbor &key) {
  return needed(find_text(map, key));
}
std::optional<int> find_number(const Cbor &map, const Cbor &key) {
  const std::int64_t *number = typed(find(map, key), &Cbor::number);
  if (!number) return std::nullopt;
  refuse_if(*number < -65536 || *number > 65536, Ctap::InvalidParameter);
  return static_cast<int>(*number);
}
int need_number(const Cbor &map, const Cbor &key) {
  const auto number = find_number(map, key);
  refuse_if(!number, Ctap::MissingParameter);
  return *number;
}
const Cbor::Array *find_array(const Cbor &map, const Cbor &key) {
  return typed(find(map, key), &Cbor::array);
}
const Cbor::Array &need_array(const Cbor &map, const Cbor &key) {
  return needed(find_array(map, key));
}
const Cbor *find_map(const Cbor &map, const Cbor &key) {
  const Cbor *value = find(map, key);
  refuse_if(value && !value->map(), Ctap::UnexpectedType);
  return value;
}
const Cbor &need_map(const Cbor &map, const Cbor &key) {
  return needed(find_map(map, key));
}
std::optional<bool> option(const Cbor &map, int options_key, const char *name) {
  const Cbor *options = find_map(map, options_key);
  const bool *stated = options ? typed(find(*options, name), &Cbor::boolean) : nullptr;
  if (!stated) return std::nullopt;
  return *stated;
}

}  // namespace passkeyd::softkey::member
