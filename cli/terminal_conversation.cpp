/// Talking on a terminal.
#include "cli/terminal_conversation.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

namespace passkeyd::cli {

void add_pin_option(CLI::App &command, bool &from_stdin) {
  command.add_flag("--pin-stdin", from_stdin, "Answer each question with a line of standard input");
}

Answers answers_from(bool from_stdin) {
  return from_stdin ? Answers::Stdin : Answers::Terminal;
}

/// A script whose input has ended has no more to say: an empty line, as if somebody had stepped down.
Result<Secret> TerminalConversation::read(const std::string &prompt, Echo echo) const {
  if (answers_ == Answers::Terminal && !has_terminal())
    return Error{ErrorKind::Cancelled, "there is no terminal to ask on: see --pin-stdin"};
  if (answers_ == Answers::Terminal) return read_from_terminal(prompt, echo);
  Result<Secret> line = read_from_stdin();
  if (!line && line.error().kind == ErrorKind::Cancelled) return Secret();
  return line;
}

Status TerminalConversation::tell(Tone, const std::string &text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return Ok{};
}

Result<std::optional<Secret>> TerminalConversation::ask_secret(const std::string &prompt) {
  Secret line = TRY(read(prompt, Echo::Off));
  if (line.empty()) return std::optional<Secret>();
  return std::optional<Secret>(std::move(line));
}

Result<std::optional<std::string>> TerminalConversation::ask(const std::string &prompt) {
  const Secret line = TRY(read(prompt, Echo::On));
  if (line.empty()) return std::optional<std::string>();
  return std::optional<std::string>(line.text());
}

Result<std::optional<std::string>> TerminalConversation::paste(const std::string &prompt) {
  Result<std::string> line =
      answers_ == Answers::Terminal ? read_pasted_from_terminal(prompt) : read_pasted_from_stdin();
  const bool no_more = !line && answers_ == Answers::Stdin && line.error().kind == ErrorKind::Cancelled;
  if (no_more || (line && line->empty())) return std::optional<std::string>();
  if (!line) return line.error();
  return std::optional<std::string>(std::move(line).value());
}

/// A number that is not on the list is asked for again; end of input ends it.
Result<std::optional<std::size_t>> TerminalConversation::choose(const std::string &prompt,
                                                                const std::vector<std::string> &options) {
  if (answers_ == Answers::Terminal && !has_terminal())
    return Error{ErrorKind::Cancelled, std::string("there is no terminal to choose on: see ") + chosen_by_};
  for (std::size_t at = 0; at < options.size(); ++at)
    std::fprintf(stderr, "  %zu. %s\n", at + 1, options[at].c_str());
  for (;;) {
    const std::optional<std::string> text = TRY(ask(prompt));
    if (!text) return std::optional<std::size_t>();
    std::size_t number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    const bool whole = problem == std::errc() && end == text->data() + text->size();
    if (whole && number >= 1 && number <= options.size()) return std::optional<std::size_t>(number - 1);
  }
}

}  // namespace passkeyd::cli
