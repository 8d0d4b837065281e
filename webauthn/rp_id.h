/// RpId: the relying party identifier, the name the credentials of this machine (or fleet) are bound to.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace passkeyd {

class RpId {
 public:
  /// A domain name in lower case: labels of a-z, 0-9 and '-' (not at an end), 1 to 63 bytes each, 253 in all;
  /// one label is enough ("workstation"). Upper case is lowered. Errors: InvalidInput.
  static Result<RpId> parse(std::string_view raw);

  [[nodiscard]] const std::string &str() const { return name_; }
  /// "https://" and the name: what client data carries as its origin.
  [[nodiscard]] std::string origin() const { return "https://" + name_; }
  bool operator==(const RpId &) const = default;

 private:
  explicit RpId(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace passkeyd
