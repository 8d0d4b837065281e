/// Knobs: everything about the key that a test can set while it runs. Settings are limits and times a real
/// key could have; Faults are things no honest key does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/softkey/attesting.h"

namespace passkeyd::softkey {

/// Limits and times. All are whole numbers; times are in milliseconds.
struct Settings {
  int touch_delay = 0;         ///< how long touch=auto takes
  int touch_timeout = 30'000;  ///< USER_ACTION_TIMEOUT after this; also the delay of touch=timeout
  int reply_delay = 0;         ///< how long every CBOR reply takes, with KEEPALIVE(PROCESSING) meanwhile
  int keepalive = 100;         ///< pause between two KEEPALIVEs
  int message_timeout = 500;   ///< pause between two frames of one message before MSG_TIMEOUT
  int reset_window = 10'000;   ///< reset is refused later than this after plugging in; 0: never refused
  int max_msg_size = 1200;     ///< announced, and longer requests refused
  int max_list = 8;            ///< maxCredentialCountInList: announced, and longer lists refused
  int max_resident = 25;       ///< how many resident credentials fit
  int takeover = 0;  ///< 1: a request on another channel ends the one in progress, instead of CHANNEL_BUSY
  int omit_credential = 0;  ///< 1: leave the credential out of an assertion for a one-entry list
};

/// Misbehavior. Zero is honest.
struct Faults {
  int silent = 0;              ///< no answer at all
  int endless_keepalives = 0;  ///< KEEPALIVE(PROCESSING) for ever, no answer
  int ignore_cancel = 0;       ///< CANCEL does nothing
  int pin_blocked = 0;         ///< every PIN is answered with PIN_BLOCKED, whatever the tries
  int bad_signature = 0;       ///< one bit of the signature is flipped
  int counter_rollback = 0;    ///< the signature counter is shown this much too low
  int wrong_rp_id_hash = 0;    ///< authenticator data for another relying party, rightly signed
  int no_up = 0;               ///< user-presence flag missing, rightly signed
  int no_uv = 0;               ///< user-verification flag missing, rightly signed
  int wrong_credential = 0;    ///< an assertion names another credential id than it was made with
  int wrong_user_handle = 0;   ///< an assertion names another user handle than it was made for
  int more_assertions = 0;     ///< this many more are announced; the last one comes again and again
  int extra_extension = 0;     ///< extension data nobody asked for
  int malformed_cbor = 0;      ///< the reply's CBOR breaks off in the middle
  int oversized_cbor = 0;      ///< this many bytes of garbage after the reply's CBOR
  int huge_length = 0;         ///< this length is announced, only the true bytes are sent
  int truncate_frames = 0;     ///< this many frames at the end are never sent (at least one is)
  int wrong_channel = 0;       ///< the reply comes on a channel nobody has
  int wrong_sequence = 0;      ///< continuation frames count from 1
  int stale_reply = 0;         ///< the reply before this one is sent first
  int duplicate_reply = 0;     ///< the reply is sent twice
  int error_status = 0;        ///< this CTAP status is the whole reply
};

/// When the faults strike. A request that does not match is answered honestly.
struct Scope {
  int only = 0;   ///< the CTAP command that is struck (2 is getAssertion); 0: every one
  int after = 0;  ///< this many matching requests are still answered honestly
  int times = 0;  ///< this many requests are struck, then none; 0: no end
};

struct Knobs {
  Settings settings;
  Faults faults;
  Scope scope;
  Attesting attesting;  ///< set by the command "attest"

  /// Sets the knob of that name (the member's, with '-' for '_'); `only` also takes a command's name. False
  /// if there is no such knob or `value` is no number from 0 to 1,000,000.
  bool set(std::string_view name, std::string_view value);
  /// All knobs that differ from their default, one "name value" a line.
  [[nodiscard]] std::string describe() const;
  /// The names, one a line, in the order of the structs above.
  static std::string names();
};

/// "makeCredential" and so on, or "0x7f" for a command the key does not know.
std::string command_name(int command);
/// The reverse; nullopt for no command's name.
std::optional<int> command_of(std::string_view name);

}  // namespace passkeyd::softkey
