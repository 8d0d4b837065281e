/// Person: the conversation with whoever signs in, on the terminal or through their own askpass. Whatever is
/// asked or wanted of them, it says first what it is for.
#pragma once

#include <optional>

#include "client/conversation.h"
#include "ssh/askpass/next.h"

namespace passkeyd::askpass {

class Person final : public Conversation {
 public:
  /// `purpose`: what goes before every cue and question, such as "Signing in to web as alice"; printable.
  Person(Next next, std::string purpose) : next_(std::move(next)), purpose_(std::move(purpose)) {}

  Status tell(Tone tone, const std::string &text) override;
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override;
  Result<std::optional<std::string>> ask(const std::string &prompt) override;
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override;

 private:
  /// nullopt: an empty line.
  Result<std::optional<Secret>> answer_to(const std::string &question, bool hidden);

  const Next next_;
  const std::string purpose_;
  std::optional<Notice> notice_;  ///< the cue, where there is no terminal
};

/// What went wrong, for people. `device`: empty where none is to be named; `next`: what comes after it
/// (common/steps.h), or empty.
std::string words_of(const Error &why, const std::string &device = {}, const char *next = "");

}  // namespace passkeyd::askpass
