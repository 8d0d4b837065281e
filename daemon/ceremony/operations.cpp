/// What a ceremony process does, one function an operation.
#include "daemon/ceremony/operations.h"

#include <pwd.h>

#include <mutex>
#include <variant>

#include "tpm/authenticator.h"
#include "usb/authenticator.h"

namespace passkeyd {
namespace {

using Say = std::function<void(const wire::Event &)>;

/// The key that cancel_operation() may stop; set while one is in use. The lock keeps it alive meanwhile.
std::mutex in_use_lock;
UsbAuthenticator *in_use = nullptr;

/// Marks a key as the one to cancel, for as long as the object lives.
struct Cancellable {
  explicit Cancellable(UsbAuthenticator &key) { set(&key); }
  ~Cancellable() { set(nullptr); }
  Cancellable(const Cancellable &) = delete;
  Cancellable &operator=(const Cancellable &) = delete;

 private:
  static void set(UsbAuthenticator *key) {
    const std::lock_guard guard(in_use_lock);
    in_use = key;
  }
};

class SaidCues final : public Cues {
 public:
  explicit SaidCues(const Say &say) : say_(say) {}
  void touch() override { say_(wire::TouchCue{}); }
  void verify() override { say_(wire::VerifyCue{}); }

 private:
  const Say &say_;
};

/// Secrets in the order they came.
Result<std::vector<Secret>> read_secrets(const std::vector<Fd> &files) {
  std::vector<Secret> secrets;
  secrets.reserve(wire::kMaxFds);
  for (const Fd &file : files) secrets.push_back(TRY(from_memfd(file)));
  return secrets;
}

/// See getpwnam_r(3). The buffer is bounded: an account record that needs more is no account.
Result<wire::Event> perform_one(const wire::LookUpAccount &op, const std::vector<Fd> &, const Say &) {
  constexpr std::size_t kMaxRecord = 64 * 1024;
  std::vector<char> buffer(kMaxRecord);
  passwd record{};
  passwd *found = nullptr;
  const int failed = getpwnam_r(op.user.c_str(), &record, buffer.data(), buffer.size(), &found);
  if (failed != 0) return errno_error("look up the account", failed);
  if (found == nullptr) return Error{ErrorKind::NotFound, "the system knows no such user"};
  return wire::Event(wire::AccountFound{found->pw_uid, found->pw_name});
}

Result<wire::Event> perform_one(const wire::DescribeKey &op, const std::vector<Fd> &, const Say &) {
  UsbAuthenticator key(op.device);
  const Cancellable cancellable(key);
  const KeyDescription described = TRY(key.describe());
  return wire::Event(wire::KeyDescribed{described.has_pin, described.has_uv});
}

Result<wire::Event> perform_one(const wire::ProbeKey &op, const std::vector<Fd> &, const Say &) {
  UsbAuthenticator key(op.device);
  const Cancellable cancellable(key);
  const RpId rp_id = TRY(RpId::parse(op.rp_id));
  return wire::Event(wire::KeyProbed{TRY(key.holds(rp_id, op.ids))});
}

Status check_room(TpmAuthenticator &tpm) {
  const tpm::DictionaryAttackState state = TRY(tpm.dictionary_attack_state());
  return tpm::room_for_a_try(state);
}

Result<wire::Event> perform_one(const wire::AskTpm &op, const std::vector<Fd> &, const Say &) {
  TpmAuthenticator tpm(op.tcti);
  TRY(check_room(tpm));
  return wire::Event(wire::TpmHasRoom{});
}

Result<wire::Event> perform_one(const wire::Prove &op, const std::vector<Fd> &files, const Say &say) {
  const std::vector<Secret> secrets = TRY(read_secrets(files));
  const Secret *pin = secrets.empty() ? nullptr : &secrets.front();
  SaidCues cues(say);
  if (op.way == Way::Tpm) {
    TpmAuthenticator tpm(op.device.path);
    if (op.request.read_tries_first) TRY(check_room(tpm));
    return wire::Event(wire::Proved{TRY(tpm.prove(op.request, pin, cues))});
  }
  UsbAuthenticator key(op.device);
  const Cancellable cancellable(key);
  return wire::Event(wire::Proved{TRY(key.prove(op.request, pin, cues))});
}

Result<wire::Event> perform_one(const wire::Enroll &op, const std::vector<Fd> &files, const Say &say) {
  const std::vector<Secret> secrets = TRY(read_secrets(files));
  const Secret *pin = secrets.empty() ? nullptr : &secrets.front();
  SaidCues cues(say);
  if (op.way == Way::Tpm) {
    if (secrets.size() != 2 || secrets[0].text() != secrets[1].text())
      return Error{ErrorKind::PinMismatch, "the new PIN and its repetition differ"};
    TpmAuthenticator tpm(op.device.path);
    return wire::Event(wire::Enrolled{TRY(tpm.enroll(op.request, pin, cues))});
  }
  UsbAuthenticator key(op.device);
  const Cancellable cancellable(key);
  return wire::Event(wire::Enrolled{TRY(key.enroll(op.request, pin, cues))});
}

}  // namespace

wire::Event perform(const wire::Request &request, std::vector<Fd> secrets, const Say &say) {
  const std::vector<Fd> files = std::move(secrets);
  Result<wire::Event> last = std::visit([&](const auto &op) { return perform_one(op, files, say); }, request);
  if (last) return std::move(last).value();
  return std::move(last).error();
}

void cancel_operation() {
  const std::lock_guard guard(in_use_lock);
  if (in_use != nullptr) in_use->cancel();
}

}  // namespace passkeyd
