/// A person who follows a script: notes everything said, and gives the next reply of the list to every
/// question.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "client/conversation.h"

namespace passkeyd::test {

/// A reply: a text ("" is an empty line), or a conversation that fails.
using Reply = std::optional<std::string>;
inline constexpr std::nullopt_t kFails = std::nullopt;

class ScriptedConversation final : public Conversation {
 public:
  explicit ScriptedConversation(std::deque<Reply> replies = {}) : replies_(std::move(replies)) {}

  Status tell(Tone tone, const std::string &text) override {
    const char *tones[] = {"note: ", "cue: ", "trouble: "};
    said.push_back(tones[static_cast<int>(tone)] + text);
    return Ok{};
  }
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override {
    const std::string reply = TRY(reply_to("secret: " + prompt));
    if (reply.empty()) return std::optional<Secret>();
    return std::optional<Secret>(TRY(Secret::parse(reply)));
  }
  Result<std::optional<std::string>> ask(const std::string &prompt) override {
    const std::string reply = TRY(reply_to("ask: " + prompt));
    if (reply.empty()) return std::optional<std::string>();
    return std::optional<std::string>(reply);
  }
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override {
    std::string list = "choose: " + prompt;
    for (const std::string &option : options) list += "[" + option + "]";
    const std::string reply = TRY(reply_to(list));
    if (reply.empty()) return std::optional<std::size_t>();
    return std::optional<std::size_t>(std::stoul(reply));
  }

  std::vector<std::string> said;

 private:
  Result<std::string> reply_to(const std::string &question) {
    said.push_back(question);
    if (replies_.empty() || !replies_.front()) return Error{ErrorKind::Cancelled, "the script says so"};
    const std::string reply = *replies_.front();
    replies_.pop_front();
    return reply;
  }

  std::deque<Reply> replies_;
};

}  // namespace passkeyd::test
