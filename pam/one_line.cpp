/// What stands in the line.
#include "pam/one_line.h"

namespace passkeyd {

Status OneLine::tell(Tone tone, const std::string &text) {
  if (words_ == Words::All) return host_.tell(tone, text);
  const std::string before = trouble_.empty() ? std::string() : trouble_ + " ";
  line_ = tone == Tone::Trouble ? Line::Complaint : Line::SomethingElse;
  if (tone == Tone::Trouble) trouble_ = text;
  return host_.tell(tone, before + text);
}

/// A complaint says what it is about and what comes next: the question after it needs no words. Any other is
/// told before it is asked where it would not be shown.
Status OneLine::announce(const std::string &prompt) {
  const bool is_shown = words_ == Words::All || line_ == Line::Empty || line_ == Line::Complaint;
  line_ = Line::Empty;
  trouble_.clear();
  return is_shown ? Status(Ok{}) : host_.tell(Tone::Cue, prompt.substr(0, prompt.find_last_not_of(": ") + 1));
}

Result<std::optional<Secret>> OneLine::ask_secret(const std::string &prompt) {
  TRY(announce(prompt));
  return host_.ask_secret(prompt);
}

Result<std::optional<Secret>> OneLine::offer(const std::string &prompt) {
  TRY(announce(prompt));
  return host_.offer(prompt);
}

Result<std::optional<std::string>> OneLine::ask(const std::string &prompt) {
  TRY(announce(prompt));
  return host_.ask(prompt);
}

Result<std::optional<std::size_t>> OneLine::choose(const std::string &prompt,
                                                   const std::vector<std::string> &options) {
  return host_.choose(prompt, options);
}

}  // namespace passkeyd
