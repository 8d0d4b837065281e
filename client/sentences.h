/// Sentences: the table behind the words, in English. A row for every message id.
#pragma once

#include <span>
#include <string_view>

#include "client/catalog.h"
#include "client/conversation.h"

namespace passkeyd {

/// How a row is put together with what else there is to say.
enum class Shape {
  Sentence,   ///< says what happened, or what to do
  Complaint,  ///< about something typed, which can be typed again
  Question,   ///< ends in a colon; tries left come before it
  LastWord,   ///< nothing is said after it: there is nothing the person could do
};

struct Sentence {
  std::string_view id;
  Tone tone;
  Shape shape;
  const char *words;             ///< {device}, {name}: see words_for
  const char *advice = nullptr;  ///< what to do next, where nothing else is known to come
  Plural with_tries = {};        ///< takes the place of `words` where the tries left, {count}, are known
};

/// The question behind message::kElsewhere, which is two sentences with the prompt between them.
inline constexpr const char *kAnswerFromElsewhere = "elsewhere-answer";

std::span<const Sentence> all_sentences();

/// nullptr: an id nobody knows.
const Sentence *sentence_of(std::string_view id);

}  // namespace passkeyd
