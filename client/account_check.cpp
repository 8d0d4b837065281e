/// Manager.CheckAccount(s) -> a{sv}.
#include "client/account_check.h"

#include <optional>
#include <string_view>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxReason = 255;  ///< bytes of the administrator's words that are logged

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("CheckAccount: ") + what};
}

Status read_truth(sd_bus_message *reply, std::optional<bool> &into) {
  int truth = 0;
  if (sd_bus_message_read(reply, "v", "b", &truth) <= 0)
    return malformed("what should be true or false is neither");
  into = truth != 0;
  return Ok{};
}

struct Read {
  std::optional<bool> locked = {};
  std::optional<bool> all_methods = {};
  std::string reason = {};
  std::optional<std::uint32_t> codes_left = {};
};

Status read_entry(sd_bus_message *reply, Read &into) {
  const char *raw = nullptr;
  if (sd_bus_message_read(reply, "s", &raw) <= 0) return malformed("an entry without a key");
  const std::string_view key = raw;
  if (key == "locked") return read_truth(reply, into.locked);
  if (key == "all-methods") return read_truth(reply, into.all_methods);
  if (key == "reason") {
    if (sd_bus_message_read(reply, "v", "s", &raw) <= 0) return malformed("the reason is no text");
    into.reason = printable(raw, kMaxReason);
    return Ok{};
  }
  if (key == detail::kCodesLeft) {
    std::uint32_t number = 0;
    if (sd_bus_message_read(reply, "v", "u", &number) <= 0) return malformed("the codes left are no number");
    into.codes_left = number;
    return Ok{};
  }
  if (sd_bus_message_skip(reply, "v") < 0) return malformed("an entry does not parse");
  return Ok{};
}

}  // namespace

Result<AccountState> check_account(Bus &bus, const UserName &user, Patience &patience) {
  const Message reply = TRY(bus.call_manager(
      "CheckAccount",
      [&](sd_bus_message *call) { return sd_bus_message_append(call, "s", user.str().c_str()); }, patience));
  if (sd_bus_message_has_signature(reply.get(), "a{sv}") <= 0 ||
      sd_bus_message_enter_container(reply.get(), 'a', "{sv}") < 0)
    return malformed("the answer is no dictionary");
  Read read;
  int more = 0;
  while ((more = sd_bus_message_enter_container(reply.get(), 'e', "sv")) > 0) {
    TRY(read_entry(reply.get(), read));
    if (sd_bus_message_exit_container(reply.get()) < 0) return malformed("an entry does not parse");
  }
  if (more < 0 || !read.locked) return malformed("it does not say whether the account is locked");
  // A lock of unknown scope is one of the whole account.
  return AccountState{*read.locked, read.all_methods.value_or(true), std::move(read.reason), read.codes_left};
}

}  // namespace passkeyd
