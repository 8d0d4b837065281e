/// HidNode: one plugged key's character device. A pseudo-terminal that hands out whole 64-byte reports stands
/// in for hidraw's reading side (so poll works); umockdev's ioctl socket carries writes and ioctls.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/handle.h"
#include "common/result.h"
#include "tests/mockusb/device_tree.h"

struct _UMockdevTestbed;
struct _UMockdevIoctlBase;
struct _UMockdevIoctlClient;

namespace passkeyd::mockusb {

class HidNode {
 public:
  /// Makes the pty and attaches the handler; the node's files are the caller's work. `testbed` is borrowed
  /// and outlives this object. `key`: connected to the key. Errors: Io.
  static Result<std::unique_ptr<HidNode>> make(_UMockdevTestbed *testbed, DevicePaths paths,
                                               Identity identity, Fd key, const Access &access);
  ~HidNode();
  HidNode(const HidNode &) = delete;
  HidNode &operator=(const HidNode &) = delete;

  [[nodiscard]] const DevicePaths &paths() const { return paths_; }
  [[nodiscard]] const Identity &identity() const { return identity_; }
  [[nodiscard]] const std::string &pty() const { return pty_name_; }
  /// Readable when the key has something to say; -1 after unplug().
  [[nodiscard]] int key() const { return key_.get(); }

  /// Moves what the key said to the node. False: the key has gone.
  bool carry();
  /// Closes both sides: readers see the hang-up at once, later writes fail with ENODEV.
  void unplug();

 private:
  HidNode(DevicePaths paths, Identity identity, Fd key)
      : paths_(std::move(paths)), identity_(std::move(identity)), key_(std::move(key)) {}
  Status open_pty(const Access &access);
  static int on_ioctl(_UMockdevIoctlBase *base, _UMockdevIoctlClient *client, void *self);
  static int on_write(_UMockdevIoctlBase *base, _UMockdevIoctlClient *client, void *self);
  long write_report(const std::uint8_t *data, std::size_t size, int &error);
  long answer_ioctl(_UMockdevIoctlClient *client, int &error);

  DevicePaths paths_;
  Identity identity_;
  std::mutex lock_;  // handlers run on umockdev's thread
  Fd key_;
  Fd master_, slave_;
  std::string pty_name_;
  int holder_ = -1;  // pid of the process whose controlling terminal the pty is
  _UMockdevIoctlBase *handler_ = nullptr;
};

}  // namespace passkeyd::mockusb
