/// The wire between passkeyd and a ceremony process: one request, then events, each one CBOR message (RFC
/// 8949) on a SOCK_SEQPACKET socket. Secrets do not travel in messages: their sealed memory files ride along
/// as descriptors. Both sides parse what the other says as hostile; the process that talks to devices above
/// all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/backup_code.h"
#include "common/clock.h"
#include "common/handle.h"
#include "common/result.h"
#include "usb/keys.h"
#include "webauthn/activation.h"
#include "webauthn/authenticator.h"

namespace passkeyd::wire {

/// Largest message either side accepts, in bytes.
inline constexpr std::size_t kMaxMessage = 128 * 1024;
/// Most descriptors beside a message: a PIN, the new PIN and its repetition.
inline constexpr std::size_t kMaxFds = 3;
/// Most accounts that one key can name.
inline constexpr std::size_t kMaxDiscovered = 16;
/// Most platform blobs that are looked at in one go: a slow TPM takes a fifth of a second for each.
inline constexpr std::size_t kMaxPlatforms = 8;
/// The descriptor on which a ceremony process finds its socket.
inline constexpr int kCeremonyFd = 3;

/// What number the system gives a name now. Asked in a ceremony process since NSS may ask a network.
struct LookUpAccount {
  std::string user;
};
/// The full name that the resolver has for this machine, which may ask a network.
struct NameHost {};
/// What the key `device` is and can do.
struct DescribeKey {
  KeyInfo device;
};
/// Whether the key `device` holds one of `ids`; a silent probe, no touch.
struct ProbeKey {
  KeyInfo device;
  std::string rp_id;
  std::vector<Bytes> ids;
};
/// Whether the TPM has room for a PIN try.
struct AskTpm {
  std::string tcti;
};
/// An assertion. `device` is the key (usb), or has a TCTI string as its path (tpm). Descriptors: the PIN, if
/// any.
struct Prove {
  Way way;
  KeyInfo device;
  AssertionRequest request;
};
/// A new credential. Descriptors: the PIN, if any; for tpm the new PIN and its repetition.
struct Enroll {
  Way way;
  KeyInfo device;
  RegistrationRequest request;
};

/// Whatever discoverable credentials the key `device` has for this relying party, each with an assertion.
/// Descriptors: the PIN, if any.
struct Discover {
  KeyInfo device;
  std::string rp_id;
  std::string client_data;
  std::chrono::milliseconds timeout{30'000};
  int min_pin_tries = 2;
};
/// A new PIN for a platform credential. Descriptors: the old PIN, the new one and its repetition.
struct ChangePin {
  std::string tcti;
  Bytes platform;
};
/// The secret that was wrapped for the TPM's endorsement key and its witness, see webauthn/activation.h.
struct Activate {
  std::string tcti;
  EndorsementKind kind;
  WrappedSecret wrapped;
};
/// How the TPM is, and which of these platform blobs it can use.
struct ExamineTpm {
  std::string tcti;
  std::vector<Bytes> platforms;  ///< at most kMaxPlatforms
};
/// A set of backup codes. Needs no device; here because hashing them takes its time.
struct MakeCodes {};
/// Whether the typed text is one of these codes. Descriptors: the text. One hash is computed, whatever it is.
struct CheckCode {
  std::vector<CodeHash> codes;
  bool always_hash = false;  ///< also what cannot be a code: nobody shall tell by the time it takes
};

/// What a file of FIDO Metadata says, if it is signed by whom it must be. Descriptors: the file, read to its
/// end.
struct ReadMetadata {
  std::vector<Bytes> roots;  ///< DER: to one of these its certificates must lead
  WallTime now;
};

/// Which of the keys with these hashes (ssh::key_hash) an SSH agent has. Descriptors: the connection to it.
struct ListAgentKeys {
  std::vector<Bytes> hashes;
  std::chrono::milliseconds timeout;
};
/// Its signature over `text` by the key of this blob. Descriptors: the connection to it.
struct SignByAgent {
  Bytes key;
  Bytes text;
  std::chrono::milliseconds timeout;
};

using Request =
    std::variant<LookUpAccount, NameHost, DescribeKey, ProbeKey, AskTpm, Prove, Enroll, Discover, ChangePin,
                 Activate, ExamineTpm, MakeCodes, CheckCode, ReadMetadata, ListAgentKeys, SignByAgent>;

// --- events ---
struct TouchCue {};
struct VerifyCue {};
struct AccountFound {
  uid_t uid;
  std::string name;  ///< as the system spells it
};
/// In lower case.
struct HostNamed {
  std::string name;
};
struct KeyDescribed {
  bool has_pin = false;
  bool has_uv = false;
};
struct KeyProbed {
  bool holds = false;
};
struct TpmHasRoom {};

/// nullopt in Proved: this authenticator holds none of the credentials.
struct Proved {
  std::optional<Assertion> assertion;
};
struct Enrolled {
  Registration registration;
};

/// At most kMaxDiscovered; empty: the key has none for this relying party.
struct Discovered {
  std::vector<Assertion> assertions;
};
struct PinChanged {
  Bytes platform;  ///< takes the place of the old one, which stays valid with the old PIN
};
struct Activated {
  Bytes secret;  ///< what the TPM says it is; not yet compared with anything
};
/// See tpm/examination.h, which the daemon does not know.
struct TpmExamined {
  std::string maker, vendor, firmware;  ///< printable
  bool software = false;                ///< a program that plays TPM
  bool owner_auth_set = false;
  bool endorsement_auth_set = false;
  bool lockout_auth_set = false;
  bool in_lockout = false;
  std::uint32_t counter = 0, max_tries = 0, interval = 0, recovery = 0;  ///< the last two in seconds
  std::string root_key;                                                  ///< "none", "unfit", "fit"
  std::uint32_t loads = 0, parent_changed = 0, foreign = 0, broken = 0;  ///< of the blobs
};
/// One descriptor comes along: a sealed memory file with the codes, a line each, for the person alone.
struct CodesMade {
  std::vector<CodeHash> hashes;
};
struct CodeChecked {
  std::optional<int> number;  ///< nullopt: it is none of them
};

/// One descriptor comes along: a sealed memory file with the models (daemon/ceremony/models_file.h).
struct MetadataRead {};

struct AgentKeysListed {
  std::vector<Bytes> hashes;  ///< of those that were asked for, the ones it has
};
struct AgentSigned {
  Bytes signature;  ///< as the agent gave it: unread, unverified
};

/// Cues may come any number of times (bounded by the reader); every other event ends the ceremony.
using Event = std::variant<Error, TouchCue, VerifyCue, AccountFound, HostNamed, KeyDescribed, KeyProbed,
                           TpmHasRoom, Proved, Enrolled, Discovered, PinChanged, Activated, TpmExamined,
                           CodesMade, CodeChecked, MetadataRead, AgentKeysListed, AgentSigned>;

Bytes encode(const Request &request);
Result<Request> decode_request(ByteView message);
Bytes encode(const Event &event);
/// Errors: Malformed. Texts that will be shown are printable and bounded afterwards; byte strings are
/// bounded.
Result<Event> decode_event(ByteView message);

/// Sends one message with descriptors. Errors: Io.
Status send(int socket, ByteView message, const std::vector<int> &fds);

struct Received {
  Bytes message;        ///< empty: the other side has closed
  std::vector<Fd> fds;  ///< CLOEXEC
};
/// Receives one message. Blocks, or on a non-blocking socket gives nullopt when there is none now.
/// Errors: Io, Malformed (too long, or more descriptors than kMaxFds: all of them are closed).
Result<std::optional<Received>> receive(int socket);

}  // namespace passkeyd::wire
