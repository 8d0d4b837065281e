/// Keys that are slow, silent, lying, taken, pulled out, or no longer wanted.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/usb/bench.h"

using namespace passkeyd;
using namespace passkeyd::test;
using namespace std::chrono_literals;

namespace {

using Uv = UserVerification;
using Clock = std::chrono::steady_clock;

AssertionRequest touch_login(const Credential &own, std::chrono::milliseconds timeout = 30s) {
  AssertionRequest request = login({own}, Uv::Discouraged);
  request.timeout = timeout;
  return request;
}

/// prove() on a thread of its own, so that something can happen to it.
class UnderWay {
 public:
  UnderWay(const BenchKey &key, AssertionRequest request)
      : authenticator_(key.info()),
        request_(std::move(request)),
        thread_([this] { result_ = authenticator_.prove(request_, nullptr, heard_); }) {}
  ~UnderWay() {
    if (thread_.joinable()) authenticator_.cancel();
    if (thread_.joinable()) thread_.join();
  }
  UnderWay(const UnderWay &) = delete;
  UnderWay &operator=(const UnderWay &) = delete;

  UsbAuthenticator &authenticator() { return authenticator_; }
  Result<std::optional<Assertion>> result() {
    thread_.join();
    return *result_;
  }
  ErrorKind error() {
    const Result<std::optional<Assertion>> done = result();
    if (done) throw Failed("no error where one was due");
    return done.error().kind;
  }

 private:
  UsbAuthenticator authenticator_;
  AssertionRequest request_;
  Heard heard_;
  std::optional<Result<std::optional<Assertion>>> result_;
  std::thread thread_;  // last: starts when all else is there
};

void a_declined_touch_is_refused() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch deny");
  CHECK(refused(key, touch_login(own)).kind == ErrorKind::TouchRefused);
}

void a_key_that_gives_up_waiting_is_no_timeout_of_ours() {
  const BenchKey key({"--touch", "timeout", "--knob", "touch-timeout=50"});
  const BenchKey other({}, 1);
  const Credential own = enroll(other);
  key.tell("touch auto");
  const Credential mine = enroll(key);
  key.tell("touch timeout");
  CHECK(refused(key, touch_login(mine)).kind == ErrorKind::TouchRefused);
  CHECK(!MUST(prove(key, touch_login(own))));
}

void after_a_timeout_the_key_is_dark_and_the_next_login_works() {
  const BenchKey key;
  const Credential own = enroll(key);
  for (int again = 0; again < 3; ++again) {
    key.tell("touch wait");
    key.forget();
    CHECK(refused(key, touch_login(own, 50ms)).kind == ErrorKind::Timeout);
    CHECK(key.count("cancel") == 1);
    key.await_idle();
    key.tell("touch auto");
    logged_in(key, {own}, Uv::Discouraged);
  }
}

void a_key_that_ignores_cancel_is_busy_until_it_has_done_and_no_longer() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.knob("ignore-cancel", 1);
  key.tell("touch wait");
  CHECK(refused(key, touch_login(own, 50ms)).kind == ErrorKind::Timeout);
  CHECK(refused(key, touch_login(own)).kind == ErrorKind::Busy);
  key.tell("touch press");  // for a login long gone: its answer goes to nobody
  key.await_idle();
  key.tell("touch auto");
  logged_in(key, {own}, Uv::Discouraged);
}

void a_cancelled_login_stops_the_blinking_and_the_next_one_works() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch wait");
  key.forget();
  UnderWay login_(key, touch_login(own));
  key.await_blinking();
  const Clock::time_point told = Clock::now();
  login_.authenticator().cancel();
  CHECK(login_.error() == ErrorKind::Cancelled);
  key.await_idle();
  std::printf("cancelled and dark after %lld ms\n", static_cast<long long>((Clock::now() - told) / 1ms));
  CHECK(key.count("cancel") == 1);
  key.tell("touch auto");
  logged_in(key, {own}, Uv::Discouraged);
}

void a_cancelled_authenticator_stays_cancelled() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.forget();
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  authenticator.cancel();
  authenticator.cancel();
  CHECK(authenticator.prove(touch_login(own), nullptr, heard).error().kind == ErrorKind::Cancelled);
  CHECK(authenticator.describe().error().kind == ErrorKind::Cancelled);
  CHECK(heard.cues.empty());
  CHECK(key.count() == 0);
}

void a_cancelled_enrollment_stops_the_blinking() {
  const BenchKey key({"--touch", "wait"});
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  std::optional<Result<Registration>> result;
  std::thread enrolling([&] { result = authenticator.enroll(registration(), nullptr, heard); });
  key.await_blinking();
  authenticator.cancel();
  enrolling.join();
  CHECK(result->error().kind == ErrorKind::Cancelled);
  key.await_idle();
}

UsbAuthenticator *to_cancel = nullptr;

