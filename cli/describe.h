/// Describe: a passkey in words, above all what really protects it.
#pragma once

#include <cstdint>
#include <string>

#include "cli/style.h"
#include "client/records.h"

namespace passkeyd::cli {

/// "security key, touch and PIN; attested by Yubico Root (trusted)", "this computer's security chip, PIN; not
/// attested". Doubts are in it: what is not known is said to be so.
std::string protection_of(const CredentialRecord &record);

/// "active", "suspended", "revoked"; "active, model recalled". A state that nobody here knows: as it is
/// called.
std::string state_of(const CredentialRecord &record);
/// How such a text stands out.
Accent accent_of_state(const std::string &state);

/// Local time, to the minute.
std::string date_text(std::int64_t seconds);
/// The same; "never" without one.
std::string last_use_of(const CredentialRecord &record);

/// True if `name` sounds like that of one device: this computer's name, the authenticator's, or a word such
/// as "phone" or "key" (English, German, Japanese). Whoever reads it would look in the wrong place for a
/// passkey that is on several.
bool names_one_device(const std::string &name, const std::string &device, const std::string &host);

}  // namespace passkeyd::cli
