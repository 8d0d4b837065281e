/// A PAM host for tests: the real libpam, the real module, a service directory of the test's own, and a
/// conversation that follows a list.
#pragma once

#include <security/pam_appl.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace passkeyd::test {

/// What the host's conversation function does with one question.
struct HostReply {
  enum class Kind {
    Text,      ///< answers `text`
    Veiled,    ///< answers `text` with every byte turned by kVeil, so that the host itself never holds the
               ///< answer
    NullText,  ///< success, with a response whose text is null
    NoReply,   ///< success, without any response
    Fails,     ///< PAM_CONV_ERR
    Again,     ///< PAM_CONV_AGAIN
  } kind = Kind::Text;
  std::string text = {};
};

inline constexpr unsigned char kVeil = 0x55;

struct HostSetup {
  std::string options = {};  ///< after pam_passkey.so
  std::string user = "alice";
  std::deque<HostReply> replies = {};
  int flags = 0;
  std::string tty = {};
  std::string rhost = {};
  bool tells_fail = false;       ///< the conversation fails for anything that is no question
  long failing_allocation = -1;  ///< see tests/failing_allocator.h; counted from pam_authenticate on
  std::function<void()> once_answered =
      {};  ///< runs when a question was answered, before the module has the answer
  std::function<void()> while_told = {};  ///< runs whenever something is shown: the attempt is open then
};

struct HostResult {
  int code = PAM_SYSTEM_ERR;      ///< what the module returned, PAM_IGNORE included
  std::vector<std::string> said;  ///< "info: ", "error: ", "secret: ", "ask: " and the text
  bool allocation_failed = false;
  std::optional<unsigned> fail_delay = {};  ///< microseconds, if the module asked for a delay
};

/// The path of the module under test, set by main().
extern std::string module_path;

/// pam_authenticate.
HostResult authenticate(const HostSetup &setup = {});

/// What another management group of the module returns: "setcred", "acct_mgmt", "open_session",
/// "close_session", "chauthtok". Calls the module's function itself: through a stack, IGNORE could not be
/// told from others.
int call_directly(const std::string &function);

}  // namespace passkeyd::test
