/// Session: one key, open, from its INIT to its close. One ceremony opens one; nothing is kept between
/// logins.
#pragma once

#include <fido.h>

#include <memory>

#include "usb/allow_list.h"
#include "usb/port.h"

namespace passkeyd {

inline void close_and_free(fido_dev_t *key) {
  fido_dev_close(key);  // freeing does not close
  fido_dev_free(&key);
}
using OpenKey = Handle<fido_dev_t, close_and_free>;

inline void free_assertion(fido_assert_t *assertion) {
  fido_assert_free(&assertion);
}
using FidoAssertion = Handle<fido_assert_t, free_assertion>;

inline void free_credential(fido_cred_t *credential) {
  fido_cred_free(&credential);
}
using FidoCredential = Handle<fido_cred_t, free_credential>;

inline void free_info(fido_cbor_info_t *info) {
  fido_cbor_info_free(&info);
}
using FidoInfo = Handle<fido_cbor_info_t, free_info>;

class Session {
 public:
  /// Two transactions: INIT and getInfo. Parameters as Port's. A key whose getInfo fails is an error, never a
  /// U2F key. Errors: Port's, and Unsupported for a key that speaks only U2F.
  static Result<std::unique_ptr<Session>> open(Fd node, std::chrono::milliseconds person_time, int stop_fd,
                                               Port::Listener *listener = nullptr);

  [[nodiscard]] fido_dev_t *key() const { return key_.get(); }
  [[nodiscard]] bool has_pin() const { return fido_dev_has_pin(key_.get()); }
  [[nodiscard]] bool has_sensor() const { return fido_dev_has_uv(key_.get()); }

  /// The error behind a status other than FIDO_OK: the wire's own reason where there is one, otherwise
  /// error_of(). A stop that came too late to stop anything is no error.
  [[nodiscard]] Error explain(int status) const;
  /// True if the ceremony was taken back, even though the key has answered.
  [[nodiscard]] bool was_stopped() const;

  /// One transaction: how many wrong PINs the key still forgives.
  [[nodiscard]] Result<int> pin_tries() const;
  /// One transaction: all that getInfo says.
  [[nodiscard]] Result<FidoInfo> info() const;
  /// Silently asks whether the key holds one of `ids`: neither touch nor PIN. One transaction a list.
  [[nodiscard]] Result<bool> holds(const std::string &rp_id, const IdList &ids) const;

 private:
  Session(Fd node, std::chrono::milliseconds person_time, int stop_fd, Port::Listener *listener)
      : port_(std::move(node), person_time, stop_fd, listener) {}

  Port port_;  // outlives the key, which talks through it
  OpenKey key_;
};

}  // namespace passkeyd
