/// RpId: the relying party identifier, the name the credentials of this machine (or fleet) are bound to. What
/// OpenSSH calls a key's "application" is the same thing under another name.
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

  /// The application of an SSH key: "ssh:", or that and more (PROTOCOL.u2f of OpenSSH), printable ASCII
  /// without spaces, at most 253 bytes. No domain has a ':', so none of them is a machine's. Errors:
  /// InvalidInput.
  static Result<RpId> of_ssh(std::string_view application);
  /// Either of the two, as str() gave it and something kept it. Errors: InvalidInput.
  static Result<RpId> from_stored(std::string_view text);

  [[nodiscard]] bool is_ssh() const { return name_.find(':') != std::string::npos; }
  [[nodiscard]] const std::string &str() const { return name_; }
  /// "https://" and the name: what client data carries as its origin.
  [[nodiscard]] std::string origin() const { return "https://" + name_; }
  bool operator==(const RpId &) const = default;

 private:
  explicit RpId(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace passkeyd
