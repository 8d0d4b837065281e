/// Way: the means by which a person can prove themself. The names are stored and shown: add at will, rename
/// never.
#pragma once

#include <optional>
#include <string_view>

namespace passkeyd {

enum class Way {
  Usb,     ///< a security key (FIDO2 over hidraw)
  Tpm,     ///< a platform credential: a key inside this machine's TPM
  Ssh,     ///< an OpenSSH key of a security key (sk-*), which sshd asks, or the agent that ssh has forwarded
  Client,  ///< a platform credential of the person's own computer, which its passkey-askpass asks
  Code,    ///< a backup code: no credential stands behind it
};

/// "usb", "tpm", "ssh", "client", "code".
constexpr std::string_view name_of(Way way) {
  switch (way) {
    case Way::Usb:
      return "usb";
    case Way::Tpm:
      return "tpm";
    case Way::Ssh:
      return "ssh";
    case Way::Client:
      return "client";
    case Way::Code:
      break;
  }
  return "code";
}

/// Only for ways that a credential can have; nullopt for "code" as for any other word.
constexpr std::optional<Way> way_of(std::string_view name) {
  for (const Way way : {Way::Usb, Way::Tpm, Way::Ssh, Way::Client})
    if (name == name_of(way)) return way;
  return std::nullopt;
}

}  // namespace passkeyd
