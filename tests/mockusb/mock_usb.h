/// MockUsb: USB ports for security keys that are programs. Each port joins a key's SOCK_SEQPACKET socket
/// (64-byte CTAPHID reports, see tests/softkey) to a /dev/hidraw node, which exists for every process that
/// runs with environment(): under umockdev's preload library, unmodified libudev and libfido2 find and use
/// it.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/handle.h"
#include "common/result.h"
#include "tests/mockusb/device_tree.h"
#include "tests/mockusb/janitor.h"

struct _UMockdevTestbed;

namespace passkeyd::mockusb {

class HidNode;

/// What makes a process see the testbed, by its dynamic linker's name.
inline constexpr const char *kPreloadLibrary = "libumockdev-preload.so.0";

class MockUsb {
 public:
  /// `key_sockets`: one port each, empty at first. `access`: who may open what is plugged in, besides the
  /// caller. Starts threads; a signal the caller wants to block it blocks before. Errors: Io.
  static Result<std::unique_ptr<MockUsb>> make(std::vector<std::string> key_sockets, Access access);
  ~MockUsb();

  [[nodiscard]] std::size_t ports() const { return ports_.size(); }

  /// Connects to the port's key and announces it. Errors: NotFound (no such port), AlreadyExists (plugged
  /// already), Io (nobody listens there).
  Status plug(std::size_t port);
  /// Pulls it out: what is being read fails at once, the key sees its connection end. Errors: NotFound.
  Status unplug(std::size_t port);

  /// "/dev/hidraw2", or empty while nothing is plugged in there (also after the key's program died).
  [[nodiscard]] std::string node(std::size_t port) const;

  /// Makes sure that every libudev monitor there is now will hear what comes. Happens by itself, a moment
  /// after a monitor is made; without this a test that starts two processes within that moment may lose one.
  void notice_monitors();

  /// What a process needs to see the ports: "NAME=value".
  [[nodiscard]] std::vector<std::string> environment() const;

 private:
  struct Port {
    std::string socket;
    std::unique_ptr<HidNode> device;
  };
  using Testbed = std::unique_ptr<_UMockdevTestbed, void (*)(_UMockdevTestbed *)>;

  MockUsb(Testbed testbed, std::vector<std::string> key_sockets, Access access);
  void pump();
  void pull_out(Port &port);
  void announce(const HidNode &device, const std::string &action);
  void adopt_listeners();
  void wake() const;

  std::optional<Janitor> janitor_;  // last to go: umockdev wants to remove its directory itself
  Testbed testbed_;
  std::filesystem::path root_;
  DeviceTree tree_;
  Access access_;
  Fd wake_;
  Fd inotify_;

  mutable std::mutex lock_;  // guards all below
  std::vector<Port> ports_;
  std::vector<std::unique_ptr<HidNode>> past_;  // unplugged: programs may still hold them open
  std::vector<std::filesystem::path> listeners_;
  int devices_made_ = 0;
  int listeners_seen_ = 0;
  std::uint64_t sequence_ = 1;
  bool stopping_ = false;

  std::thread pump_;
};

}  // namespace passkeyd::mockusb
