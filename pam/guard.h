/// Guard: stands between the dialogue and the host, so that whatever the daemon asks, no host ever gives a
/// password in answer to something else. A question that may not be asked is answered by an empty line, which
/// steps down.
#pragma once

#include "client/conversation.h"
#include "pam/hosts.h"

namespace passkeyd {

/// What the same hidden answer to two questions in a row means.
enum class Repetition {
  IsNoAnswer,  ///< that the host answers alike whatever it is asked: nobody types a PIN again that was just
               ///< refused
  IsAsked,     ///< that the person did as told: a new PIN is typed twice
};

class Guard final : public Conversation {
 public:
  /// `password`: what PAM_AUTHTOK holds, nullptr if nothing; stays valid as long as this lives. Somebody has
  /// asked for the password then, so it is not asked for again.
  Guard(Conversation &host, HostKind kind, const char *password,
        Repetition repetition = Repetition::IsNoAnswer)
      : host_(host), kind_(kind), password_(password), repetition_(repetition) {}

  Status tell(Tone tone, const std::string &text) override;
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override;
  Result<std::optional<Secret>> offer(const std::string &prompt) override;
  Result<std::optional<std::string>> relay(const std::string &prompt) override;
  Result<std::optional<std::string>> ask(const std::string &prompt) override;
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override;

 private:
  [[nodiscard]] bool may_ask() const;
  [[nodiscard]] bool may_offer() const;
  [[nodiscard]] bool is_the_password(const Secret &reply) const;

  Conversation &host_;
  HostKind kind_;
  const char *password_;
  Repetition repetition_;
  bool offered_ = false;
  Secret last_;  ///< the hidden answer before this one
};

}  // namespace passkeyd
