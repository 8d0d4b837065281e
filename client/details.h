/// Details: what comes with a step, read off the bus into plain, bounded, printable values. Knows what the
/// keys are; the words are made elsewhere.
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/account.h"
#include "common/result.h"
#include "common/steps.h"

namespace passkeyd {

struct Details {
  static constexpr std::size_t kMaxText = 96;     ///< bytes of a device's or a passkey's name that are shown
  static constexpr std::size_t kMaxOptions = 16;  ///< more to choose from than this is a mistake
  static constexpr std::size_t kMaxWhole = 100'000;  ///< bytes of a text that is passed on as it is

  std::string message;                           ///< message id (common/steps.h), or empty
  std::string device = {};                       ///< empty: not said
  std::string name = {};                         ///< empty: not said
  std::string credential = {};                   ///< empty: not said
  std::optional<std::uint32_t> tries_left = {};  ///< PIN tries
  std::optional<std::uint32_t> wait_seconds = {};
  std::vector<std::string> options = {};
  std::optional<std::uint32_t> codes_left = {};  ///< unspent backup codes
  std::string next = {};                         ///< what comes after this, one of next::; empty: not said
  bool accepts_pin = false;                      ///< of an Offer: a TPM PIN would do
  std::optional<UserName> user = {};             ///< whom the credential belongs to
  std::optional<std::uint32_t> passkeys = {};    ///< that the account now has, active
  bool only_device = false;                      ///< all of those are on one device
  std::string prompt = {};                       ///< for a program elsewhere, as it is (ssh/relay.h)
  std::string registration = {};   ///< of a guest key that was made, for the machine there (ssh/relay.h)
  std::string credential_id = {};  ///< of a guest key that has signed; base64url, as are the next two
  std::string authenticator_data = {};
  std::string signature = {};
};

/// What Attempt.Next answered.
struct NextStep {
  Step step = Step::Unavailable;
  Details details;
};

/// Reads "sa{sv}". Keys that we do not know are skipped, so that a newer daemon can say more. Errors:
/// Malformed for a step we do not know, a known key of another type, a user name that is none, a missing
/// message where something is to be shown, or anything before or after.
Result<NextStep> read_next_step(sd_bus_message *reply);

}  // namespace passkeyd
