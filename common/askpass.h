/// Askpass: what both ends of the dialogue with passkey-askpass (docs/askpass.md) and the PAM module between
/// them go by: one prompt's words and a few lengths.
#pragma once

#include <cstddef>
#include <string_view>

namespace passkeyd::askpass {

/// The first prompt, in these words whatever the language: it is what the helper knows us by.
inline constexpr std::string_view kFirstPrompt = "Passkey or password: ";
/// Bytes of the version token, with which the helper answers it: more than any password has. For an account
/// that sshd does not know, it hands the module junk of the same length; so the length alone decides.
inline constexpr std::size_t kToken = 200;
/// Longest answer that an SSH client of every version sends whole, in bytes.
inline constexpr std::size_t kMaxAnswer = 1023;
/// Longest prompt that the helper reads.
inline constexpr std::size_t kMaxPrompt = 100'000;
/// What the module hands on in place of an answer that cannot be one, so that nothing that was meant for
/// somebody else (a password) goes any further. It is no base64url, and so refused like any other nonsense.
inline constexpr std::string_view kNonsense = "!";

}  // namespace passkeyd::askpass
