/// The words: the one place where a message id becomes a sentence for people. Everything a person reads from
/// the module or the command, apart from tables and usage, is in words.cpp, so that it can be reviewed, and
/// later translated, in one go.
#pragma once

#include <string>
#include <string_view>

#include "client/conversation.h"
#include "client/details.h"

namespace passkeyd {

/// The sentence for `details.message`: what happened and what to do next, in one line that a login screen can
/// hold, with the device, tries left and seconds worked in where they were given. A question ends in ": ".
/// Total: an id nobody knows gives a general sentence.
std::string words_for(const Details &details);

/// How much it matters.
Tone tone_of(std::string_view message);

/// True if `message` has a sentence of its own. For tests, and for whoever adds an id.
bool has_words(std::string_view message);

}  // namespace passkeyd
