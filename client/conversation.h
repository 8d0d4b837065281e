/// Conversation: the seam between the dialogue and whoever shows it (PAM, a terminal, a test). It shows what
/// it is given and passes on what it gets; it knows neither steps nor words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"

namespace passkeyd {

/// How much a sentence matters to the person in front of the screen.
enum class Tone {
  Note,     ///< good to know; a host that asked for silence does not get it
  Cue,      ///< the person must do something now (touch the key): shown even where silence was asked for
  Trouble,  ///< something did not work
};

/// Every text handed in is one line of printable UTF-8. Every error means that the conversation failed (the
/// person left, the host refused to show it): the attempt ends, and nothing was said by anybody.
class Conversation {
 public:
  virtual ~Conversation() = default;

  /// Shows `text` and returns at once.
  virtual Status tell(Tone tone, const std::string &text) = 0;

  /// Asks without echo. nullopt: an empty line, the person steps down to the next way. A failed conversation
  /// is an error and never an empty secret.
  virtual Result<std::optional<Secret>> ask_secret(const std::string &prompt) = 0;

  /// Asks once without echo for what others may judge: a password, or an empty line (nullopt) to go on. For a
  /// conversation that can be asked anything it is one more question.
  virtual Result<std::optional<Secret>> offer(const std::string &prompt) { return ask_secret(prompt); }

  /// Asks with echo. nullopt: an empty line.
  virtual Result<std::optional<std::string>> ask(const std::string &prompt) = 0;

  /// Asks for a line that is pasted, which may be far longer than anybody types. nullopt: an empty line.
  virtual Result<std::optional<std::string>> paste(const std::string &prompt) { return ask(prompt); }

  /// Lets the person pick one of `options`, which is not empty; gives its place, from 0. nullopt: none.
  virtual Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                                    const std::vector<std::string> &options) = 0;
};

}  // namespace passkeyd
