/// The rule for relying party ids: RFC 1035 labels, lower case.
#include "webauthn/rp_id.h"

#include <algorithm>

namespace passkeyd {
namespace {

constexpr std::string_view kSsh = "ssh:";
constexpr std::size_t kMaxName = 253;

}  // namespace

Result<RpId> RpId::parse(std::string_view raw) {
  const auto refuse = [](const char *why) {
    return Error{ErrorKind::InvalidInput, std::string("RP ID ") + why};
  };
  if (raw.empty() || raw.size() > kMaxName) return refuse("must have 1 to 253 characters");
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

Result<RpId> RpId::of_ssh(std::string_view application) {
  const bool plain = std::ranges::all_of(application, [](char c) { return c > ' ' && c < 0x7f; });
  if (!application.starts_with(kSsh) || application.size() > kMaxName || !plain)
    return Error{ErrorKind::InvalidInput, "an SSH key's application must begin with \"ssh:\""};
  return RpId(std::string(application));
}

Result<RpId> RpId::from_stored(std::string_view text) {
  return text.starts_with(kSsh) ? of_ssh(text) : parse(text);
}

}  // namespace passkeyd
