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

/// A PAM file of the test's own: PASSKEY stands for the module, RECORDER for a module that notes what it
/// finds in the handle and lets everybody in who has a password there.
inline constexpr const char *kPasskey = "PASSKEY";
inline constexpr const char *kRecorder = "RECORDER";

struct HostSetup {
  std::string options = {};    ///< after pam_passkey.so
  std::string user = "alice";  ///< empty: the host names nobody
  std::string service = "passkey-test";
  std::deque<HostReply> replies = {};
  std::string stack = {};  ///< instead of the one that tells every code of the module apart
  int flags = 0;
  std::string tty = {};
  std::string rhost = {};
  std::string auth_info = {};    ///< what sshd has in the handle's environment about how somebody came in
  std::string ruser = {};
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
  std::string user = {};                    ///< PAM_USER at the end
  std::vector<std::string> recorded = {};   ///< by RECORDER, a line each: "user=alice password=secret"
};

/// The paths of the module under test and of RECORDER, set by main().
extern std::string module_path;
extern std::string recorder_path;

/// pam_authenticate.
HostResult authenticate(const HostSetup &setup = {});

/// pam_acct_mgmt in a handle where nobody was authenticated.
HostResult manage_account(const HostSetup &setup = {});

/// pam_authenticate, whatever comes of it, and then pam_acct_mgmt, whose code it gives.
HostResult authenticate_and_manage_account(const HostSetup &setup = {});

/// pam_chauthtok: the round that checks, and the one that changes.
HostResult change_token(const HostSetup &setup = {});

/// pam_open_session in a handle where nobody was authenticated.
HostResult open_session(const HostSetup &setup = {});

/// What another management group of the module returns: "setcred", "acct_mgmt", "open_session",
/// "close_session", "chauthtok". Calls the module's function itself: through a stack, IGNORE could not be
/// told from others.
int call_directly(const std::string &function, const std::vector<const char *> &options = {}, int flags = 0);

}  // namespace passkeyd::test
