/// Prompt: what ssh asks its askpass, told apart. The client itself writes "(USER@HOST) " before each prompt
/// of keyboard-interactive, and no server can write there; so a prompt is one of ours only right behind that.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "ssh/relay.h"

namespace passkeyd::askpass {

/// Where a sign-in goes to, in the client's own words.
struct Target {
  std::string user;
  std::string host;  ///< lower case
};

struct Foreign {};  ///< not ours: somebody else's to answer
struct First {      ///< asks whether there is a passkey to ask
  Target target;
};
struct Challenged {
  Target target;
  ssh::AssertionPrompt challenge;
};
struct Senseless {  ///< begins like one of ours and is none: nobody's to answer
  Target target;
};
using Prompt = std::variant<Foreign, First, Challenged, Senseless>;

/// Total: any bytes of any length.
Prompt read_prompt(std::string_view text);

/// True for what ssh itself asks about a host key that it does not know: the one answer that need not be
/// hidden.
bool asks_about_a_host_key(std::string_view text);

}  // namespace passkeyd::askpass
