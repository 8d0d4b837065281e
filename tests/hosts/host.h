/// Host: how a program that signs people in holds its conversation with PAM. A table of the real ones'
/// habits, as their sources have them; the engine that plays them is main.cpp.
#pragma once

#include <string_view>

namespace passkeyd::hosts {

/// What it does with a hidden prompt.
enum class Hidden {
  Asks,       ///< shows it and gives what the person then types
  Typed,      ///< gives the one text that was typed before anything was asked, to every prompt alike
  TypedOnce,  ///< gives that text to the first prompt, and aborts at the second (PAM_ABORT)
};

/// What it does with a prompt that is echoed.
enum class Echoed {
  Asks,
  Name,   ///< gives the user name
  Fails,  ///< PAM_CONV_ERR
  AsHidden,
};

/// What it does with a text that is to be shown.
enum class Texts {
  Shown,
  Dropped,
};

struct Host {
  std::string_view name;
  std::string_view service;  ///< PAM service
  Hidden hidden;
  Echoed echoed;
  Texts texts;
  std::size_t longest = 512;    ///< bytes of an answer: longer ones are cut ...
  bool refuses_longer = false;  ///< ... or fail the conversation
  bool silent = false;          ///< PAM_SILENT
  bool as_user = false;         ///< runs as the person, not as root
  std::string_view tty = {};
  std::string_view rhost = {};
};

/// nullptr: no such host.
const Host *find_host(std::string_view name);

}  // namespace passkeyd::hosts
