/// Plugging in and pulling out, and the thread that carries reports.
#include "tests/mockusb/mock_usb.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "tests/mockusb/hid_node.h"
#include "tests/softkey/control.h"

namespace passkeyd::mockusb {
namespace fs = std::filesystem;
namespace {

void give_back(UMockdevTestbed *testbed) {
  g_object_unref(testbed);
}

/// Who opens a node connects to its ioctl socket, too.
Status open_up(const fs::path &socket, const Access &access) {
  if (!access.user && !access.group) return Ok{};
  const uid_t user = access.user.value_or(static_cast<uid_t>(-1));
  const gid_t group = access.group.value_or(static_cast<gid_t>(-1));
  if (chown(socket.c_str(), user, group) != 0 || chmod(socket.c_str(), 0770) != 0)
    return errno_error("open " + socket.native() + " to others", errno);
  return Ok{};
}

}  // namespace

Result<std::unique_ptr<MockUsb>> MockUsb::make(std::vector<std::string> key_sockets, Access access) {
  Testbed testbed(umockdev_testbed_new(), give_back);
  std::unique_ptr<MockUsb> usb(new MockUsb(std::move(testbed), std::move(key_sockets), access));
  if (!usb->wake_ || !usb->inotify_) return errno_error("eventfd, inotify", errno);
  const bool shared = access.user || access.group;
  // Others put their monitors' sockets here; sticky, so nobody removes another's.
  if (shared && chmod(usb->root_.c_str(), 01777) != 0) return errno_error("chmod testbed", errno);
  if (shared && chmod((usb->root_ / "ioctl/_default").c_str(), 0777) != 0)
    return errno_error("chmod ioctl", errno);
  if (inotify_add_watch(usb->inotify_.get(), usb->root_.c_str(), IN_CREATE) < 0)
    return errno_error("inotify", errno);
  usb->pump_ = std::thread([self = usb.get()] { self->pump(); });
  return usb;
}

MockUsb::MockUsb(Testbed testbed, std::vector<std::string> key_sockets, Access access)
    : testbed_(std::move(testbed)),
      root_([this] {
        gchar *path = umockdev_testbed_get_root_dir(testbed_.get());
        const std::string copy = path;
        g_free(path);
        return copy;
      }()),
      tree_(root_),
      access_(access),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  janitor_.emplace(root_);
  for (std::string &socket : key_sockets) ports_.push_back({std::move(socket), nullptr});
}

MockUsb::~MockUsb() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    for (Port &port : ports_)
      if (port.device) pull_out(port);
  }
  wake();
  if (pump_.joinable()) pump_.join();
  // umockdev aborts if a file vanishes while it tidies up, so it finds nothing to tidy.
  std::error_code ignored;
  for (const auto &entry : fs::directory_iterator(root_, ignored)) fs::remove_all(entry.path(), ignored);
}

Status MockUsb::plug(std::size_t number) {
  const std::lock_guard guard(lock_);
  if (number >= ports_.size()) return Error{ErrorKind::NotFound, "no port " + std::to_string(number)};
  Port &port = ports_[number];
  if (port.device) return Error{ErrorKind::AlreadyExists, "a key is plugged in already"};
  Fd key = TRY(softkey::connect_to(port.socket, SOCK_SEQPACKET));

  // A new node name each time: programs may still hold the old one open.
  const int index = static_cast<int>(number);
  const DevicePaths paths = DeviceTree::paths_of(index, devices_made_++);
  Identity identity;
  identity.serial = "SOFTKEY" + std::to_string(index);
  auto device = TRY(HidNode::make(testbed_.get(), paths, identity, std::move(key), access_));
  TRY(open_up(root_ / "ioctl" / paths.node.substr(1), access_));
  try {
    tree_.add_sysfs(paths, index, identity);
    tree_.add_node(paths, device->pty());
  } catch (const fs::filesystem_error &error) {
    return Error{ErrorKind::Io, error.what()};
  }
  announce(*device, "add");
  port.device = std::move(device);
  wake();
  return Ok{};
}

Status MockUsb::unplug(std::size_t number) {
  const std::lock_guard guard(lock_);
  if (number >= ports_.size()) return Error{ErrorKind::NotFound, "no port " + std::to_string(number)};
  if (!ports_[number].device) return Error{ErrorKind::NotFound, "nothing is plugged in"};
  pull_out(ports_[number]);
  wake();
  return Ok{};
}

void MockUsb::pull_out(Port &port) {
  std::unique_ptr<HidNode> device = std::move(port.device);
  try {
    tree_.remove(device->paths(), device->pty());
  } catch (const fs::filesystem_error &) {  // somebody tidied up before us; the key is gone either way
  }
  device->unplug();
  announce(*device, "remove");
  past_.push_back(std::move(device));
}

void MockUsb::announce(const HidNode &device, const std::string &action) {
  adopt_listeners();
  for (const Uevent &event : DeviceTree::uevents(device.paths(), device.identity(), action))
    for (const fs::path &gone : broadcast(encode(event, sequence_++), listeners_)) {
      std::erase(listeners_, gone);
      std::error_code ignored;
      fs::remove(gone, ignored);
    }
}

/// umockdev names a monitor's socket only after its descriptor number, so the next process with the same
/// number would take the first one's place: each is renamed as soon as it is there.
void MockUsb::adopt_listeners() {
  std::error_code ignored;
  for (const auto &entry : fs::directory_iterator(root_, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("event")) continue;
    const fs::path kept = root_ / ("listener" + std::to_string(listeners_seen_++));
    if (::rename(entry.path().c_str(), kept.c_str()) == 0) listeners_.push_back(kept);
  }
}

void MockUsb::notice_monitors() {
  const std::lock_guard guard(lock_);
  adopt_listeners();
}

std::string MockUsb::node(std::size_t port) const {
  const std::lock_guard guard(lock_);
  return port < ports_.size() && ports_[port].device ? ports_[port].device->paths().node : std::string();
}

std::vector<std::string> MockUsb::environment() const {
  std::string preload = kPreloadLibrary;
  if (const char *others = std::getenv("LD_PRELOAD"); others && *others) {
    const std::string list = others;
    preload = list.find(kPreloadLibrary) == std::string::npos ? preload + ":" + list : list;
  }
  return {"UMOCKDEV_DIR=" + root_.native(), "LD_PRELOAD=" + preload};
}

void MockUsb::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = write(wake_.get(), &one, sizeof one);
}

void MockUsb::pump() {
  while (true) {
    std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    {
      const std::lock_guard guard(lock_);
      if (stopping_) return;
      for (const Port &port : ports_)
        if (port.device) fds.push_back({port.device->key(), POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;

    const std::lock_guard guard(lock_);
    std::uint64_t count;
    while (read(wake_.get(), &count, sizeof count) > 0) {
    }
    char events[4096];
    while (read(inotify_.get(), events, sizeof events) > 0) {
    }
    adopt_listeners();
    for (Port &port : ports_)
      if (port.device && !port.device->carry()) pull_out(port);  // the key's program ended
  }
}

}  // namespace passkeyd::mockusb
