/// Reading a step and its details.
#include "client/details.h"

#include <string_view>
#include <utility>

#include "client/printable.h"

namespace passkeyd {
namespace {

Error malformed(std::string what) {
  return {ErrorKind::Malformed, std::move(what)};
}

Status read_text(sd_bus_message *reply, std::string &into) {
  const char *text = nullptr;
  if (sd_bus_message_read(reply, "v", "s", &text) <= 0)
    return malformed("a detail that should be a text is none");
  into = printable(text, Details::kMaxText);
  return Ok{};
}

/// For a program, not for people: passed on whole, or not at all.
Status read_whole(sd_bus_message *reply, std::string &into) {
  const char *text = nullptr;
  if (sd_bus_message_read(reply, "v", "s", &text) <= 0)
    return malformed("a detail that should be a text is none");
  const std::string_view whole = text;
  if (whole.size() > Details::kMaxWhole || !is_printable(whole))
    return malformed("a detail that is passed on is too long, or not printable");
  into = whole;
  return Ok{};
}

Status read_number(sd_bus_message *reply, std::optional<std::uint32_t> &into) {
  std::uint32_t number = 0;
  if (sd_bus_message_read(reply, "v", "u", &number) <= 0)
    return malformed("a detail that should be a number is none");
  into = number;
  return Ok{};
}

Status read_truth(sd_bus_message *reply, bool &into) {
  int truth = 0;
  if (sd_bus_message_read(reply, "v", "b", &truth) <= 0)
    return malformed("a detail that should be true or false is neither");
  into = truth != 0;
  return Ok{};
}

/// Parsed and never mended: a name that was cut or cleaned would be somebody else's.
Status read_user(sd_bus_message *reply, std::optional<UserName> &into) {
  const char *text = nullptr;
  if (sd_bus_message_read(reply, "v", "s", &text) <= 0) return malformed("the user name is no text");
  Result<UserName> user = UserName::parse(text);
  if (!user) return malformed("the user name: " + user.error().sentence);
  into = std::move(user).value();
  return Ok{};
}

Status read_options(sd_bus_message *reply, std::vector<std::string> &into) {
  if (sd_bus_message_enter_container(reply, 'v', "as") <= 0 ||
      sd_bus_message_enter_container(reply, 'a', "s") <= 0)
    return malformed("the options are no list of texts");
  const char *text = nullptr;
  int more = 0;
  while ((more = sd_bus_message_read(reply, "s", &text)) > 0) {
    if (into.size() == Details::kMaxOptions) return malformed("there are too many options");
    into.push_back(printable(text, Details::kMaxText));
  }
  if (more < 0 || sd_bus_message_exit_container(reply) < 0 || sd_bus_message_exit_container(reply) < 0)
    return malformed("the options do not parse");
  return Ok{};
}

Status read_entry(sd_bus_message *reply, Details &details) {
  const char *raw = nullptr;
  if (sd_bus_message_read(reply, "s", &raw) <= 0) return malformed("a detail without a key");
  const std::string_view key = raw;
  if (key == detail::kMessage) return read_text(reply, details.message);
  if (key == detail::kDevice) return read_text(reply, details.device);
  if (key == detail::kName) return read_text(reply, details.name);
  if (key == detail::kCredential) return read_text(reply, details.credential);
  if (key == detail::kTriesLeft) return read_number(reply, details.tries_left);
  if (key == detail::kWaitSeconds) return read_number(reply, details.wait_seconds);
  if (key == detail::kOptions) return read_options(reply, details.options);
  if (key == detail::kCodesLeft) return read_number(reply, details.codes_left);
  if (key == detail::kNext) return read_text(reply, details.next);
  if (key == detail::kAcceptsPin) return read_truth(reply, details.accepts_pin);
  if (key == detail::kUser) return read_user(reply, details.user);
  if (key == detail::kPasskeys) return read_number(reply, details.passkeys);
  if (key == detail::kOnlyDevice) return read_truth(reply, details.only_device);
  if (key == detail::kPrompt) return read_whole(reply, details.prompt);
  if (key == detail::kRegistration) return read_whole(reply, details.registration);
  if (key == detail::kCredentialId) return read_whole(reply, details.credential_id);
  if (key == detail::kAuthenticatorData) return read_whole(reply, details.authenticator_data);
  if (key == detail::kSignature) return read_whole(reply, details.signature);
  if (sd_bus_message_skip(reply, "v") < 0) return malformed("a detail does not parse");
  return Ok{};
}

}  // namespace

Result<NextStep> read_next_step(sd_bus_message *reply) {
  if (sd_bus_message_has_signature(reply, "sa{sv}") <= 0)
    return malformed("the answer is no step with details");
  const char *name = nullptr;
  if (sd_bus_message_read(reply, "s", &name) <= 0) return malformed("the step does not parse");
  const std::optional<Step> step = step_of(name);
  if (!step) return malformed("unknown step '" + printable(name, 64) + "'");

  NextStep next{*step, {}};
  if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0) return malformed("the details do not parse");
  int more = 0;
  while ((more = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
    TRY(read_entry(reply, next.details));
    if (sd_bus_message_exit_container(reply) < 0) return malformed("a detail does not parse");
  }
  if (more < 0) return malformed("the details do not parse");
  const bool ends = next.step == Step::Granted || next.step == Step::Denied || next.step == Step::Unavailable;
  if (!ends && next.details.message.empty())
    return malformed("a step that shows something, without a message");
  if (next.step == Step::Choose && next.details.options.empty()) return malformed("a choice without options");
  return next;
}

}  // namespace passkeyd
