/// The loop.
#include "client/dialogue.h"

#include <sys/types.h>

#include <utility>
#include <variant>

#include "client/printable.h"
#include "client/words.h"
#include "common/secret.h"
#include "common/steps.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxHint = 255;  ///< bytes of a hint: host names have at most 253

/// What goes back to the daemon. Nothing: the answer to a tell, and the first call.
struct Nothing {};
struct SteppedDown {};
struct SecretFile {
  Fd file;
};
using Answer = std::variant<Nothing, SteppedDown, SecretFile, std::string, std::uint32_t>;

int append_answer(sd_bus_message *call, const Answer &answer) {
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

Result<Answer> choose(Conversation &conversation, const std::string &prompt, const Details &details) {
  const std::optional<std::size_t> choice = TRY(conversation.choose(prompt, details.options));
  if (!choice) return Answer(SteppedDown{});
  if (*choice >= details.options.size()) return Error{ErrorKind::Internal, "a choice that was not offered"};
  return Answer(static_cast<std::uint32_t>(*choice));
}

/// Shows a step that is not the last and gives what the person answers.
Result<Answer> render(const NextStep &next, Conversation &conversation) {
  const std::string words = words_for(next.details);
  switch (next.step) {
    case Step::Tell:
      TRY(conversation.tell(tone_of(next.details.message), words));
      return Answer(Nothing{});
    case Step::AskSecret:
      return ask_secret(conversation, words);
    case Step::Ask:
      return ask(conversation, words);
    case Step::Choose:
      return choose(conversation, words, next.details);
    case Step::Unavailable:
    case Step::Denied:
    case Step::Granted:
      break;
  }
  return Error{ErrorKind::Internal, "a last step is not rendered"};
}

/// nullopt: not over yet.
std::optional<Ending> ending_of(Step step) {
  switch (step) {
    case Step::Granted:
      return Ending::Granted;
    case Step::Denied:
      return Ending::Denied;
    case Step::Unavailable:
      return Ending::Unavailable;
    case Step::Tell:
    case Step::AskSecret:
    case Step::Ask:
    case Step::Choose:
      return std::nullopt;
  }
  return Ending::Unavailable;
}

Result<NextStep> next_step(Bus &bus, const std::string &attempt, const Answer &answer, Patience &patience) {
  const Message reply = TRY(bus.call_object(
      attempt, bus::kAttempt, "Next", [&](sd_bus_message *call) { return append_answer(call, answer); },
      patience, kStepTime));
  return read_next_step(reply.get());
}

Result<Outcome> converse(Bus &bus, const std::string &attempt, Conversation &conversation,
                         Patience &patience) {
  Answer answer = Nothing{};
  for (int steps = 0; steps < kMaxSteps; ++steps) {
    NextStep next = TRY(next_step(bus, attempt, answer, patience));
    if (const std::optional<Ending> ending = ending_of(next.step))
      return Outcome{*ending, std::move(next.details)};
    answer = TRY(render(next, conversation));
  }
  return Error{ErrorKind::Malformed, "the attempt has no end"};
}

Outcome failed(const Error &error) {
  return {Ending::Unavailable, Details{std::string(name_of(error.kind))}, error.sentence};
}

using AppendRequest = std::function<int(sd_bus_message *)>;

/// Opens the attempt: calls `method` with an a{sv} that `append` fills; gives the attempt's object path.
Result<std::string> begin(Bus &bus, const char *method, const AppendRequest &append, Patience &patience,
                          Patience::Time most) {
  const auto fill = [&](sd_bus_message *call) {
    int code = sd_bus_message_open_container(call, 'a', "{sv}");
    if (code >= 0) code = append(call);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  const Message reply = TRY(bus.call_manager(method, fill, patience, most));
  const char *path = nullptr;
  if (sd_bus_message_has_signature(reply.get(), "o") <= 0 ||
      sd_bus_message_read(reply.get(), "o", &path) <= 0)
    return Error{ErrorKind::Malformed, std::string(method) + ": the answer is no object path"};
  return std::string(path);
}

Outcome run(Bus &bus, const char *method, const AppendRequest &append, Conversation &conversation,
            Patience &patience, Patience::Time begin_time) {
  const Result<std::string> attempt = begin(bus, method, append, patience, begin_time);
  if (!attempt) return failed(attempt.error());
  const Result<Outcome> outcome = converse(bus, attempt.value(), conversation, patience);
  if (outcome) return outcome.value();
  bus.post(attempt.value(), bus::kAttempt, "Cancel");
  return failed(outcome.error());
}

/// Appends a hint unless it is empty.
int append_hint(sd_bus_message *call, const char *key, const std::string &hint) {
  return hint.empty() ? 0 : append_text(call, key, printable(hint, kMaxHint));
}

}  // namespace

Outcome run_login(Bus &bus, const LoginRequest &request, Conversation &conversation, Patience &patience) {
  const auto append = [&](sd_bus_message *call) {
    int code = append_text(call, "user", request.user.str());
    if (code >= 0) code = append_hint(call, "service", request.service);
    if (code >= 0) code = append_hint(call, "tty", request.tty);
    return code < 0 ? code : append_hint(call, "rhost", request.rhost);
  };
  return run(bus, "BeginLogin", append, conversation, patience, Bus::kManagerTime);
}

Outcome run_enrollment(Bus &bus, const EnrollRequest &request, Conversation &conversation,
                       Patience &patience) {
  const auto append = [&](sd_bus_message *call) {
    int code = append_text(call, "user", request.user.str());
    if (code >= 0 && request.way) code = append_text(call, "way", std::string(name_of(*request.way)));
    if (code >= 0 && request.discoverable) code = append_text(call, "discoverable", "yes");
    return code < 0 ? code : append_hint(call, "name", request.name);
  };
  return run(bus, "BeginEnrollment", append, conversation, patience, kStepTime);
}

Outcome run_pin_change(Bus &bus, const UserName &user, const std::string &service, Conversation &conversation,
                       Patience &patience) {
  const auto append = [&](sd_bus_message *call) {
    const int code = append_text(call, request::kUser, user.str());
    return code < 0 ? code : append_hint(call, request::kService, service);
  };
  return run(bus, "BeginPinChange", append, conversation, patience, kStepTime);
}

}  // namespace passkeyd
