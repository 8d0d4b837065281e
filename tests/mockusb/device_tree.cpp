/// pci bus, usb device, usb interface, HID device, hidraw: the chain a real key has.
#include "tests/mockusb/device_tree.h"

#include <algorithm>
#include <fstream>

namespace passkeyd::mockusb {
namespace fs = std::filesystem;
namespace {

constexpr const char *kController = "/sys/devices/pci0000:00/0000:00:14.0/usb1";
constexpr int kMajor = 510;  // in the range no real hidraw gets on today's kernels

std::string hex4(unsigned value) {
  char text[8];
  std::snprintf(text, sizeof text, "%04x", value & 0xffff);
  return text;
}

std::string hex8_upper(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08X", value);
  return text;
}

std::string name_of(const std::string &path) {
  return fs::path(path).filename();
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs usb_properties(const Identity &identity) {
  return {{"PRODUCT", hex4(identity.vendor) + "/" + hex4(identity.product_id) + "/100"},
          {"TYPE", "0/0/0"},
          {"ID_SECURITY_TOKEN", "1"}};
}

Pairs hid_properties(const Identity &identity) {
  return {{"HID_ID", "0003:" + hex8_upper(identity.vendor) + ":" + hex8_upper(identity.product_id)},
          {"HID_NAME", identity.manufacturer + " " + identity.product},
          {"HID_UNIQ", identity.serial}};
}

Pairs hidraw_properties(const DevicePaths &paths) {
  const std::size_t colon = paths.number.find(':');
  return {{"MAJOR", paths.number.substr(0, colon)},
          {"MINOR", paths.number.substr(colon + 1)},
          {"DEVNAME", name_of(paths.node)},
          {"ID_FIDO_TOKEN", "1"},
          {"ID_SECURITY_TOKEN", "1"}};
}

std::string lines(const Pairs &pairs) {
  std::string out;
  for (const auto &[name, value] : pairs) out += name + "=" + value + "\n";
  return out;
}

void write(const fs::path &path, std::string_view content) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// A link inside the testbed, relative like sysfs' own, so it holds wherever the testbed lies.
void link_to(const fs::path &target, const fs::path &link) {
  fs::create_directories(link.parent_path());
  fs::remove(link);
  fs::create_symlink(fs::relative(target, link.parent_path()), link);
}

/// umockdev's preload library names a device by its path with the slashes flattened.
std::string flattened(std::string path) {
  for (char &one : path)
    if (one == '/') one = '_';
  return path;
}

}  // namespace

DevicePaths DeviceTree::paths_of(int port, int serial_number) {
  const std::string usb_name = "1-" + std::to_string(port + 1),
                    raw = "hidraw" + std::to_string(serial_number);
  DevicePaths paths;
  paths.node = "/dev/" + raw;
  paths.usb = std::string(kController) + "/" + usb_name;
  paths.interface = paths.usb + "/" + usb_name + ":1.0";
  paths.hid = paths.interface + "/0003:1209:F1D0." + hex4(static_cast<unsigned>(serial_number) + 1);
  paths.hidraw = paths.hid + "/hidraw/" + raw;
  paths.number = std::to_string(kMajor) + ":" + std::to_string(serial_number);
  return paths;
}

void DeviceTree::add_sysfs(const DevicePaths &paths, int port, const Identity &identity) const {
  const auto real = [&](const std::string &path) { return fs::path(root_.native() + path); };
  const auto device = [&](const std::string &path, const std::string &subsystem,
                          const std::string &properties) {
    const fs::path directory = real(path);
    fs::create_directories(directory);
    fs::create_directories(real(subsystem));
    write(directory / "uevent", properties);
    link_to(real(subsystem), directory / "subsystem");
  };

  device(paths.usb, "/sys/bus/usb", "DEVTYPE=usb_device\n" + lines(usb_properties(identity)));
  write(real(paths.usb) / "manufacturer", identity.manufacturer + "\n");
  write(real(paths.usb) / "product", identity.product + "\n");
  write(real(paths.usb) / "serial", identity.serial + "\n");
  write(real(paths.usb) / "idVendor", hex4(identity.vendor) + "\n");
  write(real(paths.usb) / "idProduct", hex4(identity.product_id) + "\n");
  write(real(paths.usb) / "busnum", "1\n");
  write(real(paths.usb) / "devnum", std::to_string(port + 2) + "\n");
  write(real(paths.usb) / "removable", "removable\n");
  link_to(real(paths.usb), real("/sys/bus/usb/devices") / name_of(paths.usb));

  device(paths.interface, "/sys/bus/usb", "DEVTYPE=usb_interface\n" + lines(usb_properties(identity)));
  link_to(real(paths.interface), real("/sys/bus/usb/devices") / name_of(paths.interface));

  device(paths.hid, "/sys/bus/hid", lines(hid_properties(identity)));
  write(real(paths.hid) / "report_descriptor",
        {reinterpret_cast<const char *>(kReportDescriptor), sizeof kReportDescriptor});
  link_to(real(paths.hid), real("/sys/bus/hid/devices") / name_of(paths.hid));

  device(paths.hidraw, "/sys/class/hidraw", lines(hidraw_properties(paths)));
  write(real(paths.hidraw) / "dev", paths.number + "\n");
  link_to(real(paths.hid), real(paths.hidraw) / "device");
  link_to(real(paths.hidraw), real("/sys/class/hidraw") / name_of(paths.hidraw));
  link_to(real(paths.hidraw), real("/sys/dev/char") / paths.number);
}

void DeviceTree::add_node(const DevicePaths &paths, const std::string &pty) const {
  const fs::path dev = root_ / "dev";
  for (const char *part : {".node", ".ptymap"}) fs::create_directories(dev / part);
  const auto fresh_link = [](const std::string &target, const fs::path &link) {
    fs::remove(link);
    fs::create_symlink(target, link);
  };
  fresh_link(paths.number, dev / ".node" / name_of(paths.node));
  fresh_link(paths.number, dev / ".ptymap" / flattened(pty));
  fresh_link(pty, dev / name_of(paths.node));  // last: from here on it can be opened
}

void DeviceTree::remove(const DevicePaths &paths, const std::string &pty) const {
  const fs::path dev = root_ / "dev", sys = root_ / "sys";
  fs::remove(dev / name_of(paths.node));
  fs::remove(dev / ".node" / name_of(paths.node));
  fs::remove(dev / ".ptymap" / flattened(pty));
  fs::remove(sys / "class/hidraw" / name_of(paths.hidraw));
  fs::remove(sys / "dev/char" / paths.number);
  fs::remove(sys / "bus/hid/devices" / name_of(paths.hid));
  fs::remove(sys / "bus/usb/devices" / name_of(paths.interface));
  fs::remove(sys / "bus/usb/devices" / name_of(paths.usb));
  fs::remove_all(fs::path(root_.native() + paths.usb));
}

std::vector<Uevent> DeviceTree::uevents(const DevicePaths &paths, const Identity &identity,
                                        const std::string &action) {
  std::vector<Uevent> out = {
      {action, paths.usb, "usb", "usb_device", usb_properties(identity), {}},
      {action, paths.interface, "usb", "usb_interface", usb_properties(identity), {}},
      {action, paths.hid, "hid", "", hid_properties(identity), {}},
      {action, paths.hidraw, "hidraw", "", hidraw_properties(paths), {"uaccess", "security-device"}},
  };
  if (action == "remove") std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace passkeyd::mockusb
