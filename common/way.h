/// Way: the means by which a person can prove themself. The names are stored and shown: add at will, rename
/// never.
#pragma once

#include <optional>
#include <string_view>

namespace passkeyd {

enum class Way {
  Usb,   ///< a security key (FIDO2 over hidraw)
  Tpm,   ///< a platform credential: a key inside this machine's TPM
  Code,  ///< a backup code: no credential stands behind it
};

/// "usb", "tpm", "code".
constexpr std::string_view name_of(Way way) {
  return way == Way::Usb ? "usb" : way == Way::Tpm ? "tpm" : "code";
}

/// Only for ways that a credential can have; nullopt for "code" as for any other word.
constexpr std::optional<Way> way_of(std::string_view name) {
  if (name == "usb") return Way::Usb;
  if (name == "tpm") return Way::Tpm;
  return std::nullopt;
}

}  // namespace passkeyd
