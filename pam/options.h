/// The module's options: what stands behind pam_passkey.so in a PAM file. A typo must never weaken a login in
/// silence, so an option nobody knows, one that means nothing in its management group, and a value out of
/// range are errors and not shrugs.
#pragma once

#include <chrono>
#include <optional>

#include "client/requests.h"
#include "common/result.h"

namespace passkeyd {

/// The management groups of PAM, by the first word of a line.
enum class Group { Auth, Account, Session, Password };

struct Options {
  bool debug = false;    ///< "debug": say more in the log
  bool quiet = false;    ///< "quiet": show nothing but questions, not even the touch cue
  bool nodelay = false;  ///< auth: "nodelay": no delay after a failure
  /// "timeout=SECONDS": the longest the module waits for the daemon, all steps together, without the time
  /// that people take to answer questions. 1 to 300.
  std::chrono::seconds timeout{120};
  std::optional<First> first_prompt =
      {};  ///< auth: "first_prompt=passkey|either"; nullopt: by the table (hosts.h)
  std::optional<HostTalk> host = {};  ///< auth: "host=talks|one-answer"; nullopt: the table knows (hosts.h)
  Typed typed = Typed::Password;      ///< auth: "typed=password|pin"
  std::chrono::seconds wait{0};       ///< auth: "wait=SECONDS": for a key to be plugged in, 0 to 300
  bool no_agent = false;              ///< auth: "no_agent": the person's SSH agent is left alone
  bool usernameless = false;          ///< auth: "usernameless": the passkey may say who it is
  bool always = false;                ///< account: "always": ask though nobody signed in through the module
  bool tpm_pin = false;               ///< password: "tpm_pin": change the PIN whatever the service

  /// Errors: NotConfigured; the sentence names the option and is printable.
  static Result<Options> parse(Group group, int argc, const char **argv);
};

}  // namespace passkeyd
