/// TerminalConversation: cues on standard error, questions on the terminal, or answers from standard input
/// for scripts.
#pragma once

#include "cli/terminal.h"
#include "client/conversation.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// Where answers come from. Never from the command line or the environment: other processes can read those.
enum class Answers {
  Terminal,  ///< /dev/tty, PINs without echo
  Stdin,     ///< one line of standard input for each question; an empty one steps down
};

/// Adds --pin-stdin; `from_stdin` must live as long as `command`.
void add_pin_option(CLI::App &command, bool &from_stdin);
Answers answers_from(bool from_stdin);

class TerminalConversation final : public Conversation {
 public:
  /// `chosen_by`: the option that says beforehand what would be chosen from a list, for the error where
  /// nobody can be asked.
  explicit TerminalConversation(Answers answers, const char *chosen_by = "--pin-stdin")
      : answers_(answers), chosen_by_(chosen_by) {}

  Status tell(Tone tone, const std::string &text) override;
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override;
  Result<std::optional<std::string>> ask(const std::string &prompt) override;
  Result<std::optional<std::string>> paste(const std::string &prompt) override;
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override;

 private:
  [[nodiscard]] Result<Secret> read(const std::string &prompt, Echo echo) const;

  Answers answers_;
  const char *chosen_by_;
};

}  // namespace passkeyd::cli
