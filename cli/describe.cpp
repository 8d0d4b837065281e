/// Words for what the daemon says of a passkey.
#include "cli/describe.h"

#include <algorithm>
#include <ctime>
#include <string_view>

namespace passkeyd::cli {
namespace {

std::string how_used(const CredentialRecord &record) {
  if (record.way == "usb") {
    if (!record.user_verification) return "security key, touch only";
    return record.sensor ? "security key, its own sensor" : "security key, touch and PIN";
  }
  if (record.way == "tpm")
    return record.user_verification ? "this computer's security chip, PIN" : "this computer's security chip";
  if (record.way == "ssh")
    return record.user_verification ? "SSH key in a security key, touch and PIN"
                                    : "SSH key in a security key, touch only";
  if (record.way == "client")
    return record.user_verification ? "the person's own computer, its PIN or sensor"
                                    : "the person's own computer";
  return record.way.empty() ? "way not known" : record.way;
}

std::string attested(const CredentialRecord &record) {
  const std::string by = record.attested_by.empty() ? "" : " by " + record.attested_by;
  if (record.attestation == "trusted") return "attested" + by + " (trusted)";
  if (record.attestation == "untrusted") return "attested" + by + " (not trusted here)";
  if (record.attestation == "self") return "attested by nobody but itself";
  if (record.attestation == "none") return "not attested";
  return "attestation not known";
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80) != 0;
}

/// Words of their own: "key" is not in "monkey".
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return true;
  }
  return false;
}

constexpr std::string_view kWords[] = {
    "phone",   "iphone",  "smartphone", "laptop",  "notebook",       "computer",
    "desktop", "pc",      "key",        "yubikey", "tablet",         "ipad",
    "handy",   "telefon", "rechner",    "stick",   "schl\u00fcssel", "sicherheitsschl\u00fcssel",
};
/// Japanese writes no spaces between words.
constexpr std::string_view kParts[] = {
    "\u643a\u5e2f", "\u96fb\u8a71", "\u30b9\u30de\u30db", "\u30d1\u30bd\u30b3\u30f3", "\u30ce\u30fc\u30c8",
    "\u30ad\u30fc", "\u9375",
};

}  // namespace

std::string protection_of(const CredentialRecord &record) {
  std::string text = how_used(record) + "; " + attested(record);
  if (record.synced) text += "; may be on other devices, too";
  if (!record.recalled.empty()) text += "; model recalled: " + record.recalled;
  return text;
}

std::string state_of(const CredentialRecord &record) {
  if (record.state.empty()) return "not known";
  if (record.recalled.empty() || record.state == "revoked") return record.state;
  return record.state + ", model recalled";
}

Accent accent_of_state(const std::string &state) {
  if (state == "active") return Accent::None;
  return state.starts_with("active") ? Accent::Warning : Accent::Bad;
}

std::string date_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  char text[64];
  if (localtime_r(&time, &parts) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts) == 0)
    return "?";
  return text;
}

std::string last_use_of(const CredentialRecord &record) {
  return record.last_used ? date_text(*record.last_used) : "never";
}

bool names_one_device(const std::string &name, const std::string &device, const std::string &host) {
  const std::string text = lowered(name);
  const std::string machine = lowered(host).substr(0, host.find('.'));
  for (const std::string &known : {lowered(device), machine})
    if (!known.empty() && has_word(text, known)) return true;
  const auto is_word = [&](std::string_view word) { return has_word(text, word); };
  const auto is_part = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  return std::any_of(std::begin(kWords), std::end(kWords), is_word) ||
         std::any_of(std::begin(kParts), std::end(kParts), is_part);
}

}  // namespace passkeyd::cli
