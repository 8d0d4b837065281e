/// The mocked USB port as programs see it: libudev's enumeration and monitors, the node's reads and writes,
/// and what happens when the key is pulled out. This program runs under the preload library itself.
#include <fcntl.h>
#include <fido.h>
#include <libudev.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "tests/check.h"
#include "tests/mockusb/mock_usb.h"
#include "tests/mockusb/preload.h"
#include "tests/softkey/server.h"

using namespace passkeyd;
using namespace passkeyd::mockusb;

namespace {

using Udev = Handle<udev, [](udev *it) { udev_unref(it); }>;
using Device = Handle<udev_device, [](udev_device *it) { udev_device_unref(it); }>;
using Monitor = Handle<udev_monitor, [](udev_monitor *it) { udev_monitor_unref(it); }>;
using Enumerate = Handle<udev_enumerate, [](udev_enumerate *it) { udev_enumerate_unref(it); }>;
using OpenKey = Handle<fido_dev_t, [](fido_dev_t *it) { fido_dev_free(&it); }>;

constexpr int kPatience = 10'000;  // ms; how long an event that should come may take on a busy machine

/// A child process that ends with us, and that we end.
class Child {
 public:
  explicit Child(const std::function<int()> &body) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      _exit(body());
    } catch (const std::exception &error) {  // nothing of the parent's may be unwound here
      std::fprintf(stderr, "in a child: %s\n", error.what());
      _exit(99);
    }
  }
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  /// Its exit status, or -1 if a signal ended it.
  int join() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

/// A software key in a child process, and a port for it in this one.
class Bench {
 public:
  explicit Bench(softkey::Touch touch = softkey::Touch::Auto) {
    char pattern[] = "/tmp/mockusb-test.XXXXXX";
    CHECK(mkdtemp(pattern));
    directory_ = pattern;
    const std::string socket = directory_ + "/key";
    const Fd ready(eventfd(0, EFD_CLOEXEC));
    key_.emplace([&] { return serve(socket, touch, ready.get()); });
    std::uint64_t count = 0;
    CHECK(read(ready.get(), &count, sizeof count) == sizeof count && count == 1);
    usb = MUST(MockUsb::make({socket, directory_ + "/nobody"}, {}));
  }
  ~Bench() { std::filesystem::remove_all(directory_); }
  Bench(const Bench &) = delete;
  Bench &operator=(const Bench &) = delete;

  void kill_key() { key_.reset(); }

  std::unique_ptr<MockUsb> usb;

 private:
  static int serve(const std::string &socket, softkey::Touch touch, int ready) {
    auto storage = softkey::StateFile::open("");
    if (!storage) return 1;
    softkey::SoftKey key({}, storage.value());
    key.set_touch(touch, {});
    auto server = softkey::Server::listen(key, storage.value(), socket, "");
    const std::uint64_t count = server ? 1 : 2;
    if (write(ready, &count, sizeof count) != sizeof count || !server) return 1;
    const Fd never(eventfd(0, EFD_CLOEXEC));
    return server.value().run(never) ? 0 : 1;
  }

  std::string directory_;
  std::optional<Child> key_;
};

Monitor monitor_of(udev *context, const char *subsystem, const char *type = nullptr,
                   const char *tag = nullptr) {
  Monitor monitor(udev_monitor_new_from_netlink(context, "udev"));
  CHECK(monitor);
  if (subsystem) udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), subsystem, type);
  if (tag) udev_monitor_filter_add_match_tag(monitor.get(), tag);
  CHECK(udev_monitor_enable_receiving(monitor.get()) == 0);
  return monitor;
}

/// The next event, waited for.
Device next_event(udev_monitor *monitor) {
  pollfd wait{udev_monitor_get_fd(monitor), POLLIN, 0};
  CHECK(poll(&wait, 1, kPatience) == 1);
  return Device(udev_monitor_receive_device(monitor));
}

bool is(const char *text, std::string_view wanted) {
  return text && text == wanted;
}