void a_ceremony_told_to_end_by_a_signal_leaves_the_key_dark() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch wait");
  const pid_t ceremony = fork();
  CHECK(ceremony >= 0);
  if (ceremony == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    UsbAuthenticator authenticator(key.info());
    to_cancel = &authenticator;
    struct sigaction action = {};
    action.sa_handler = [](int) { to_cancel->cancel(); };
    sigaction(SIGTERM, &action, nullptr);
    Heard heard;
    const auto done = authenticator.prove(touch_login(own), nullptr, heard);
    _exit(!done && done.error().kind == ErrorKind::Cancelled ? 42 : 1);
  }
  key.await_blinking();
  kill(ceremony, SIGTERM);
  int status = 0;
  CHECK(waitpid(ceremony, &status, 0) == ceremony);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
  key.await_idle();
}

void a_key_pulled_out_during_the_touch_is_gone_at_once() {
  BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch wait");
  {
    UnderWay login_(key, touch_login(own));
    key.await_blinking();
    key.unplug();
    CHECK(login_.error() == ErrorKind::NoDevice);
  }
  key.plug();
  key.tell("touch auto");
  logged_in(key, {own}, Uv::Discouraged);
}

void a_key_pulled_out_before_is_no_device() {
  BenchKey key;
  const Credential own = enroll(key);
  UsbAuthenticator authenticator(key.info());
  key.unplug();
  Heard heard;
  CHECK(authenticator.prove(touch_login(own), nullptr, heard).error().kind == ErrorKind::NoDevice);
}

void another_device_in_the_keys_place_is_not_talked_to() {
  const BenchKey key;
  KeyInfo other = key.info();
  other.product_id ^= 1;
  key.forget();
  CHECK(UsbAuthenticator(other).describe().error().kind == ErrorKind::NoDevice);
  CHECK(UsbAuthenticator(KeyInfo{"/dev/null", "no key"}).describe().error().kind == ErrorKind::NoDevice);
  other.vendor_id = other.product_id = 0;
  CHECK(UsbAuthenticator(other).describe().error().kind == ErrorKind::NoDevice);
  CHECK(key.count() == 0);
}

void a_key_locked_by_another_program_is_busy_without_waiting() {
  const BenchKey key;
  const Credential own = enroll(key);
  const KeyInfo info = key.info();
  key.forget();
  std::array<int, 2> ready{}, done{};
  CHECK(pipe(ready.data()) == 0 && pipe(done.data()) == 0);
  const pid_t holder = fork();
  if (holder == 0) {  // what every program with libfido2 does while it has the key open
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open(info.path.c_str(), O_RDWR);
    const char result = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? 'y' : 'n';
    if (write(ready[1], &result, 1) != 1) _exit(1);
    char go = 0;
    _exit(read(done[0], &go, 1) == 1 ? 0 : 1);
  }
  char locked = 'n';
  CHECK(read(ready[0], &locked, 1) == 1 && locked == 'y');
  const Clock::time_point asked = Clock::now();
  CHECK(refused(key, touch_login(own)).kind == ErrorKind::Busy);
  CHECK(Clock::now() - asked < 5s);  // libfido2 by itself takes 21
  CHECK(key.count() == 0);
  CHECK(write(done[1], "x", 1) == 1);
  CHECK(waitpid(holder, nullptr, 0) == holder);
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) close(fd);
  logged_in(key, {own}, Uv::Discouraged);
}

void two_logins_on_one_key_do_not_mix() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("touch wait");
  UnderWay first(key, touch_login(own));
  key.await_blinking();
  CHECK(refused(key, touch_login(own)).kind == ErrorKind::Busy);
  key.tell("touch press");
  CHECK(MUST(first.result()));
}

/// How a login ends while the key misbehaves so at the command `only`. Then the key is plugged in again: some
/// faults leave it hanging, as they do real ones.
ErrorKind with_fault(BenchKey &key, const Credential &own, const std::string &fault, int value,
                     const std::string &only) {
  key.tell("knob only " + only);
  key.knob(fault, value);
  const Clock::time_point asked = Clock::now();
  const ErrorKind kind = refused(key, touch_login(own, 100ms)).kind;
  CHECK(Clock::now() - asked < Port::kOverheadTime);
  key.tell("knob reset");
  key.unplug();
  key.plug();
  return kind;
}

void a_silent_key_costs_the_timeout_and_no_more() {
  BenchKey key;
  const Credential own = enroll(key);
  CHECK(with_fault(key, own, "silent", 1, "getAssertion") == ErrorKind::Timeout);
  CHECK(with_fault(key, own, "silent", 1, "getInfo") == ErrorKind::Timeout);
  logged_in(key, {own}, Uv::Discouraged);
}

void endless_keepalives_cost_the_timeout_and_no_more() {
  BenchKey key;
  const Credential own = enroll(key);
  CHECK(with_fault(key, own, "endless-keepalives", 1, "getAssertion") == ErrorKind::Timeout);
  key.tell("knob keepalive 1");
  CHECK(with_fault(key, own, "endless-keepalives", 1, "getInfo") == ErrorKind::Timeout);
  logged_in(key, {own}, Uv::Discouraged);
}

