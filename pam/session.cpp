/// Reading sshd's word, and asking about the keys in it.
#include "pam/session.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include <algorithm>
#include <string_view>

#include "client/bus.h"
#include "client/printable.h"
#include "common/sshd.h"
#include "common/steps.h"
#include "pam/handle.h"

namespace passkeyd {
namespace {

/// A line for each method, "publickey TYPE BASE64" among them (ExposeAuthInfo, sshd_config(5)). sshd puts it
/// there whatever ExposeAuthInfo says.
constexpr const char *kAuthInfo = "SSH_AUTH_INFO_0";
constexpr std::string_view kSecurityKey = "publickey sk-";
constexpr std::size_t kMaxHint = 255;
/// Nobody is asked anything: what has not been answered by then is not going to be.
constexpr Patience::Time kPatience = std::chrono::seconds(15);

int append_hints(sd_bus_message *call, pam_handle_t *pamh) {
  int failed = sd_bus_message_open_container(call, 'a', "{sv}");
  const auto hint = [&](const char *key, int item) {
    const std::string text = printable(item_of(pamh, item), kMaxHint);
    if (failed >= 0 && !text.empty()) failed = append_text(call, key, text);
  };
  hint(request::kService, PAM_SERVICE);
  hint(request::kTty, PAM_TTY);
  hint(request::kRemoteHost, PAM_RHOST);
  return failed >= 0 ? sd_bus_message_close_container(call) : failed;
}

/// Ctrl-C does not end this: without an answer nobody gets in.
Status ask(pam_handle_t *pamh, const UserName &user, const char *auth_info, Patience patience) {
  Bus bus = TRY(Bus::open(patience, Interactive::No, CtrlC::IsTheHosts));
  const auto fill = [&](sd_bus_message *call) {
    const int failed = sd_bus_message_append(call, "ss", user.str().c_str(), auth_info);
    return failed >= 0 ? append_hints(call, pamh) : failed;
  };
  TRY(bus.call_manager("CheckSshSession", fill, patience));
  return Ok{};
}

}  // namespace

bool came_in_by_security_key(pam_handle_t *pamh) {
  const char *auth_info = pam_getenv(pamh, kAuthInfo);
  return auth_info != nullptr && std::string_view(auth_info).find(kSecurityKey) != std::string_view::npos;
}

int open_session(pam_handle_t *pamh, const Options &options) {
  if (!came_in_by_security_key(pamh)) return PAM_IGNORE;
  const char *auth_info = pam_getenv(pamh, kAuthInfo);
  const std::string_view text = auth_info;
  const Result<std::optional<UserName>> user = user_of(pamh, AskName::No);
  if (!user || !user.value() || text.size() > sshd::kMaxAuthInfo) {
    pam_syslog(pamh, LOG_ERR, "sshd names nobody whose SSH key could be looked up");
    return PAM_SESSION_ERR;
  }
  const Status allowed = 
      ask(pamh, *user.value(), auth_info, Patience(std::min<Patience::Time>(options.timeout, kPatience)));
  if (allowed) return PAM_IGNORE;
  const char *name = user.value()->str().c_str();
  if (allowed.error().kind == ErrorKind::Denied)
    pam_syslog(pamh, LOG_NOTICE, "user %s came in with an SSH key that opens nothing here, or no more", name);
  else
    pam_syslog(pamh, LOG_WARNING, "whether the SSH key of user %s was revoked cannot be told: %s", name,
               allowed.error().sentence.c_str());
  return PAM_SESSION_ERR;
}

}  // namespace passkeyd
