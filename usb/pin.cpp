/// The rule for PINs.
#include "usb/pin.h"

#include "common/account.h"

namespace passkeyd {

Status check_pin(const Secret &pin) {
  const auto refuse = [](const char *why) {
    return Error{ErrorKind::PinInvalid, std::string("the PIN ") + why};
  };
  if (pin.size() < kMinPinBytes) return refuse("is shorter than 4 bytes");
  if (pin.size() > kMaxPinBytes) return refuse("is longer than 63 bytes");
  if (!is_utf8(pin.text()) || pin.text().find('\0') != std::string_view::npos)
    return refuse("holds bytes that cannot be typed");
  return Ok{};
}

}  // namespace passkeyd
