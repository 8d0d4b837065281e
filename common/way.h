/// Way: the means by which a person can prove themself. The names are stored and shown: add at will, rename
/// never.
#pragma once

#include <optional>
#include <string_view>

namespace passkeyd {

enum class Way {
  Usb,  ///< a security key (FIDO2 over hidraw)
  Tpm,  ///< a platform credential: a key inside this machine's TPM
};

/// "usb", "tpm".
constexpr std::string_view name_of(Way way) {
  return way == Way::Usb ? "usb" : "tpm";
}

constexpr std::optional<Way> way_of(std::string_view name) {
  if (name == "usb") return Way::Usb;
  if (name == "tpm") return Way::Tpm;
  return std::nullopt;
}

}  // namespace passkeyd
