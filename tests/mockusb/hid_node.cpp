/// The pty's settings and the handlers.
#include "tests/mockusb/hid_node.h"

#include <fcntl.h>
#include <linux/hidraw.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <umockdev.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace passkeyd::mockusb {
namespace {

constexpr std::size_t kReport = 64;
constexpr std::uint8_t kBroadcastInit[] = {0xff, 0xff, 0xff, 0xff, 0x86};

/// A process that does nothing but have the pty as its controlling terminal. Without it the first session
/// leader that opens the node (libfido2 does so without O_NOCTTY) would get it, and a SIGHUP when the key is
/// pulled out.
/// Returns its pid, or -1; the pty is taken when this returns.
int start_holder(int slave) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  const Fd taken(ends[0]);
  Fd tell(ends[1]);
  const pid_t child = fork();
  if (child != 0) {
    tell.reset();
    char byte;
    if (child > 0 && read(taken.get(), &byte, 1) != 1) {
      waitpid(child, nullptr, 0);
      return -1;
    }
    return child;
  }
  // Only system calls from here on: the parent has threads.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(slave, 0);
  dup2(ends[1], 1);
  close_range(2, ~0U, 0);
  if (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) != 0 || write(1, "", 1) != 1) _exit(1);
  close(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGHUP, SIG_DFL);
  while (true) pause();
}

/// Copies `bytes` to where the client's ioctl argument points.
long give(UMockdevIoctlClient *client, const void *bytes, std::size_t size, int &error) {
  UMockdevIoctlData *target =
      umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0, size, nullptr);
  if (!target) {
    error = EFAULT;
    return -1;
  }
  Bytes copy(size);
  std::memcpy(copy.data(), bytes, size);
  umockdev_ioctl_data_update(target, 0, copy.data(), static_cast<gint>(size));
  umockdev_ioctl_data_unref(target);
  return static_cast<long>(size);
}

}  // namespace

Result<std::unique_ptr<HidNode>> HidNode::make(UMockdevTestbed *testbed, DevicePaths paths, Identity identity,
                                               Fd key, const Access &access) {
  std::unique_ptr<HidNode> node(new HidNode(std::move(paths), std::move(identity), std::move(key)));
  TRY(node->open_pty(access));

  node->handler_ = umockdev_ioctl_base_new();
  const auto connect = [&](const char *signal,
                           int (*handler)(UMockdevIoctlBase *, UMockdevIoctlClient *, void *)) {
    g_signal_connect_data(node->handler_, signal, reinterpret_cast<GCallback>(handler), node.get(), nullptr,
                          static_cast<GConnectFlags>(0));
  };
  connect("handle-ioctl", on_ioctl);
  connect("handle-write", on_write);
  if (!umockdev_testbed_attach_ioctl(testbed, node->paths_.node.c_str(), node->handler_, nullptr))
    return Error{ErrorKind::Io, "umockdev: cannot attach to " + node->paths_.node};
  return node;
}

HidNode::~HidNode() {
  unplug();
  if (handler_) g_object_unref(handler_);
}

Status HidNode::open_pty(const Access &access) {
  termios settings{};
  cfmakeraw(&settings);
  settings.c_cc[VMIN] = kReport;  // poll and read: a whole report or nothing
  settings.c_cc[VTIME] = 0;
  int master = -1, slave = -1;
  if (openpty(&master, &slave, nullptr, &settings, nullptr) != 0) return errno_error("openpty", errno);
  master_.reset(master);
  slave_.reset(slave);
  char name[128];
  if (ptsname_r(master, name, sizeof name) != 0) return errno_error("ptsname", errno);
  pty_name_ = name;
  for (const int fd : {master, slave}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);

  mode_t mode = 0600;
  if (access.user && fchown(slave, *access.user, static_cast<gid_t>(-1)) != 0)
    return errno_error("chown pty", errno);
  if (access.group) {
    if (fchown(slave, static_cast<uid_t>(-1), *access.group) != 0) return errno_error("chown pty", errno);
    mode = 0660;
  }
  if (fchmod(slave, mode) != 0) return errno_error("chmod pty", errno);
  holder_ = start_holder(slave);
  if (holder_ < 0) return errno_error("fork", errno);
  return Ok{};
}

