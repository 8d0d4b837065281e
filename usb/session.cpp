/// Opening a key, and what is asked of it besides credentials and assertions.
#include "usb/session.h"

#include <array>

#include "usb/errors.h"

namespace passkeyd {
namespace {

Error out_of_memory() {
  return {ErrorKind::Internal, "out of memory"};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(Fd node, std::chrono::milliseconds person_time, int stop_fd,
                                               Port::Listener *listener) {
  fido_init(FIDO_DISABLE_U2F_FALLBACK);  // kept per thread, so set wherever a key is opened
  std::unique_ptr<Session> session(new Session(std::move(node), person_time, stop_fd, listener));
  session->key_.reset(fido_dev_new());
  if (!session->key_) return out_of_memory();
  const int status = session->port_.attach(session->key_.get());
  if (status != FIDO_OK) return session->explain(status);
  if (!fido_dev_is_fido2(session->key_.get()))
    return Error{ErrorKind::Unsupported, "the key speaks only U2F, which knows no user verification"};
  return session;
}

Error Session::explain(int status) const {
  return port_.fault() ? *port_.fault() : error_of(status);
}

bool Session::was_stopped() const {
  return port_.fault() && port_.fault()->kind == ErrorKind::Cancelled;
}

Result<int> Session::pin_tries() const {
  int tries = 0;
  const int status = fido_dev_get_retry_count(key(), &tries);
  if (status != FIDO_OK) return explain(status);
  return tries;
}

Result<FidoInfo> Session::info() const {
  FidoInfo info(fido_cbor_info_new());
  if (!info) return out_of_memory();
  const int status = fido_dev_get_cbor_info(key(), info.get());
  if (status != FIDO_OK) return explain(status);
  return info;
}

Result<bool> Session::holds(const std::string &rp_id, const IdList &ids) const {
  // Nobody can use the answer: user presence is not in it, and no verifier made this challenge.
  constexpr std::array<std::uint8_t, 32> kNoClientData{};
  for (const IdList &list : cut(ids, 0, assertion_room(rp_id.size()))) {
    const FidoAssertion probe(fido_assert_new());
    if (!probe) return out_of_memory();
    int status = fido_assert_set_clientdata_hash(probe.get(), kNoClientData.data(), kNoClientData.size());
    if (status == FIDO_OK) status = fido_assert_set_rp(probe.get(), rp_id.c_str());
    if (status == FIDO_OK) status = fido_assert_set_up(probe.get(), FIDO_OPT_FALSE);
    for (const ByteView id : list)
      if (status == FIDO_OK) status = fido_assert_allow_cred(probe.get(), id.data(), id.size());
    if (status == FIDO_OK) status = fido_dev_get_assert(key(), probe.get(), nullptr);
    if (status == FIDO_OK) return true;
    if (status != FIDO_ERR_NO_CREDENTIALS) return explain(status);
  }
  return false;
}

}  // namespace passkeyd
