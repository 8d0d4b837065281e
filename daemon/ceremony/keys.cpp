/// Security keys: one call into usb/ each, which another thread may cancel.
#include <mutex>

#include "daemon/ceremony/performing.h"
#include "usb/authenticator.h"

namespace passkeyd {
namespace {

static_assert(UsbAuthenticator::kMaxDiscovered == wire::kMaxDiscovered);

/// The key that cancel_operation() may stop; set while one is in use. The lock keeps it alive meanwhile.
std::mutex in_use_lock;
UsbAuthenticator *in_use = nullptr;

/// Marks a key as the one to cancel for as long as the object lives.
class CancellableKey {
 public:
  explicit CancellableKey(UsbAuthenticator &key) : key_(key) { set(&key_); }
  ~CancellableKey() { set(nullptr); }
  CancellableKey(const CancellableKey &) = delete;
  CancellableKey &operator=(const CancellableKey &) = delete;

  UsbAuthenticator *operator->() const { return &key_; }

 private:
  static void set(UsbAuthenticator *key) {
    const std::lock_guard guard(in_use_lock);
    in_use = key;
  }

  UsbAuthenticator &key_;
};

const Secret *pin_of(const Secrets &secrets) {
  return secrets.empty() ? nullptr : &secrets.front();
}

}  // namespace

Result<wire::Event> describe_key(UsbAuthenticator &own) {
  const CancellableKey key(own);
  const KeyDescription described = TRY(key->describe());
  return wire::Event(wire::KeyDescribed{described.has_pin, described.has_uv});
}

Result<wire::Event> probe_key(const wire::ProbeKey &op, UsbAuthenticator &own) {
  const CancellableKey key(own);
  const RpId rp_id = TRY(RpId::parse(op.rp_id));
  return wire::Event(wire::KeyProbed{TRY(key->holds(rp_id, op.ids))});
}

Result<wire::Event> prove_by_key(const wire::Prove &op, UsbAuthenticator &own, const Secrets &secrets,
                                 Cues &cues) {
  const CancellableKey key(own);
  return wire::Event(wire::Proved{TRY(key->prove(op.request, pin_of(secrets), cues))});
}

Result<wire::Event> enroll_key(const wire::Enroll &op, UsbAuthenticator &own, const Secrets &secrets,
                               Cues &cues) {
  const CancellableKey key(own);
  return wire::Event(wire::Enrolled{TRY(key->enroll(op.request, pin_of(secrets), cues))});
}

Result<wire::Event> discover(const wire::Discover &op, UsbAuthenticator &own, const Secrets &secrets,
                             Cues &cues) {
  const CancellableKey key(own);
  RpId rp_id = TRY(RpId::parse(op.rp_id));
  const DiscoveryRequest request{std::move(rp_id), op.client_data, op.timeout, op.min_pin_tries};
  return wire::Event(wire::Discovered{TRY(key->discover(request, pin_of(secrets), cues))});
}

void cancel_operation() {
  const std::lock_guard guard(in_use_lock);
  if (in_use != nullptr) in_use->cancel();
}

}  // namespace passkeyd
