/// Error: what went wrong, as a value. The kind is for programs, the sentence is for the log and for
/// developers; what a person reads is made from the kind by the faces (client/words), never from the
/// sentence.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace passkeyd {

/// Every way things can fail here. The names given by name_of() travel between processes and into the audit:
/// add at will, rename never.
enum class ErrorKind {
  Internal,          ///< a mistake of ours, or a library failing in a way nobody foresaw
  InvalidInput,      ///< a value from outside is not of the form it must have
  NotFound,          ///< no such user, credential, attempt
  AlreadyExists,     ///< the authenticator is enrolled already (exclude list), or the name is taken
  NotAllowed,        ///< this caller may not do this
  Io,                ///< a system call or a file failed
  Corrupt,           ///< stored data is damaged, or is not ours
  NotConfigured,     ///< configuration is missing or wrong
  Disconnected,      ///< the daemon cannot be reached, or went away
  NoDevice,          ///< no authenticator is plugged in, or it was pulled out
  NoCredential,      ///< the authenticator holds none of the credentials asked for
  Busy,              ///< somebody else is using the authenticator
  Timeout,           ///< nobody answered in time
  Cancelled,         ///< the person or the program took it back
  RemoteSession,     ///< the person is not at this machine, and the passkeys are
  TouchRefused,      ///< the authenticator says that the person did not consent (declined, or never touched)
  PinRequired,       ///< user verification is wanted and needs a PIN that was not given
  PinInvalid,        ///< the PIN cannot be one (length, characters); it was not sent
  PinWrong,          ///< the authenticator refused the PIN
  PinSoftBlocked,    ///< too many wrong PINs since the key was plugged in: unplug it and plug it in again
  PinMismatch,       ///< the new PIN and its repetition differ
  PinBlocked,        ///< the PIN is blocked for good: the key must be reset
  PinTriesLow,       ///< stopped by us: so few PIN tries are left on the key that we use none of them
  PinNotSet,         ///< user verification is wanted and the key has no PIN and no sensor
  UvFailed,          ///< fingerprint (or other built-in check) did not match
  UvBlocked,         ///< built-in check is blocked: use the PIN
  Unsupported,       ///< the authenticator cannot do what is asked (algorithm, extension)
  Malformed,         ///< the authenticator's answer does not parse or contradicts itself
  TpmLockout,        ///< the TPM is in dictionary-attack lockout
  TpmNearLockout,    ///< stopped by us: the TPM's counter leaves no room for another try
  TpmKeyForeign,     ///< the key was made by another TPM, or this one was cleared since
  TpmParentChanged,  ///< the storage root key is not the one pinned at enrollment
  TpmBroken,         ///< failure mode, or answers that fail their integrity check
  ModelRefused,      ///< the administrator does not take this model of authenticator
  Limited,           ///< too many failures: our own limit is in force
  Denied,            ///< the answer did not verify, or the ledger decided against it
  CodeInvalid,       ///< the text cannot be a backup code (form, check symbol); it was not tried
  CodeWrong,         ///< no unspent backup code of this account
  NotAttested,       ///< the administrator insists on attestation and there is none, or none that ends at a
                     ///< trusted root
  ModelRecalled,     ///< FIDO Metadata says that this model is revoked or compromised
  Untrusted,         ///< a file that is to be imported is not signed, or not by whom it must be
  StorageFull,       ///< there is no room left, or the file system is read-only: nothing was changed
  AgentRefused,      ///< the SSH agent has the key and does not sign: no touch, or it may not
  AgentBroken,       ///< the SSH agent went away, or does not speak as agents do
  Locked,            ///< an administrator has locked the account's passkeys, or all of its ways in
};

/// The stable name: lower case with hyphens, such as "pin-wrong".
std::string_view name_of(ErrorKind kind);

/// The reverse of name_of; nullopt for a name nobody here uses.
std::optional<ErrorKind> error_kind_of(std::string_view name);

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string sentence;                ///< what happened; never holds a secret
  std::optional<int> tries_left = {};  ///< PIN tries the authenticator says are left, where it said so
  std::optional<std::chrono::seconds> wait = {};  ///< Limited: until the next try is allowed
};

/// Error from errno: "open /x: No such file or directory", kind Io.
Error errno_error(std::string_view what, int number);

}  // namespace passkeyd
