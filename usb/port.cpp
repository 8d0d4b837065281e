/// The wire: open and lock, wait, read, write, stop.
#include "usb/port.h"

#include <fcntl.h>
#include <linux/hidraw.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace passkeyd {
namespace {

/// A report number (0: the device has only one kind) goes before each frame that is written. See hidraw.rst.
constexpr std::size_t kReportBytes = 1 + kFrameBytes;
constexpr std::uint8_t kChannelBusy = 0x06;  // CTAPHID_ERROR

/// fido_dev_open gives its callback a path and no context; the port to use waits here for it.
thread_local Port *handed_over = nullptr;

/// Milliseconds for poll, rounded up so that it never wakes before `until`.
int milliseconds_to(Port::Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Port::Clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 60'000));
}

bool is_gone(int number) {
  return number == ENOENT || number == ENXIO || number == ENODEV || number == EIO || number == EPIPE ||
         number == EPROTO || number == ESHUTDOWN;
}

/// The node may have been given to another device since udev was asked.
bool is_still(int device, const KeyInfo &key) {
  struct stat about = {};
  hidraw_devinfo info = {};
  return fstat(device, &about) == 0 && S_ISCHR(about.st_mode) && ioctl(device, HIDIOCGRAWINFO, &info) == 0 &&
         static_cast<std::uint16_t>(info.vendor) == key.vendor_id &&
         static_cast<std::uint16_t>(info.product) == key.product_id;
}

}  // namespace

Port::Port(Fd node, std::chrono::milliseconds person_time, int stop_fd, Listener *listener)
    : person_time_(person_time),
      stop_fd_(stop_fd),
      listener_(listener),
      device_(std::move(node)),
      last_call_(Clock::now() + person_time + kOverheadTime),
      deadline_(Clock::now() + kAnswerTime) {}

