/// PamConversation: shows the dialogue through the host's conversation function. Every reply is wiped and
/// freed here.
#pragma once

#include <security/pam_modules.h>

#include "client/conversation.h"

namespace passkeyd {

/// What may be shown without being asked.
enum class Loudness {
  Questions,  ///< nothing but questions (option "quiet")
  NoNotes,    ///< and what the person must do now, and what went wrong. For PAM_SILENT, which sudo sets for
              ///< everybody: otherwise a key would blink unseen, and a PIN be asked for again without a word
              ///< why
  All,
};

class PamConversation final : public Conversation {
 public:
  PamConversation(pam_handle_t *pamh, Loudness loudness) : pamh_(pamh), loudness_(loudness) {}

  Status tell(Tone tone, const std::string &text) override;
  Result<std::optional<Secret>> ask_secret(const std::string &prompt) override;
  Result<std::optional<std::string>> relay(const std::string &prompt) override;
  Result<std::optional<std::string>> ask(const std::string &prompt) override;
  Result<std::optional<std::size_t>> choose(const std::string &prompt,
                                            const std::vector<std::string> &options) override;

 private:
  [[nodiscard]] bool shows(Tone tone) const;

  pam_handle_t *pamh_;
  Loudness loudness_;
};

}  // namespace passkeyd