// --- libudev ---------------------------------------------------------------------------------------------

void an_enumeration_finds_the_key_and_its_usb_parent() {
  Bench bench;
  MUST(bench.usb->plug(0));
  const Udev context(udev_new());
  const Enumerate all(udev_enumerate_new(context.get()));
  udev_enumerate_add_match_subsystem(all.get(), "hidraw");
  udev_enumerate_add_match_property(all.get(), "ID_FIDO_TOKEN", "1");
  CHECK(udev_enumerate_scan_devices(all.get()) == 0);
  udev_list_entry *entry = udev_enumerate_get_list_entry(all.get());
  CHECK(entry && !udev_list_entry_get_next(entry));
  const Device device(udev_device_new_from_syspath(context.get(), udev_list_entry_get_name(entry)));
  CHECK(device && is(udev_device_get_devnode(device.get()), "/dev/hidraw0"));
  udev_device *usb = udev_device_get_parent_with_subsystem_devtype(device.get(), "usb", "usb_device");
  CHECK(usb);
  CHECK(is(udev_device_get_sysattr_value(usb, "idVendor"), "1209"));
  CHECK(is(udev_device_get_sysattr_value(usb, "idProduct"), "f1d0"));
  CHECK(is(udev_device_get_sysattr_value(usb, "manufacturer"), "passkeyd"));
  CHECK(is(udev_device_get_sysattr_value(usb, "product"), "Software Security Key"));
  CHECK(is(udev_device_get_sysattr_value(usb, "serial"), "SOFTKEY0"));
  udev_device *hid = udev_device_get_parent_with_subsystem_devtype(device.get(), "hid", nullptr);
  CHECK(hid && is(udev_device_get_property_value(hid, "HID_ID"), "0003:00001209:0000F1D0"));
}

void a_monitor_hears_the_key_come_and_go() {
  Bench bench;
  const Udev context(udev_new());
  const Monitor monitor = monitor_of(context.get(), "hidraw");
  for (const char *node : {"/dev/hidraw0", "/dev/hidraw1"}) {  // a new name each time
    MUST(bench.usb->plug(0));
    CHECK(bench.usb->node(0) == node);
    const Device came = next_event(monitor.get());
    CHECK(came && is(udev_device_get_action(came.get()), "add"));
    CHECK(is(udev_device_get_devnode(came.get()), node));
    CHECK(is(udev_device_get_property_value(came.get(), "ID_FIDO_TOKEN"), "1"));
    CHECK(udev_device_get_is_initialized(came.get()) == 1);
    CHECK(udev_device_get_parent_with_subsystem_devtype(came.get(), "usb", "usb_device"));
    CHECK(Fd(open(node, O_RDWR | O_CLOEXEC)));  // once announced it can be used
    MUST(bench.usb->unplug(0));
    const Device went = next_event(monitor.get());
    CHECK(went && is(udev_device_get_action(went.get()), "remove"));
    CHECK(is(udev_device_get_devnode(went.get()), node));
    CHECK(!Fd(open(node, O_RDWR | O_CLOEXEC)) && errno == ENOENT);
  }
}

void monitors_filters_see_what_they_ask_for() {
  Bench bench;
  const Udev context(udev_new());
  const Monitor usb = monitor_of(context.get(), "usb", "usb_device");
  const Monitor tagged = monitor_of(context.get(), nullptr, nullptr, "security-device");
  const Monitor stranger = monitor_of(context.get(), "block");
  MUST(bench.usb->plug(0));
  CHECK(is(udev_device_get_devtype(next_event(usb.get()).get()), "usb_device"));
  CHECK(is(udev_device_get_subsystem(next_event(tagged.get()).get()), "hidraw"));
  MUST(bench.usb->unplug(0));
  CHECK(is(udev_device_get_action(next_event(usb.get()).get()), "remove"));
  CHECK(is(udev_device_get_action(next_event(tagged.get()).get()), "remove"));
  pollfd idle{udev_monitor_get_fd(stranger.get()), POLLIN, 0};
  CHECK(poll(&idle, 1, 0) == 0);  // all events are sent; had one been for this, it would be here
}