void a_getinfo_that_fails_is_no_u2f_key() {
  BenchKey key;
  const Credential own = enroll(key);
  CHECK(with_fault(key, own, "malformed-cbor", 1, "getInfo") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "error-status", 1, "getInfo") == ErrorKind::Unsupported);
  CHECK(key.count("error") == 0);  // no U2F message was ever sent: this key would have answered with one
}

void answers_that_are_none_are_malformed() {
  BenchKey key;
  const Credential own = enroll(key);
  CHECK(with_fault(key, own, "malformed-cbor", 1, "getAssertion") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "wrong-sequence", 1, "getAssertion") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "oversized-cbor", 3000, "getAssertion") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "huge-length", 7000, "getAssertion") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "stale-reply", 1, "getAssertion") == ErrorKind::Malformed);
  CHECK(with_fault(key, own, "wrong-credential", 1, "getAssertion") == ErrorKind::Malformed);
  logged_in(key, {own}, Uv::Discouraged);
}

void answers_that_never_come_whole_are_timeouts() {
  BenchKey key;
  const Credential own = enroll(key);
  CHECK(with_fault(key, own, "truncate-frames", 1, "getAssertion") == ErrorKind::Timeout);
  CHECK(with_fault(key, own, "wrong-channel", 1, "getAssertion") == ErrorKind::Timeout);
  logged_in(key, {own}, Uv::Discouraged);
}

void an_answer_repeated_does_no_harm() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.tell("knob only getAssertion");
  key.knob("duplicate-reply", 1);
  logged_in(key, {own}, Uv::Discouraged);
  logged_in(key, {own}, Uv::Discouraged);
}

void a_malformed_enrollment_is_refused() {
  const BenchKey key;
  Heard heard;
  for (const char *fault : {"malformed-cbor", "wrong-sequence"}) {
    key.tell("knob only makeCredential");
    key.knob(fault, 1);
    UsbAuthenticator authenticator(key.info());
    CHECK(authenticator.enroll(registration(), nullptr, heard).error().kind == ErrorKind::Malformed);
    key.tell("knob reset");
  }
  enroll(key);
}

void an_assertion_may_leave_out_the_only_credential() {
  const BenchKey key;
  const Credential own = enroll(key);
  key.knob("omit-credential", 1);
  logged_in(key, {own}, Uv::Discouraged);
}

void a_slow_key_is_waited_for() {
  const BenchKey key({"--pin", "123456"});
  const Credential own = enroll(key, "123456", Uv::Required);
  key.knob("reply-delay", 150);
  logged_in(key, {own}, Uv::Required, "123456");
}

void nothing_stays_open_after_a_login() {
  const BenchKey key;
  const Credential own = enroll(key);
  const auto open_files = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd)
      if (fcntl(fd, F_GETFD) >= 0) ++count;
    return count;
  };
  const int before = open_files();
  logged_in(key, {own}, Uv::Discouraged);
  key.tell("touch deny");
  refused(key, touch_login(own));
  CHECK(open_files() == before);
}

}  // namespace

int main() {
  return run_on_bench([] {
    const CMUnitTest tests[] = {
        TEST(a_declined_touch_is_refused),
        TEST(a_key_that_gives_up_waiting_is_no_timeout_of_ours),
        TEST(after_a_timeout_the_key_is_dark_and_the_next_login_works),
        TEST(a_key_that_ignores_cancel_is_busy_until_it_has_done_and_no_longer),
        TEST(a_cancelled_login_stops_the_blinking_and_the_next_one_works),
        TEST(a_cancelled_authenticator_stays_cancelled),
        TEST(a_cancelled_enrollment_stops_the_blinking),
        TEST(a_ceremony_told_to_end_by_a_signal_leaves_the_key_dark),
        TEST(a_key_pulled_out_during_the_touch_is_gone_at_once),
        TEST(a_key_pulled_out_before_is_no_device),
        TEST(another_device_in_the_keys_place_is_not_talked_to),
        TEST(a_key_locked_by_another_program_is_busy_without_waiting),
        TEST(two_logins_on_one_key_do_not_mix),
        TEST(a_silent_key_costs_the_timeout_and_no_more),
        TEST(endless_keepalives_cost_the_timeout_and_no_more),
        TEST(a_getinfo_that_fails_is_no_u2f_key),
        TEST(answers_that_are_none_are_malformed),
        TEST(answers_that_never_come_whole_are_timeouts),
        TEST(an_answer_repeated_does_no_harm),
        TEST(a_malformed_enrollment_is_refused),
        TEST(an_assertion_may_leave_out_the_only_credential),
        TEST(a_slow_key_is_waited_for),
        TEST(nothing_stays_open_after_a_login),
    };
    return cmocka_run_group_tests_name("usb trouble", tests, nullptr, nullptr);
  });
}
