/// What stands in the line.
#include "pam/one_line.h"

namespace passkeyd {

Status OneLine::tell(Tone tone, const std::string &text) {
  if (words_ == Words::All) return host_.tell(tone, text);
  const std::string before = trouble_.empty() ? std::string() : trouble_ + " ";
  line_ = Line::Words;
  if (tone == Tone::Trouble) trouble_ = text;
  return host_.tell(tone, before + text);
}

/// A question that would not be shown is told before it is asked, behind the trouble that it comes after: a
/// field without words may get a password where a PIN is wanted.
Status OneLine::announce(const std::string &prompt) {
  const bool is_shown = words_ == Words::All || line_ == Line::Empty;
  const std::string before = trouble_.empty() ? std::string() : trouble_ + " ";
  line_ = Line::Empty;
  trouble_.clear();
  if (is_shown) return Ok{};
  return host_.tell(Tone::Cue, before + prompt.substr(0, prompt.find_last_not_of(": ") + 1));
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
  TRY(announce(prompt));
  return host_.choose(prompt, options);
}

}  // namespace passkeyd
