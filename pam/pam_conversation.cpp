/// Talking through struct pam_conv. See pam_conv(3).
#include "pam/pam_conversation.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "common/askpass.h"
#include "common/handle.h"

namespace passkeyd {
namespace {

/// What the host allocated, secret or not. Wiped whole before it is freed.
void wipe_and_free(pam_response *reply) {
  if (reply->resp != nullptr) {
    explicit_bzero(reply->resp, std::strlen(reply->resp));
    std::free(reply->resp);
  }
  std::free(reply);
}
using Reply = Handle<pam_response, wipe_and_free>;

Error failed(const char *why) {
  return {ErrorKind::Cancelled, why};
}

/// Sends one message; the reply may be null, and for a mere text usually is. PAM_CONV_AGAIN counts as failed:
/// the daemon's attempt cannot be resumed by a second pam_sm_authenticate.
Result<Reply> converse(pam_handle_t *pamh, int style, const std::string &text) {
  const void *item = nullptr;
  if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == nullptr)
    return failed("the host has no conversation function");
  const auto *host = static_cast<const pam_conv *>(item);
  if (host->conv == nullptr) return failed("the host has no conversation function");

  const pam_message message = {style, text.c_str()};
  const pam_message *messages = &message;
  pam_response *raw = nullptr;
  const int code = host->conv(1, &messages, &raw, host->appdata_ptr);
  Reply reply(raw);
  if (code != PAM_SUCCESS) return failed("the conversation failed");
  return reply;
}

/// A question's reply. A null one is a failed conversation and never an empty answer.
Result<Reply> question(pam_handle_t *pamh, int style, const std::string &prompt,
                       std::size_t most = Secret::kMaxBytes) {
  Reply reply = TRY(converse(pamh, style, prompt));
  if (!reply || reply->resp == nullptr) return failed("the conversation gave no reply");
  if (std::strlen(reply->resp) > most) return failed("the reply is too long");
  return reply;
}

/// nullopt: not the number of one of `count` options.
std::optional<std::size_t> option_of(std::string_view text, std::size_t count) {
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = problem == std::errc() && end == text.data() + text.size();
  if (!whole || number < 1 || number > count) return std::nullopt;
  return number - 1;
}

}  // namespace

bool PamConversation::shows(Tone tone) const {
  return loudness_ == Loudness::All || (loudness_ == Loudness::NoNotes && tone != Tone::Note);
}

/// A host that cannot show a cue cannot be waited in: the person would sit before a key that blinks for no
/// reason they know. So that, too, is a failed conversation ("quiet" is for such hosts).
Status PamConversation::tell(Tone tone, const std::string &text) {
  if (!shows(tone)) return Ok{};
  TRY(converse(pamh_, tone == Tone::Trouble ? PAM_ERROR_MSG : PAM_TEXT_INFO, text));
  return Ok{};
}

Result<std::optional<Secret>> PamConversation::ask_secret(const std::string &prompt) {
  const Reply reply = TRY(question(pamh_, PAM_PROMPT_ECHO_OFF, prompt));
  if (*reply->resp == '\0') return std::optional<Secret>();
  return std::optional<Secret>(TRY(Secret::parse(reply->resp)));
}

Result<std::optional<std::string>> PamConversation::relay(const std::string &prompt) {
  const Reply reply = TRY(question(pamh_, PAM_PROMPT_ECHO_OFF, prompt, std::string::npos));
  const std::size_t size = std::strlen(reply->resp);
  if (size == 0 || size > askpass::kMaxAnswer) return std::optional<std::string>();
  return std::optional<std::string>(reply->resp);
}

Result<std::optional<std::string>> PamConversation::ask(const std::string &prompt) {
  const Reply reply = TRY(question(pamh_, PAM_PROMPT_ECHO_ON, prompt));
  if (*reply->resp == '\0') return std::optional<std::string>();
  return std::optional<std::string>(reply->resp);
}

Result<std::optional<std::size_t>> PamConversation::choose(const std::string &prompt,
                                                           const std::vector<std::string> &options) {
  constexpr int kTries = 3;
  for (std::size_t at = 0; at < options.size(); ++at)
    TRY(converse(pamh_, PAM_TEXT_INFO, std::to_string(at + 1) + ". " + options[at]));
  for (int tries = 0; tries < kTries; ++tries) {
    const std::optional<std::string> text = TRY(ask(prompt));
    if (!text) return std::optional<std::size_t>();
    if (const auto option = option_of(*text, options.size())) return option;
  }
  return failed("no choice was made");
}

}  // namespace passkeyd
