/// Enumerating keys through udev, and making their strings safe to show.
#include "usb/keys.h"

#include <libudev.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "common/account.h"

namespace passkeyd {
namespace {

void unref(udev *context) {
  udev_unref(context);
}
void unref(udev_enumerate *list) {
  udev_enumerate_unref(list);
}
void unref(udev_device *device) {
  udev_device_unref(device);
}

using Context = Handle<udev, unref>;
using Enumerate = Handle<udev_enumerate, unref>;
using Device = Handle<udev_device, unref>;

std::string_view text_of(const char *may_be_null) {
  return may_be_null == nullptr ? std::string_view() : std::string_view(may_be_null);
}

/// The length of the one printable character at the front of `text`; 0 if what is there is none.
std::size_t printable_front(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (is_printable(text.substr(0, length))) return length;
  return 0;
}

/// Appends `raw` to `to` with unprintable bytes replaced and white space folded; stops at kMaxKeyName.
void append_shown(std::string &to, std::string_view raw) {
  while (!raw.empty()) {
    const bool space = raw.front() == ' ' || (raw.front() >= '\t' && raw.front() <= '\r');
    const std::size_t length = space ? 1 : printable_front(raw);
    const std::string_view shown = space ? " " : length == 0 ? "?" : raw.substr(0, length);
    raw.remove_prefix(length == 0 ? 1 : length);
    if (space && (to.empty() || to.back() == ' ')) continue;
    if (to.size() + shown.size() > kMaxKeyName) break;
    to += shown;
  }
}

/// "/dev/hidraw" and digits: nothing else is ever opened.
bool is_hidraw_node(std::string_view path) {
  constexpr std::string_view kStem = "/dev/hidraw";
  if (!path.starts_with(kStem) || path.size() == kStem.size() || path.size() > kStem.size() + 6) return false;
  return path.find_first_not_of("0123456789", kStem.size()) == std::string_view::npos;
}

std::optional<std::uint16_t> hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (failed != std::errc() || end != text.data() + text.size() || value > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

/// Vendor and product out of HID_ID, which reads "0003:00001050:00000407" (bus, vendor, product).
bool read_ids(std::string_view hid_id, KeyInfo &key) {
  const std::size_t first = hid_id.find(':');
  const std::size_t second = first == std::string_view::npos ? first : hid_id.find(':', first + 1);
  if (second == std::string_view::npos) return false;
  const auto vendor = hexadecimal(hid_id.substr(first + 1, second - first - 1));
  const auto product = hexadecimal(hid_id.substr(second + 1));
  if (!vendor || !product) return false;
  key.vendor_id = *vendor;
  key.product_id = *product;
  return true;
}

/// nullopt: gone meanwhile, or not described as a HID device is.
std::optional<KeyInfo> describe_device(udev_device *hidraw) {
  KeyInfo key;
  key.path = text_of(udev_device_get_devnode(hidraw));
  if (!is_hidraw_node(key.path)) return std::nullopt;
  udev_device *hid = udev_device_get_parent_with_subsystem_devtype(hidraw, "hid", nullptr);  // borrowed
  if (hid == nullptr || !read_ids(text_of(udev_device_get_property_value(hid, "HID_ID")), key))
    return std::nullopt;
  udev_device *usb = udev_device_get_parent_with_subsystem_devtype(hidraw, "usb", "usb_device");
  key.name = usb == nullptr ? key_name({}, text_of(udev_device_get_property_value(hid, "HID_NAME")))
                            : key_name(text_of(udev_device_get_sysattr_value(usb, "manufacturer")),
                                       text_of(udev_device_get_sysattr_value(usb, "product")));
  return key;
}

}  // namespace

std::string key_name(std::string_view manufacturer, std::string_view product) {
  std::string name;
  if (!product.starts_with(manufacturer)) {
    append_shown(name, manufacturer);
    append_shown(name, " ");
  }
  append_shown(name, product);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name.empty() ? "security key" : name;
}

Result<std::vector<KeyInfo>> plugged_keys() {
  const Context context(udev_new());
  if (!context) return errno_error("udev", errno);
  const Enumerate found(udev_enumerate_new(context.get()));
  if (!found) return errno_error("udev", errno);
  if (udev_enumerate_add_match_subsystem(found.get(), "hidraw") < 0 ||
      udev_enumerate_add_match_property(found.get(), "ID_FIDO_TOKEN", "1") < 0 ||
      udev_enumerate_scan_devices(found.get()) < 0)
    return Error{ErrorKind::Io, "udev cannot list devices"};

  std::vector<KeyInfo> keys;
  udev_list_entry *entry = nullptr;
  udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(found.get())) {
    if (keys.size() == kMaxKeys) break;
    const Device device(udev_device_new_from_syspath(context.get(), udev_list_entry_get_name(entry)));
    if (!device) continue;  // pulled out since the scan
    if (std::optional<KeyInfo> key = describe_device(device.get())) keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace passkeyd
