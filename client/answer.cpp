/// Asking and answering, step by step.
#include "client/answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "client/sentences.h"
#include "client/words.h"
#include "common/account.h"
#include "common/steps.h"

namespace passkeyd {
namespace {

/// Bytes of what could be a PIN of this computer's passkey. The daemon's side has the last word.
constexpr std::size_t kMinPlatformPin = 6;
constexpr std::size_t kMaxPlatformPin = 63;

Result<Answer> ask_secret(Conversation &conversation, const std::string &prompt) {
  const std::optional<Secret> secret = TRY(conversation.ask_secret(prompt));
  if (!secret || secret->empty()) return Answer(SteppedDown{});
  return Answer(SecretFile{TRY(to_memfd(*secret))});
}

Result<Answer> ask(Conversation &conversation, const std::string &prompt) {
  const std::optional<std::string> text = TRY(conversation.ask(prompt));
  if (!text || text->empty()) return Answer(SteppedDown{});
  if (!is_utf8(*text) || text->find('\0') != std::string::npos)
    return Error{ErrorKind::InvalidInput, "the answer is no valid UTF-8"};
  return Answer(*text);
}

/// What is to be pasted elsewhere stands on a line of its own, between what to do with it and the question.
Result<Answer> ask_elsewhere(Conversation &conversation, const std::string &words, const Details &details) {
  TRY(conversation.tell(Tone::Cue, words));
  TRY(conversation.tell(Tone::Cue, details.prompt));
  const std::optional<std::string> text = TRY(conversation.paste(words_for({kAnswerFromElsewhere})));
  if (!text || text->empty()) return Answer(SteppedDown{});
  if (!is_printable(*text)) return Error{ErrorKind::InvalidInput, "what was pasted is not printable"};
  return Answer(*text);
}

Result<Answer> choose(Conversation &conversation, const std::string &prompt, const Details &details) {
  const std::optional<std::size_t> choice = TRY(conversation.choose(prompt, details.options));
  if (!choice) return Answer(SteppedDown{});
  if (*choice >= details.options.size()) return Error{ErrorKind::Internal, "a choice that was not offered"};
  return Answer(static_cast<std::uint32_t>(*choice));
}

bool could_be_pin(const Secret &text) {
  return text.size() >= kMinPlatformPin && text.size() <= kMaxPlatformPin && is_utf8(text.text());
}

Result<Answer> offer(Talk &talk, const std::string &prompt, const Details &details) {
  std::optional<Secret> text = TRY(talk.conversation.offer(prompt));
  if (!text || text->empty()) return Answer(SteppedDown{});
  talk.typed = std::move(text);
  const bool as_pin = talk.may_be == Typed::Pin && details.accepts_pin && could_be_pin(*talk.typed);
  return as_pin ? Answer(SecretFile{TRY(to_memfd(*talk.typed))}) : Answer(Password{});
}

bool is_refusal(std::string_view message) {
  constexpr std::array<std::string_view, 5> kRefusals = {"pin-wrong", "code-wrong", "touch-refused",
                                                         "uv-failed", message::kDenied};
  return std::find(kRefusals.begin(), kRefusals.end(), message) != kRefusals.end();
}

Result<Answer> tell(Talk &talk, const std::string &words, const Details &details) {
  talk.refused = talk.refused || is_refusal(details.message);
  TRY(talk.conversation.tell(tone_of(details.message), words));
  return Answer(Nothing{});
}

/// Once a text was tried as a PIN, a question or a complaint means that it was none.
bool was_no_pin(const NextStep &next, const Talk &talk) {
  return talk.typed && (next.step != Step::Tell || tone_of(next.details.message) == Tone::Trouble);
}

}  // namespace

Result<Answer> render(const NextStep &next, Talk &talk) {
  if (was_no_pin(next, talk)) return Answer(Password{});
  const std::string words = words_for(next.details);
  switch (next.step) {
    case Step::Tell:
      return tell(talk, words, next.details);
    case Step::AskSecret:
      return ask_secret(talk.conversation, words);
    case Step::Ask:
      if (next.details.message == message::kElsewhere)
        return ask_elsewhere(talk.conversation, words, next.details);
      return ask(talk.conversation, words);
    case Step::Choose:
      return choose(talk.conversation, words, next.details);
    case Step::Offer:
      return offer(talk, words, next.details);
    case Step::Unavailable:
    case Step::Denied:
    case Step::Granted:
      break;
  }
  return Error{ErrorKind::Internal, "a last step is not rendered"};
}

int append_answer(sd_bus_message *call, const Answer &answer) {
  if (std::holds_alternative<Password>(answer)) return -EINVAL;
  if (std::holds_alternative<SteppedDown>(answer))
    return sd_bus_message_append(call, "a{sv}", 1, answer::kEmpty, "b", 1);
  if (const auto *secret = std::get_if<SecretFile>(&answer))  // sd-bus keeps a duplicate of its own
    return sd_bus_message_append(call, "a{sv}", 1, answer::kSecret, "h", secret->file.get());
  if (const auto *text = std::get_if<std::string>(&answer))
    return sd_bus_message_append(call, "a{sv}", 1, answer::kText, "s", text->c_str());
  if (const auto *choice = std::get_if<std::uint32_t>(&answer))
    return sd_bus_message_append(call, "a{sv}", 1, answer::kChoice, "u", *choice);
  return sd_bus_message_append(call, "a{sv}", 0);
}

}  // namespace passkeyd
