/// The plan of a login: which ways are open to this person, here and now, in which order. Pure: values in,
/// plan out.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/handle.h"
#include "daemon/config.h"
#include "ledger/limit.h"
#include "usb/keys.h"
#include "webauthn/credential.h"

namespace passkeyd {

/// How the host wants to begin.
enum class First {
  Passkey,  ///< with the passkey
  Either,   ///< with one hidden prompt that takes the password, or an empty line for the passkey
};

/// What can be asked at the host.
enum class Host {
  OneAnswer,  ///< it answers whatever it is asked with the one text that was typed: no PIN, no code, no
              ///< choice
  Talks,      ///< questions reach the person, answers are meant for them
};

/// What a text typed into the first prompt may be.
enum class Typed {
  Password,  ///< never for us
  Pin,       ///< the PIN of the TPM's passkey as well, if it can be one
};

/// A login as the host asked for it, with what the daemon could find out itself. Cannot be copied: it owns a
/// connection.
struct LoginRequest {
  std::optional<UserName> user;  ///< nullopt: whoever the key belongs to
  std::string service;           ///< PAM service, such as "sudo"; printable, at most 255 bytes
  std::string tty;               ///< empty if none
  std::string remote_host;       ///< PAM_RHOST; empty if none
  uid_t caller_uid;
  pid_t caller_pid;
  First first = First::Passkey;
  Host host = Host::OneAnswer;
  Typed typed = Typed::Password;
  std::chrono::seconds wait{0};                ///< for a key to be plugged in
  std::optional<std::string> credential = {};  ///< short id: only this passkey will do
  Fd agent = {};                               ///< a connection to the person's SSH agent; empty: none
  std::string command = {};                    ///< what will be run; printable, at most 255 bytes
  std::vector<Bytes> agent_keys = {};  ///< ids of the account's SSH keys that agent has, as it says itself
                                       ///< (daemon/agent_proof.h)
  bool askpass = false;                ///< behind the host may be a passkey-askpass (docs/askpass.md)
  Place place = Place::Remote;  ///< found out by the daemon (daemon/presence.h), never taken from the caller
};

/// What a way asks of the person besides being there.
enum class Asks {
  Pin,
  Nothing,  ///< a touch, or the key's own sensor
};

/// One way that is open, with the credentials that would do and, for usb, the keys that are plugged in.
struct PlannedWay {
  Way way;
  std::vector<Credential> credentials;  ///< never empty
  std::vector<KeyInfo> keys;            ///< usb only, never empty there
  UserVerification user_verification;
  Asks asks = Asks::Pin;
};

/// The ladder, from its first rung.
struct Plan {
  std::vector<PlannedWay> ways;  ///< passkeys
  bool code = false;             ///< then a backup code
  /// The text of the first prompt may be tried as PIN of the TPM's passkey; that way, whether it is a rung or
  /// not.
  std::optional<PlannedWay> typed_pin = {};
  bool key_missing = false;                  ///< a security key would do, and none is plugged in
  ErrorKind why_none = ErrorKind::NoDevice;  ///< what to say when there is no way, or none is left
};

/// Makes the plan. `credentials`: all of the account's; those not Active, or whose owner is another account,
/// or of a model that the policy does not accept, are passed over. `codes`: how many unspent backup codes the
/// account has; none counts where one passkey was named. User verification: as the policy has it, but
/// Preferred means Required for what was enrolled with it.
Plan plan_for(const LoginRequest &request, const Account &account, const std::vector<Credential> &credentials,
              std::size_t codes, const std::vector<KeyInfo> &plugged, const Policy &policy);

/// Is a PIN or a sensor insisted on for what was `enrolled_with` verification, or without?
bool insists(const Policy &policy, bool enrolled_with);
/// The policy's word on verification for these credentials: Required if one of them has it insisted on.
UserVerification verification_for(const std::vector<Credential> &credentials, const Policy &policy);
/// What a passkey-askpass, at the person's own computer, may be asked for: their security keys, where the
/// policy has those among its ways, and the passkeys of that computer; of these only what was made for
/// `rp_id`, which is all that a helper elsewhere can be asked for. nullopt: nothing.
std::optional<PlannedWay> plan_for_askpass(const LoginRequest &request, const Account &account,
                                           const std::vector<Credential> &credentials, const RpId &rp_id,
                                           const Policy &policy);

/// True if the policy takes security keys of this model.
bool accepts(const Policy &policy, const Aaguid &model);

}  // namespace passkeyd
