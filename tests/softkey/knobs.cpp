/// One table from names to members; everything else walks it.
#include "tests/softkey/knobs.h"

#include <charconv>
#include <cstdio>
#include <utility>

namespace passkeyd::softkey {
namespace {

template <auto part, auto member>
int &reach(Knobs &knobs) {
  return knobs.*part.*member;
}

struct Row {
  const char *name;
  int &(*reach)(Knobs &);
};

#define SETTING(name, member) \
  { name, reach<&Knobs::settings, &Settings::member> }
#define FAULT(name, member) \
  { name, reach<&Knobs::faults, &Faults::member> }
#define SCOPE(name, member) \
  { name, reach<&Knobs::scope, &Scope::member> }
const Row kRows[] = {
    SETTING("touch-delay", touch_delay),
    SETTING("touch-timeout", touch_timeout),
    SETTING("reply-delay", reply_delay),
    SETTING("keepalive", keepalive),
    SETTING("message-timeout", message_timeout),
    SETTING("reset-window", reset_window),
    SETTING("max-msg-size", max_msg_size),
    SETTING("max-list", max_list),
    SETTING("max-resident", max_resident),
    SETTING("takeover", takeover),
    SETTING("omit-credential", omit_credential),
    FAULT("silent", silent),
    FAULT("endless-keepalives", endless_keepalives),
    FAULT("ignore-cancel", ignore_cancel),
    FAULT("pin-blocked", pin_blocked),
    FAULT("bad-signature", bad_signature),
    FAULT("counter-rollback", counter_rollback),
    FAULT("wrong-rp-id-hash", wrong_rp_id_hash),
    FAULT("no-up", no_up),
    FAULT("no-uv", no_uv),
    FAULT("wrong-credential", wrong_credential),
    FAULT("wrong-user-handle", wrong_user_handle),
    FAULT("more-assertions", more_assertions),
    FAULT("extra-extension", extra_extension),
    FAULT("malformed-cbor", malformed_cbor),
    FAULT("oversized-cbor", oversized_cbor),
    FAULT("huge-length", huge_length),
    FAULT("truncate-frames", truncate_frames),
    FAULT("wrong-channel", wrong_channel),
    FAULT("wrong-sequence", wrong_sequence),
    FAULT("stale-reply", stale_reply),
    FAULT("duplicate-reply", duplicate_reply),
    FAULT("error-status", error_status),
    SCOPE("only", only),
    SCOPE("after", after),
    SCOPE("times", times),
};
#undef SETTING
#undef FAULT
#undef SCOPE

const std::pair<int, const char *> kCommands[] = {
    {0x01, "makeCredential"},
    {0x02, "getAssertion"},
    {0x04, "getInfo"},
    {0x06, "clientPIN"},
    {0x07, "reset"},
    {0x08, "getNextAssertion"},
    {0x0a, "credentialManagement"},
    {0x0b, "selection"},
    {0x41, "credentialManagementPreview"},
};

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 0 || value > 1'000'000) return std::nullopt;
  return value;
}

}  // namespace

bool Knobs::set(std::string_view name, std::string_view value) {
  std::optional<int> number = number_of(value);
  if (!number && name == "only") number = command_of(value);
  if (!number) return false;
  for (const Row &row : kRows)
    if (name == row.name) {
      row.reach(*this) = *number;
      return true;
    }
  return false;
}

std::string Knobs::describe() const {
  Knobs mine = *this, fresh;
  std::string out;
  for (const Row &row : kRows)
    if (row.reach(mine) != row.reach(fresh))
      out += std::string(row.name) + " " + std::to_string(row.reach(mine)) + "\n";
  return out;
}

std::string Knobs::names() {
  std::string out;
  for (const Row &row : kRows) out += std::string(row.name) + "\n";
  return out;
}

std::string command_name(int command) {
  for (const auto &[number, name] : kCommands)
    if (number == command) return name;
  char text[16];
  std::snprintf(text, sizeof text, "0x%02x", static_cast<unsigned>(command));
  return text;
}

std::optional<int> command_of(std::string_view name) {
  for (const auto &[number, known] : kCommands)
    if (name == known) return number;
  return std::nullopt;
}

}  // namespace passkeyd::softkey
