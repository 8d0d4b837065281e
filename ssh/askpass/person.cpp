/// Talking to the person.
#include "ssh/askpass/person.h"

#include <charconv>
#include <cstdio>

#include "client/printable.h"
#include "client/terminal.h"
#include "client/words.h"

namespace passkeyd::askpass {
namespace {

/// An askpass that gives the same answer to everything is not asked for ever.
constexpr int kMostQuestions = 3;
constexpr std::size_t kMostBytes = 200;

}  // namespace

Status Person::tell(Tone tone, const std::string &text) {
  notice_.reset();
  const std::string line = tone == Tone::Cue ? purpose_ + ": " + text : text;
  if (show_on_terminal(line)) return Ok{};
  std::fprintf(stderr, "%s\n", line.c_str());
  if (tone == Tone::Cue && next_.asker == Asker::Program) notice_.emplace(next_.program, line);
  return Ok{};
}

Result<std::optional<Secret>> Person::answer_to(const std::string &question, bool hidden) {
  notice_.reset();
  const std::string line = purpose_ + ": " + question;
  if (next_.asker == Asker::Nobody) return Error{ErrorKind::Cancelled, "there is nobody to ask"};
  Secret answer =
      TRY(next_.asker == Asker::Program ? ask_through(next_.program, line)
                                        : read_from_terminal(line, hidden ? Echo::Off : Echo::On));
  if (answer.empty()) return std::optional<Secret>();
  return std::optional(std::move(answer));
}

Result<std::optional<Secret>> Person::ask_secret(const std::string &prompt) {
  return answer_to(prompt, true);
}

Result<std::optional<std::string>> Person::ask(const std::string &prompt) {
  const std::optional<Secret> answer = TRY(answer_to(prompt, false));
  if (!answer) return std::optional<std::string>();
  return std::optional<std::string>(answer->text());
}

Result<std::optional<std::size_t>> Person::choose(const std::string &prompt,
                                                  const std::vector<std::string> &options) {
  std::string question;
  for (std::size_t at = 0; at < options.size(); ++at)
    question += "\n  " + std::to_string(at + 1) + ". " + options[at];
  question += "\n" + prompt;
  for (int asked = 0; asked < kMostQuestions; ++asked) {
    const std::optional<std::string> text = TRY(ask(question));
    if (!text) return std::optional<std::size_t>();
    std::size_t number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    const bool whole = problem == std::errc() && end == text->data() + text->size();
    if (whole && number >= 1 && number <= options.size()) return std::optional<std::size_t>(number - 1);
  }
  return Error{ErrorKind::Cancelled, "none of them was chosen"};
}

std::string words_of(const Error &why, const std::string &device, const char *next) {
  // What people read of these two elsewhere is about the service, and there is none here.
  if (why.kind == ErrorKind::Io || why.kind == ErrorKind::Internal)
    return "passkey-askpass: " + printable(why.sentence, kMostBytes);
  Details details{.message = std::string(name_of(why.kind)), .device = device, .next = next};
  if (why.tries_left && *why.tries_left >= 0)
    details.tries_left = static_cast<std::uint32_t>(*why.tries_left);
  return words_for(details);
}

}  // namespace passkeyd::askpass
