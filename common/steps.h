/// The step vocabulary: what the daemon can ask of a face (PAM, terminal) and the ids of what is to be said.
/// The words themselves live in client/words; these ids are stable and travel over the bus.
#pragma once

#include <optional>
#include <string_view>

namespace passkeyd {

/// Bus names, spelled once.
namespace bus {
inline constexpr const char *kService = "org.passkeyd1";
inline constexpr const char *kPath = "/org/passkeyd1";
inline constexpr const char *kManager = "org.passkeyd1.Manager";
inline constexpr const char *kAttempt = "org.passkeyd1.Attempt";
/// Errors are this prefix and the CamelCase of the kind's name: org.passkeyd1.Error.NotAllowed.
inline constexpr const char *kErrorPrefix = "org.passkeyd1.Error.";
/// Fixed: environment variables (DBUS_SYSTEM_BUS_ADDRESS) are never asked. See D-Bus specification,
/// well-known buses.
inline constexpr const char *kSystemBusSocket = "/run/dbus/system_bus_socket";
}  // namespace bus

/// What Attempt.Next answers. A face that meets a step it does not know treats the attempt as unavailable.
enum class Step {
  Unavailable,  ///< over: no way is open here and now; details: message
  Denied,       ///< over: refused; details: message
  Granted,      ///< over: let them in
  Tell,         ///< show details.message and call Next with an empty answer, which then waits for what comes
  AskSecret,    ///< ask without echo; the answer carries "secret" (h, a sealed memfd), or "empty" (b, true):
                ///< stepped down
  Ask,          ///< ask with echo; the answer carries "text" (s)
  Choose,       ///< details.options (as): the answer carries "choice" (u, from 0)
  Offer,  ///< one hidden prompt for both: an empty line goes on with the passkey ("empty"); a typed text is
          ///< the password, which the face keeps for the rest of its stack and never sends: it cancels. Only
          ///< where the face said typed=pin and details.accepts-pin is true may it send the text as "secret"
          ///< as well
};

/// "unavailable", "denied", "granted", "tell", "ask-secret", "ask", "choose",
/// "offer".
std::string_view name_of(Step step);
std::optional<Step> step_of(std::string_view name);

/// Keys of the request dictionary of BeginLogin, and the first four of that of BeginPinChange. All are texts.
namespace request {
inline constexpr const char *kUser =
    "user";  ///< of a login, left out: whoever the key says, once that is verified
inline constexpr const char *kService = "service";
inline constexpr const char *kTty = "tty";
inline constexpr const char *kRemoteHost = "rhost";
inline constexpr const char *kFirst = "first";  ///< "passkey" (default) or "either": begin with an Offer
inline constexpr const char *kHost = "host";  ///< "talks" (default) or "one-answer": it can be asked but once
inline constexpr const char *kTyped =
    "typed";                                  ///< "password" (default) or "pin": what an Offer's text may be
inline constexpr const char *kWait = "wait";  ///< seconds to wait for a key to be plugged in, 0 to kMaxWait
inline constexpr const char *kCredential =
    "credential";                                   ///< of a login: only the passkey of this short id will do
inline constexpr const char *kAgent = "agent";      ///< h, of a login: a connection to the person's SSH agent
inline constexpr const char *kCommand = "command";  ///< of a login: what will be run, for the agent's message
inline constexpr const char *kAskpass =
    "askpass";  ///< b, of a login: behind the host may be a
                ///< passkey-askpass (sshd); unknown accounts are treated alike
// of an enrollment, beside user
inline constexpr const char *kWay = "way";                    ///< "usb" or "tpm"
inline constexpr const char *kDevice = "device";              ///< a security key's name or device file
inline constexpr const char *kName = "name";                  ///< what to call the passkey
inline constexpr const char *kAskName = "ask-name";           ///< b: ask, with a suggestion
inline constexpr const char *kDiscoverable = "discoverable";  ///< b
inline constexpr const char *kElsewhere = "elsewhere";  ///< b: with passkey-askpass --enroll, on another
                                                        ///< computer
inline constexpr int kMaxWait = 300;
// of a guest key, beside user: a key here for an account elsewhere
inline constexpr const char *kRpId = "rp-id";       ///< relying party id of the machine there
inline constexpr const char *kAccount = "account";  ///< of its making: the account there
inline constexpr const char *kClientData =
    "client-data";                                  ///< what is signed; no more than was asked for there
inline constexpr const char *kExclude = "exclude";  ///< of its making: credential ids that are enrolled
                                                    ///< there, in base64url, a space between them
inline constexpr const char *kAllowed = "allowed";  ///< of its use: those that will do, the same
}  // namespace request

/// Keys of the dictionaries that the Manager's other methods take. docs/dbus.md has their types.
namespace option {
inline constexpr const char *kReason = "reason";
inline constexpr const char *kAllMethods = "all-methods";
inline constexpr const char *kAuthenticator = "authenticator";
inline constexpr const char *kEnrolledBefore = "enrolled-before";
inline constexpr const char *kDryRun = "dry-run";
inline constexpr const char *kSigner = "signer";
inline constexpr const char *kUser = "user";
inline constexpr const char *kSince = "since";
inline constexpr const char *kUntil = "until";
inline constexpr const char *kAfter = "after";
inline constexpr const char *kBefore = "before";
inline constexpr const char *kMost = "most";
inline constexpr const char *kWait = "wait";
inline constexpr unsigned kMostRecords = 1000;
inline constexpr unsigned kMaxReason = 200;
}  // namespace option

/// Keys of the details dictionary: parameters for the words.
namespace detail {
inline constexpr const char *kMessage = "message";           ///< s: one of the ids below
inline constexpr const char *kDevice = "device";             ///< s: what people call the authenticator
inline constexpr const char *kName = "name";                 ///< s: what its owner called the passkey
inline constexpr const char *kTriesLeft = "tries-left";      ///< u
inline constexpr const char *kWaitSeconds = "wait-seconds";  ///< u
inline constexpr const char *kOptions = "options";           ///< as
inline constexpr const char *kCredential = "credential";   ///< s: id of the credential that was used or made
inline constexpr const char *kAcceptsPin = "accepts-pin";  ///< b, of an Offer: a TPM PIN would do here
inline constexpr const char *kCodesLeft = "codes-left";    ///< u: unspent backup codes of the account
inline constexpr const char *kPasskeys = "passkeys";  ///< u: active ones of the account, at the end of an
                                                      ///< enrollment
inline constexpr const char *kOnlyDevice = "only-device";  ///< b: all of those are of one authenticator
inline constexpr const char *kNext = "next";               ///< s: what comes after this: one of next::
inline constexpr const char *kUser = "user";  ///< s: whom the credential belongs to, where nobody was named
inline constexpr const char *kPrompt = "prompt";               ///< s: what to show, as it is (ssh/relay.h)
inline constexpr const char *kCredentialId = "credential-id";  ///< s: of a guest key, whole, in base64url
inline constexpr const char *kRegistration =
    "registration";  ///< s: of a guest key that was made, to be pasted there (ssh/relay.h)
inline constexpr const char *kAuthenticatorData =
    "authenticator-data";                               ///< s: of its assertion, in base64url
inline constexpr const char *kSignature = "signature";  ///< s: the same
inline constexpr const char *kPretend = "pretend";  ///< b: nobody has a passkey here; the dialogue goes on
                                                    ///< as if, so that a stranger cannot tell
}  // namespace detail

/// What comes after a way that did not work, as far as the daemon knows.
namespace next {
inline constexpr const char *kAgain = "again";      ///< the same once more
inline constexpr const char *kPin = "pin";          ///< the PIN of the same authenticator
inline constexpr const char *kPasskey = "passkey";  ///< another passkey
inline constexpr const char *kCode = "code";        ///< a backup code
}  // namespace next

/// Keys of the answer dictionary.
namespace answer {
inline constexpr const char *kSecret = "secret";  ///< h
inline constexpr const char *kEmpty = "empty";    ///< b
inline constexpr const char *kText = "text";      ///< s
inline constexpr const char *kChoice = "choice";  ///< u
inline constexpr const char *kHelper = "helper";  ///< b, to kPasskeyOrPassword: passkey-askpass is there
}  // namespace answer

/// Message ids. Those that report an error are the name of its ErrorKind ("pin-wrong", "no-device", ...), so
/// that one table of words serves both; these are the others.
namespace message {
inline constexpr const char *kTouch = "touch";               ///< tell: touch `device`
inline constexpr const char *kVerify = "verify";             ///< tell: use the sensor of `device`
inline constexpr const char *kPinKey = "pin-key";            ///< ask-secret: PIN of `device`
inline constexpr const char *kPinPlatform = "pin-platform";  ///< ask-secret: PIN of this computer's passkey
inline constexpr const char *kNewPinPlatform = "new-pin-platform";        ///< ask-secret: choose a PIN
inline constexpr const char *kRepeatPinPlatform = "repeat-pin-platform";  ///< ask-secret: the same again
inline constexpr const char *kPinMismatch =
    "pin-mismatch";  ///< unavailable: the repetition differs. An ErrorKind
inline constexpr const char *kDeviceBusy = "device-busy";      ///< tell: another login is using `device`
inline constexpr const char *kWorking = "working";             ///< tell: the authenticator is being asked
inline constexpr const char *kChooseDevice = "choose-device";  ///< choose: which of `options`
inline constexpr const char *kNotEnrolled = "not-enrolled";    ///< unavailable: this account has no passkey
inline constexpr const char *kEnrolled = "enrolled";           ///< granted, at the end of an enrollment
inline constexpr const char *kWelcome = "welcome";             ///< granted, at the end of a login
inline constexpr const char *kDenied = "denied";               ///< denied: the answer did not verify
inline constexpr const char *kPasswordOrKey =
    "password-or-key";  ///< offer: Enter is a touch or a fingerprint
inline constexpr const char *kPasswordOrPasskey = "password-or-passkey";  ///< offer: Enter asks for more
inline constexpr const char *kPasswordOrCode = "password-or-code";  ///< offer: Enter asks for a backup code
inline constexpr const char *kPasswordOrPin = "password-or-pin";    ///< offer: there is nothing behind Enter
inline constexpr const char *kPasswordPinOrKey = "password-pin-or-key";  ///< offer: any of three
inline constexpr const char *kBackupCode = "backup-code";           ///< ask-secret: one of the backup codes
inline constexpr const char *kCodeAccepted = "code-accepted";       ///< granted; codes-left
inline constexpr const char *kInsertKey = "insert-key";             ///< tell: plug a key in now
inline constexpr const char *kChooseAccount = "choose-account";     ///< choose: sign in as which of `options`
inline constexpr const char *kNamePasskey = "name-passkey";         ///< ask: what to call it; `name`: the
                                                                    ///< suggestion, which an empty line takes
inline constexpr const char *kOldPinPlatform = "old-pin-platform";  ///< ask-secret: the PIN it has now
inline constexpr const char *kTouchAgent = "touch-agent";  ///< tell: touch the key of `name` where you came
                                                           ///< from
inline constexpr const char *kPasskeyOrPassword =
    "passkey-or-password";  ///< offer: ssh/relay.h, kFirstPrompt; answered by "helper", too
inline constexpr const char *kRelay = "relay";  ///< ask: `prompt` is for passkey-askpass, as is the answer
inline constexpr const char *kElsewhere =
    "elsewhere";  ///< ask: `prompt` is for passkey-askpass --enroll, where the passkey will be
inline constexpr const char *kGuestKeyMade =
    "guest-key-made";  ///< granted: this computer has a key for `name`, a machine elsewhere
inline constexpr const char *kGuestKeyUsed = "guest-key-used";  ///< granted: it has signed for `name`
inline constexpr const char *kPinChanged = "pin-changed";       ///< granted, at the end of a PIN change
}  // namespace message

}  // namespace passkeyd
