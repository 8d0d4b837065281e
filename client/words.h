/// The words: the one place where a message id becomes a sentence for people. What is said in a dialogue, and
/// why something failed, is made in words.cpp from the rows of sentences.cpp, for the module and the command,
/// so that it can be reviewed, and translated (client/po), in one go. What else passkeyctl has to say is its
/// own, in English.
#pragma once

#include <string>
#include <string_view>

#include "client/conversation.h"
#include "client/details.h"

namespace passkeyd {

/// The sentence for `details.message`: what happened and what comes next, in one line that a login screen can
/// hold, with the device, tries left and seconds worked in where they were given. A question ends in ": ".
/// Total: an id nobody knows gives a general sentence.
std::string words_for(const Details &details);

/// The same at the end of a sign-in that has other ways behind it, such as the rest of a PAM stack: says so
/// where nothing else comes next.
std::string last_words_for(const Details &details);

/// How much it matters.
Tone tone_of(std::string_view message);

/// Backup codes left from which on the person is reminded that new ones can be made.
inline constexpr std::uint32_t kFewCodes = 3;

/// True if `message` has a sentence of its own. For tests, and for whoever adds an id.
bool has_words(std::string_view message);

}  // namespace passkeyd
