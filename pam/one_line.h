/// OneLine: makes the dialogue understood in greeters that have one line for words. There each text takes the
/// place of the one before it, and a question is shown only while that line is empty, the first one not even
/// then: LightDM's GTK greeter shows a field and nothing that says what belongs into it.
#pragma once

#include <string>

#include "client/conversation.h"
#include "pam/hosts.h"

namespace passkeyd {

/// A Conversation for hosts of both kinds: where every text is shown, it passes on what it is given.
class OneLine final : public Conversation {
 public:
  OneLine(Conversation &host, Words words) : host_(host), words_(words) {}

  /// Trouble keeps its place until something is asked: what comes next is put behind it.
  Status tell(Tone tone, const std::string &text) override;
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override;
  Result<std::optional<Secret>> offer(const std::string &prompt) override;
  Result<std::optional<std::string>> relay(const std::string &prompt) override { return host_.relay(prompt); }
  Result<std::optional<std::string>> ask(const std::string &prompt) override;
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override;

 private:
  /// What the line holds.
  enum class Line { NothingYet, Empty, Words };

  Status announce(const std::string &prompt);

  Conversation &host_;
  Words words_;
  Line line_ = Line::NothingYet;
  std::string trouble_;  ///< the last one since the last question
};

}  // namespace passkeyd
