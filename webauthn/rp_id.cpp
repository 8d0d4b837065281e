/// The rule for relying party ids: RFC 1035 labels, lower case.
#include "webauthn/rp_id.h"

namespace passkeyd {

Result<RpId> RpId::parse(std::string_view raw) {
  const auto refuse = [](const char *why) {
    return Error{ErrorKind::InvalidInput, std::string("RP ID ") + why};
  };
  if (raw.empty() || raw.size() > 253) return refuse("must have 1 to 253 characters");
  std::string name;
  std::size_t label = 0;  // length of the label so far
  for (const char c : raw) {
    if (c == '.') {
      if (label == 0 || name.back() == '-') return refuse("has an empty label or one that ends with '-'");
      label = 0;
      name += c;
      continue;
    }
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool allowed =
        (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || (lower == '-' && label > 0);
    if (!allowed) return refuse("may hold only letters, digits, '.' and inner '-'");
    if (++label > 63) return refuse("has a label longer than 63 characters");
    name += lower;
  }
  if (label == 0 || name.back() == '-') return refuse("ends with '.' or '-'");
  return RpId(std::move(name));
}

}  // namespace passkeyd