Result<Fd> open_node(const KeyInfo &key) {
  // Not blocking: a read then never waits where poll() does not.
  Fd device(open(key.path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!device) {
    const int number = errno;
    if (is_gone(number)) return Error{ErrorKind::NoDevice, "the key is not plugged in"};
    return errno_error("open " + key.path, number);
  }
  if (!is_still(device.get(), key))
    return Error{ErrorKind::NoDevice, "another device has taken the key's place"};
  if (flock(device.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error{ErrorKind::Busy, "another program has locked the key"};
    return errno_error("lock " + key.path, errno);
  }
  return device;
}

int Port::attach(fido_dev_t *device) {
  const fido_dev_io_t ours = {hand_over, close, read, write};
  if (const int status = fido_dev_set_io_functions(device, &ours); status != FIDO_OK) return status;
  handed_over = this;
  const int status = fido_dev_open(device, "");  // a path, which hand_over() has no use for
  handed_over = nullptr;
  return status;
}

void *Port::hand_over(const char * /*path*/) noexcept {
  return handed_over;
}

void Port::close(void *port) noexcept {
  static_cast<Port *>(port)->device_.reset();
}

int Port::write(void *port, const unsigned char *report, std::size_t size) noexcept {
  Port &self = *static_cast<Port *>(port);
  if (size != kReportBytes) return -1;
  const FrameView frame(report + 1, kFrameBytes);
  if (command_of(frame) && !self.begin(frame)) return -1;
  return self.put(frame) ? static_cast<int>(size) : -1;
}

int Port::read(void *port, unsigned char *into, std::size_t size, int /*ignored*/) noexcept {
  Port &self = *static_cast<Port *>(port);
  if (size != kFrameBytes) return -1;
  for (;;) {
    if (!self.wait_for_frame()) return -1;
    const ssize_t got = ::read(self.device_.get(), into, size);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) {
      self.lose(got < 0 ? errno : ENODEV);
      return -1;
    }
    if (got != static_cast<ssize_t>(kFrameBytes)) {
      self.fail(ErrorKind::Malformed, "the key sent half a frame");
      return -1;
    }
    const FrameView frame(into, kFrameBytes);
    if (!answers(frame, self.channel_, self.nonce_)) continue;
    self.note(frame);
    return static_cast<int>(size);
  }
}

/// Looks at the first frame of a message on its way out: starts the clock that fits it. False: too late.
bool Port::begin(FrameView frame) {
  if (stop_asked()) fail(ErrorKind::Cancelled, "stopped");
  if (fault_) return false;
  channel_ = channel_of(frame);
  const ByteView payload = payload_of(frame);
  if (command_of(frame) == hid::kInit) std::copy_n(payload.begin(), nonce_.size(), nonce_.begin());
  asked_something_ = command_of(frame) == hid::kCbor;

  if (asked_something_ && asks_for_more(payload) && ++further_ > kMostFurther) {
    fail(ErrorKind::Unsupported, "the key names more accounts than are looked at");
    return false;
  }
  const Asks asks = asked_something_ ? asks_of(payload) : Asks::Nothing;
  const Clock::time_point now = Clock::now();
  if (asks == Asks::Nothing) {
    deadline_ = std::min(now + kAnswerTime, last_call_);
    return true;
  }
  if (!person_deadline_) person_deadline_ = now + person_time_;
  deadline_ = std::min(*person_deadline_, last_call_);
  if (listener_ != nullptr) listener_->asked(asks);
  return true;
}

bool Port::put(FrameView frame) {
  std::array<std::uint8_t, kReportBytes> report{};
  std::copy(frame.begin(), frame.end(), report.begin() + 1);
  ssize_t put = -1;
  do put = ::write(device_.get(), report.data(), report.size());
  while (put < 0 && errno == EINTR);
  if (put == static_cast<ssize_t>(report.size())) return true;
  lose(put < 0 ? errno : EIO);
  return false;
}

/// Waits until a frame can be read. Out of time or told to stop, it tells the key, once, and waits a little
/// more: the key's last word ends the exchange cleanly. False: nothing more is to be had.
bool Port::wait_for_frame() {
  for (;;) {
    if (!stopping_ && stop_asked()) stop(ErrorKind::Cancelled, "stopped");
    if (Clock::now() >= deadline_) {
      if (stopping_) return false;
      stop(ErrorKind::Timeout, "no answer in time");
    }
    if (!device_) return false;
    pollfd wait[] = {{device_.get(), POLLIN, 0}, {stopping_ ? -1 : stop_fd_, POLLIN, 0}};
    if (poll(wait, std::size(wait), milliseconds_to(deadline_)) < 0 && errno != EINTR) {
      lose(errno);
      return false;
    }
    if (wait[1].revents != 0) continue;
    if ((wait[0].revents & POLLIN) != 0) return true;
    if (wait[0].revents != 0) {
      lose(ENODEV);
      return false;
    }
  }
}

void Port::note(FrameView frame) {
  if (wants_touch(frame) && listener_ != nullptr && !stopping_) listener_->touch_wanted();
  if (command_of(frame) != hid::kError) return;
  if (payload_of(frame)[0] == kChannelBusy)
    fail(ErrorKind::Busy, "another program is using the key");
  else
    fail(ErrorKind::Malformed, "the key reports a broken message");
}

void Port::stop(ErrorKind kind, const char *why) {
  fail(kind, why);
  stopping_ = true;
  deadline_ = Clock::now();
  if (asked_something_ && put(cancel_frame(channel_))) deadline_ += kGraceTime;
}

void Port::lose(int number) {
  if (is_gone(number)) return fail(ErrorKind::NoDevice, "the key was pulled out");
  if (!fault_) fault_ = errno_error("talk to the key", number);
}

void Port::fail(ErrorKind kind, const char *why) {
  if (!fault_) fault_ = Error{kind, why};
}

bool Port::stop_asked() const {
  pollfd wait = {stop_fd_, POLLIN, 0};
  return poll(&wait, 1, 0) > 0;
}

}  // namespace passkeyd
