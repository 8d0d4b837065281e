/// DeviceTree: what sysfs, /dev and udev say of plugged keys, as files in a umockdev testbed. Pty and ioctls
/// are MockUsb's.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "tests/mockusb/uevent.h"

namespace passkeyd::mockusb {

/// Who may open the nodes. Nothing set: only who runs the mock.
struct Access {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// What a key says of itself over USB.
struct Identity {
  std::string manufacturer = "passkeyd";
  std::string product = "Software Security Key";
  std::string serial;
  std::uint16_t vendor = 0x1209;  // pid.codes, for projects without a vendor id
  std::uint16_t product_id = 0xf1d0;
};

/// One key's places. Paths of sysfs begin with /sys, as programs see them.
struct DevicePaths {
  std::string node;       ///< "/dev/hidraw3"
  std::string usb;        ///< the usb_device
  std::string interface;  ///< its usb_interface
  std::string hid;        ///< the HID device, parent of
  std::string hidraw;     ///< the node's device
  std::string number;     ///< "510:3"
};

class DeviceTree {
 public:
  /// `root`: the testbed's directory.
  explicit DeviceTree(std::filesystem::path root) : root_(std::move(root)) {}

  /// The places of the `serial_number`th device plugged in, in USB port `port` (both from 0).
  static DevicePaths paths_of(int port, int serial_number);

  /// Writes the files, all but the node's. Throws std::filesystem::filesystem_error.
  void add_sysfs(const DevicePaths &paths, int port, const Identity &identity) const;
  /// Links the node to `pty`, the path of a pseudo-terminal.
  void add_node(const DevicePaths &paths, const std::string &pty) const;
  void remove(const DevicePaths &paths, const std::string &pty) const;

  /// The uevents of plugging in, outermost device first; unplugging is the reverse.
  static std::vector<Uevent> uevents(const DevicePaths &paths, const Identity &identity,
                                     const std::string &action);

 private:
  std::filesystem::path root_;
};

/// A FIDO key's report descriptor (CTAP 2.1, section 11.2.8.2): usage page 0xF1D0, 64 bytes each way.
inline constexpr std::uint8_t kReportDescriptor[] = {
    0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95,
    0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0};

}  // namespace passkeyd::mockusb