void two_processes_with_the_same_descriptor_number_both_hear() {
  Bench bench;
  const Fd ready(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  const auto listen = [&] {
    const Udev context(udev_new());
    const Monitor monitor = monitor_of(context.get(), "hidraw");
    const std::uint64_t one = 1;
    if (write(ready.get(), &one, sizeof one) != sizeof one) return 1;
    return is(udev_device_get_action(next_event(monitor.get()).get()), "add") ? 0 : 1;
  };
  Child first(listen);
  std::uint64_t count = 0;
  CHECK(read(ready.get(), &count, sizeof count) == sizeof count);
  bench.usb->notice_monitors();
  Child second(listen);
  CHECK(read(ready.get(), &count, sizeof count) == sizeof count);
  MUST(bench.usb->plug(0));
  CHECK(first.join() == 0);
  CHECK(second.join() == 0);
}

void a_monitor_that_died_does_no_harm() {
  Bench bench;
  const Udev context(udev_new());
  {
    Child dying([&] {
      monitor_of(context.get(), "hidraw").release();  // its socket's name stays behind
      return 0;
    });
    CHECK(dying.join() == 0);
  }
  const Monitor monitor = monitor_of(context.get(), "hidraw");
  MUST(bench.usb->plug(0));
  CHECK(is(udev_device_get_action(next_event(monitor.get()).get()), "add"));
}

void a_key_whose_program_dies_is_unplugged() {
  Bench bench;
  const Udev context(udev_new());
  const Monitor monitor = monitor_of(context.get(), "hidraw");
  MUST(bench.usb->plug(0));
  CHECK(next_event(monitor.get()));
  bench.kill_key();
  CHECK(is(udev_device_get_action(next_event(monitor.get()).get()), "remove"));
  CHECK(bench.usb->node(0).empty());
}

void plugging_in_what_is_not_there_is_an_error() {
  Bench bench;
  CHECK(bench.usb->plug(1).error().kind == ErrorKind::Io);
  CHECK(bench.usb->plug(2).error().kind == ErrorKind::NotFound);
  CHECK(bench.usb->unplug(0).error().kind == ErrorKind::NotFound);
  MUST(bench.usb->plug(0));
  CHECK(bench.usb->plug(0).error().kind == ErrorKind::AlreadyExists);
}

// --- the node --------------------------------------------------------------------------------------------

using Frame = std::array<std::uint8_t, 65>;  // report number, report

/// Broadcast INIT with an all-zero nonce.
Frame init_frame() {
  Frame frame{};
  const std::uint8_t head[] = {0, 0xff, 0xff, 0xff, 0xff, 0x86, 0, 8};
  std::copy(std::begin(head), std::end(head), frame.begin());
  return frame;
}

softkey::Report read_report(int node) {
  pollfd wait{node, POLLIN, 0};
  CHECK(poll(&wait, 1, kPatience) == 1 && (wait.revents & POLLIN));
  softkey::Report report{};
  CHECK(read(node, report.data(), report.size()) == static_cast<ssize_t>(report.size()));
  return report;
}

/// A request that blinks, on a new channel.
void begin_selection(int node) {
  const Frame init = init_frame();
  CHECK(write(node, init.data(), init.size()) == static_cast<ssize_t>(init.size()));
  const softkey::Report answer = read_report(node);
  CHECK(answer[4] == 0x86);
  Frame selection{};
  std::copy_n(answer.begin() + 15, 4, selection.begin() + 1);
  selection[5] = 0x90;
  selection[7] = 1;
  selection[8] = 0x0b;
  CHECK(write(node, selection.data(), selection.size()) == static_cast<ssize_t>(selection.size()));
  CHECK(read_report(node)[4] == 0xbb);  // KEEPALIVE
}

void the_node_carries_whole_reports() {
  Bench bench;
  MUST(bench.usb->plug(0));
  const Fd node(open("/dev/hidraw0", O_RDWR | O_CLOEXEC));
  pollfd idle{node.get(), POLLIN, 0};
  CHECK(poll(&idle, 1, 0) == 0);
  const Frame init = init_frame();
  CHECK(write(node.get(), init.data(), init.size()) == 65);
  CHECK(read_report(node.get())[6] == 17);
  CHECK(write(node.get(), init.data(), 64) == -1 && errno == EINVAL);
}

void a_new_user_does_not_read_the_last_ones_leftovers() {
  Bench bench;
  MUST(bench.usb->plug(0));
  Frame other = init_frame();
  other[8] = 0x77;  // the first byte of the nonce, which comes back in the answer
  {
    const Fd node(open("/dev/hidraw0", O_RDWR | O_CLOEXEC));
    CHECK(write(node.get(), other.data(), other.size()) == 65);
    pollfd answered{node.get(), POLLIN, 0};
    CHECK(poll(&answered, 1, kPatience) == 1);  // and nobody reads it
  }
  const Fd node(open("/dev/hidraw0", O_RDWR | O_CLOEXEC));
  const Frame init = init_frame();
  CHECK(write(node.get(), init.data(), init.size()) == 65);
  CHECK(read_report(node.get())[7] == 0);
}

void pulling_out_ends_reads_and_writes_at_once() {
  Bench bench(softkey::Touch::Wait);
  MUST(bench.usb->plug(0));
  const Fd node(open("/dev/hidraw0", O_RDWR | O_CLOEXEC));
  begin_selection(node.get());
  MUST(bench.usb->unplug(0));
  pollfd gone{node.get(), POLLIN, 0};
  CHECK(poll(&gone, 1, 0) == 1 && (gone.revents & POLLHUP));
  std::uint8_t byte;
  CHECK(read(node.get(), &byte, 1) <= 0);
  const Frame init = init_frame();
  CHECK(write(node.get(), init.data(), init.size()) == -1 && errno == ENODEV);
  MUST(bench.usb->plug(0));
  CHECK(Fd(open("/dev/hidraw1", O_RDWR | O_CLOEXEC)));
}

void libfido2_opens_it_and_asks() {
  Bench bench;
  MUST(bench.usb->plug(0));
  const OpenKey key(fido_dev_new());
  fido_init(FIDO_DISABLE_U2F_FALLBACK);
  CHECK(fido_dev_open(key.get(), "/dev/hidraw0") == FIDO_OK);
  CHECK(fido_dev_is_fido2(key.get()) && !fido_dev_has_pin(key.get()) && fido_dev_supports_pin(key.get()));
  CHECK(fido_dev_supports_permissions(key.get()) && fido_dev_supports_cred_prot(key.get()));
  int tries = 0;
  CHECK(fido_dev_get_retry_count(key.get(), &tries) == FIDO_OK && tries == 8);
  CHECK(fido_dev_close(key.get()) == FIDO_OK);
}

}  // namespace

int main(int, char **argv) {
  run_under_preload(argv);
  const CMUnitTest tests[] = {
      TEST(an_enumeration_finds_the_key_and_its_usb_parent),
      TEST(a_monitor_hears_the_key_come_and_go),
      TEST(monitors_filters_see_what_they_ask_for),
      TEST(two_processes_with_the_same_descriptor_number_both_hear),
      TEST(a_monitor_that_died_does_no_harm),
      TEST(a_key_whose_program_dies_is_unplugged),
      TEST(plugging_in_what_is_not_there_is_an_error),
      TEST(the_node_carries_whole_reports),
      TEST(a_new_user_does_not_read_the_last_ones_leftovers),
      TEST(pulling_out_ends_reads_and_writes_at_once),
      TEST(libfido2_opens_it_and_asks),
  };
  return cmocka_run_group_tests_name("mockusb", tests, nullptr, nullptr);
}
