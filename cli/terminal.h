/// Lines from a person or a pipe. Hidden input is undone however it ends: a signal that would stop or end the
/// process finds the terminal as it was.
#pragma once

#include <string>

#include "common/result.h"
#include "common/secret.h"

namespace passkeyd::cli {

enum class Echo { Off, On };

/// True if there is a terminal to ask on.
bool has_terminal();

/// Shows `prompt` on the controlling terminal, whatever standard input and output are, and reads a line
/// there. Without echo, what was typed before the prompt is thrown away. Errors: Cancelled (no terminal, end
/// of file), InvalidInput (longer than a Secret may be).
Result<Secret> read_from_terminal(const std::string &prompt, Echo echo);

/// Longest line that is pasted, in bytes.
inline constexpr std::size_t kMaxPasted = 32 * 1024;

/// The same for a line that is pasted: it may be longer than the terminal itself makes lines, and is not
/// shown. Errors: Cancelled, InvalidInput (longer than kMaxPasted).
Result<std::string> read_pasted_from_terminal(const std::string &prompt);

/// What a person says to a question that can be answered with yes.
enum class Consent {
  Refused,      ///< anything but yes
  NobodyThere,  ///< there is no terminal: nobody was asked
  Given,
};

/// Asks `question` on the controlling terminal.
Consent ask_consent(const std::string &question);

/// Reads one line of standard input and not a byte more. Errors as above.
Result<Secret> read_from_stdin();
Result<std::string> read_pasted_from_stdin();

}  // namespace passkeyd::cli
