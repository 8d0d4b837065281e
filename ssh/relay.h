/// Relay: what travels in the prompts of keyboard-interactive between a server's PAM module and the
/// passkey-askpass on the person's own computer. Texts and values; both ends parse what comes as hostile.
/// docs/askpass.md tells the dialogue.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/askpass.h"
#include "common/bytes.h"
#include "common/result.h"
#include "webauthn/assertion.h"
#include "webauthn/challenge.h"

namespace passkeyd::ssh {

// What the PAM module goes by as well is in common/askpass.h.
using askpass::kFirstPrompt;
using askpass::kMaxAnswer;
using askpass::kMaxPrompt;
/// Most credentials in one challenge.
inline constexpr std::size_t kMaxAllowed = 64;

/// The version token with which the helper answers the first prompt: "passkeyd-askpass/1" and dots, to a
/// length that no password has. For an account that sshd does not know, it hands the module junk of the same
/// length instead; so the length alone decides, for everybody.
std::string version_token();
/// True for what must be taken for the token.
bool is_version_token(std::string_view typed);

/// A challenge for an assertion, as the second prompt: "passkeyd1:" and base64url of CBOR.
struct AssertionPrompt {
  std::string rp_id;
  Bytes challenge;             ///< 16 to 64 random bytes
  std::vector<Bytes> allowed;  ///< credential ids, 1 to kMaxAllowed
  UserVerification user_verification = UserVerification::Required;
  std::chrono::seconds timeout{30};  ///< 5 to 60
};
std::string write(const AssertionPrompt &prompt);
/// nullopt: not one of ours. Errors: Malformed: one of ours that makes no sense.
Result<std::optional<AssertionPrompt>> read_assertion_prompt(std::string_view text);

/// The answer to it: base64url of CBOR, at most kMaxAnswer bytes. The credential is named by its place in the
/// prompt's list, and the client data goes along whole. Errors: InvalidInput if it would be too long.
Result<std::string> write(const Assertion &assertion, const AssertionPrompt &prompt);
/// `allowed`: the prompt's list. Errors: Malformed, also for a place that the list has not.
Result<Assertion> read_assertion(std::string_view text, const std::vector<Bytes> &allowed);

/// A host as an ssh client can call one (a name, an alias, an address, perhaps with a scope), in lower case
/// as the client writes it: 1 to 253 letters, digits, and of ".-_:%", with no "-" before the others. Errors:
/// InvalidInput.
Result<std::string> host_of(std::string_view text);

/// The origin of client data that is made for a host which the ssh client calls `host`: "ssh://host".
std::string origin_of(std::string_view host);

/// A challenge for a new credential, as passkeyctl on the server shows it: "passkeyd1-new:" and base64url.
struct RegistrationPrompt {
  std::string rp_id;
  Bytes challenge;
  std::string user_name;
  Bytes user_handle;
  std::vector<Bytes> exclude;
  UserVerification user_verification = UserVerification::Required;
};
std::string write(const RegistrationPrompt &prompt);
Result<std::optional<RegistrationPrompt>> read_registration_prompt(std::string_view text);

/// The answer, to be pasted: "passkeyd1-made:" and base64url of CBOR; at most kMaxRegistration bytes.
inline constexpr std::size_t kMaxRegistration = 16 * 1024;
struct MadeRegistration {
  Registration registration;  ///< its `platform` and `proof` stay where they were made
  bool platform = false;      ///< made by that computer itself (Way::Client), not by a security key
  bool sensor = false;        ///< verified by the key's own sensor
};
std::string write(const MadeRegistration &made);
/// Errors: Malformed.
Result<MadeRegistration> read_registration(std::string_view text);

}  // namespace passkeyd::ssh
