/// Plug and unplug, from udev's own broadcasts: after its rules ran, so that ID_FIDO_TOKEN and the
/// permissions are there when somebody looks.
#include <libudev.h>

#include <cerrno>

#include "usb/keys.h"

namespace passkeyd {
namespace {

/// Most events taken by one drain().
constexpr int kBurst = 256;

}  // namespace

void KeyWatch::release(udev *context) {
  udev_unref(context);
}

void KeyWatch::release(udev_monitor *monitor) {
  udev_monitor_unref(monitor);
}

Result<KeyWatch> KeyWatch::start() {
  Context context(udev_new());
  if (!context) return errno_error("udev", errno);
  Monitor monitor(udev_monitor_new_from_netlink(context.get(), "udev"));
  if (!monitor) return errno_error("udev monitor", errno);
  if (udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "hidraw", nullptr) < 0 ||
      udev_monitor_enable_receiving(monitor.get()) < 0)
    return Error{ErrorKind::Io, "udev monitor cannot listen"};
  return KeyWatch(std::move(context), std::move(monitor));
}

int KeyWatch::fd() const {
  return udev_monitor_get_fd(monitor_.get());
}

bool KeyWatch::drain() {
  bool changed = false;
  for (int taken = 0; taken < kBurst; ++taken) {
    errno = 0;
    udev_device *device = udev_monitor_receive_device(monitor_.get());
    if (device == nullptr) return changed || errno == ENOBUFS;
    udev_device_unref(device);
    changed = true;
  }
  return changed;
}

}  // namespace passkeyd
