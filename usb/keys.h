/// Which security keys are plugged in, and word when that changes. Reads sysfs through libudev; opens no
/// device, so that looking never disturbs a key that somebody else is using.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/handle.h"
#include "common/result.h"

struct udev;
struct udev_monitor;

namespace passkeyd {

/// One plugged-in key, as the kernel and udev describe it. The text comes from the device and was made safe.
struct KeyInfo {
  std::string path;  ///< "/dev/hidraw" and a number
  std::string name;  ///< for people: manufacturer and product, printable, 1 to kMaxKeyName bytes
  std::uint16_t vendor_id = 0;
  std::uint16_t product_id = 0;
};

/// Longest name for people, in bytes: what a credential's device field takes.
inline constexpr std::size_t kMaxKeyName = 64;
/// Most keys listed. What is plugged in beyond that is left out.
inline constexpr std::size_t kMaxKeys = 16;

/// The keys that udev knows to speak FIDO (ID_FIDO_TOKEN=1, see systemd's 60-fido-id.rules), in the order of
/// their place in the device tree. No keys is an empty list. Errors: Io if udev cannot be asked.
Result<std::vector<KeyInfo>> plugged_keys();

/// What people are shown of the strings in a device's descriptor: both joined, the manufacturer left out
/// where the product repeats it, every byte that is no printable UTF-8 replaced by '?', white space folded,
/// cut to kMaxKeyName bytes at a character; "security key" if nothing is left.
std::string key_name(std::string_view manufacturer, std::string_view product);

/// Tells that a key may have come or gone: look again with plugged_keys().
class KeyWatch {
 public:
  /// Listens from now on. Errors: Io if the kernel refuses the netlink socket.
  static Result<KeyWatch> start();

  /// Readable when there is something to drain; lives as long as this object.
  [[nodiscard]] int fd() const;

  /// Takes what has arrived, without waiting; true if any of it was about hidraw devices, or if so much
  /// arrived that the kernel dropped some. Bounded: what is left keeps fd() readable.
  bool drain();

 private:
  static void release(udev *context);
  static void release(udev_monitor *monitor);
  using Context = Handle<udev, KeyWatch::release>;
  using Monitor = Handle<udev_monitor, KeyWatch::release>;

  KeyWatch(Context context, Monitor monitor) : context_(std::move(context)), monitor_(std::move(monitor)) {}

  Context context_;
  Monitor monitor_;
};

}  // namespace passkeyd