bool HidNode::carry() {
  std::uint8_t report[kReport];
  ssize_t got;
  while ((got = recv(key_.get(), report, sizeof report, MSG_DONTWAIT | MSG_TRUNC)) > 0) {
    if (got != static_cast<ssize_t>(kReport)) continue;
    // No room means nobody reads; hidraw drops then, too.
    [[maybe_unused]] const ssize_t put = write(master_.get(), report, kReport);
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void HidNode::unplug() {
  const std::lock_guard guard(lock_);
  key_.reset();
  slave_.reset();
  master_.reset();
  if (holder_ > 0) {
    kill(holder_, SIGKILL);
    waitpid(holder_, nullptr, 0);
    holder_ = -1;
  }
}

int HidNode::on_ioctl(UMockdevIoctlBase *, UMockdevIoctlClient *client, void *self) {
  int error = 0;
  const long result = static_cast<HidNode *>(self)->answer_ioctl(client, error);
  umockdev_ioctl_client_complete(client, result, error);
  return TRUE;
}

int HidNode::on_write(UMockdevIoctlBase *, UMockdevIoctlClient *client, void *self) {
  const UMockdevIoctlData *data = umockdev_ioctl_client_get_arg(client);
  int error = 0;
  const long result =
      static_cast<HidNode *>(self)->write_report(data->data, static_cast<std::size_t>(data->data_len), error);
  umockdev_ioctl_client_complete(client, result, error);
  return TRUE;
}

long HidNode::write_report(const std::uint8_t *data, std::size_t size, int &error) {
  const std::lock_guard guard(lock_);
  if (!key_) {
    error = ENODEV;
    return -1;
  }
  if (size != kReport + 1 || data[0] != 0) {  // report number 0, then the report
    error = EINVAL;
    return -1;
  }
  // Every open of a real hidraw starts with nothing to read; here the last one's leftovers must go.
  if (std::equal(std::begin(kBroadcastInit), std::end(kBroadcastInit), data + 1))
    tcflush(slave_.get(), TCIFLUSH);
  // A key that does not take its reports is a slow key, not an error.
  static_cast<void>(send(key_.get(), data + 1, kReport, MSG_DONTWAIT | MSG_NOSIGNAL));
  return static_cast<long>(size);
}

long HidNode::answer_ioctl(UMockdevIoctlClient *client, int &error) {
  const unsigned long request = umockdev_ioctl_client_get_request(client);
  const auto text = [&](const std::string &value) {
    const std::size_t room = _IOC_SIZE(request);
    return give(client, value.c_str(), std::min(room, value.size() + 1), error);
  };
  switch (request) {
    case HIDIOCGRDESCSIZE: {
      const int size = sizeof kReportDescriptor;
      return give(client, &size, sizeof size, error) < 0 ? -1 : 0;
    }
    case HIDIOCGRDESC: {
      // As the kernel does it: no more than there is, for callers bring no more room than they were told to.
      hidraw_report_descriptor descriptor{};
      descriptor.size = sizeof kReportDescriptor;
      std::copy(std::begin(kReportDescriptor), std::end(kReportDescriptor), descriptor.value);
      const std::size_t used = offsetof(hidraw_report_descriptor, value) + sizeof kReportDescriptor;
      return give(client, &descriptor, used, error) < 0 ? -1 : 0;
    }
    case HIDIOCGRAWINFO: {
      const hidraw_devinfo info{3, static_cast<__s16>(identity_.vendor),
                                static_cast<__s16>(identity_.product_id)};
      return give(client, &info, sizeof info, error) < 0 ? -1 : 0;
    }
    default:
      break;
  }
  if (_IOC_TYPE(request) == 'H' && _IOC_NR(request) == 0x04)
    return text(identity_.manufacturer + " " + identity_.product);
  if (_IOC_TYPE(request) == 'H' && _IOC_NR(request) == 0x05) return text("usb-0000:00:14.0/input0");
  if (_IOC_TYPE(request) == 'H' && _IOC_NR(request) == 0x08) return text(identity_.serial);
  error = ENOTTY;
  return -1;
}

}  // namespace passkeyd::mockusb
