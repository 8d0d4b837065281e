/// The door for guest keys: what their makers and users ask, checked.
#pragma once

#include <string>
#include <vector>

#include "daemon/caller.h"
#include "daemon/policy.h"
#include "webauthn/challenge.h"

namespace passkeyd {

/// A key to be made here for an account elsewhere.
struct GuestEnrollment {
  UserName user;  ///< whose it will be here
  Caller caller;
  RpId rp_id;           ///< of the machine there
  std::string account;  ///< the account there; printable
  Bytes challenge;      ///< what that machine gave
  std::string client_data;
  std::vector<Bytes> exclude;  ///< what is enrolled there already
};

/// An assertion for an account elsewhere.
struct GuestAssertion {
  UserName user;
  Caller caller;
  RpId rp_id;
  Bytes challenge;
  std::string origin;  ///< "ssh://HOST"
  std::vector<Bytes> allowed;
};

/// Keys: user, rp-id, account, client-data (all required), exclude. The client data must be that of a
/// registration, of the origin that goes with rp-id. Errors: InvalidInput.
Result<GuestEnrollment> read_guest_enrollment(sd_bus_message *call, const Caller &caller);

/// Keys: user, rp-id, client-data, allowed; all required. The client data must be that of an assertion and of
/// an origin "ssh://HOST": no sign-in to a machine itself, this one or another, takes an assertion of that
/// origin. Errors: InvalidInput.
Result<GuestAssertion> read_guest_assertion(sd_bus_message *call, const Caller &caller);

}  // namespace passkeyd
