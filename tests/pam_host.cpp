/// Driving libpam.
#include "tests/pam_host.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <new>
#include <stdexcept>

#include "tests/failing_allocator.h"
#include "tests/private_machine.h"

namespace passkeyd::test {

std::string module_path;
std::string recorder_path;

namespace {

constexpr const char *kServices = "/run/test/pam.d";
/// What the stack returns when the module said PAM_IGNORE: nothing that the module ever returns itself.
constexpr int kStandsForIgnore = PAM_CRED_EXPIRED;
constexpr const char *kStandIn =
    "pam_debug.so auth=cred_expired acct=cred_expired prechauthtok=cred_expired open_session=cred_expired";
/// pam_debug announces itself.
constexpr std::string_view kStandInSays[] = {"auth=cred_expired", "acct=cred_expired",
                                             "prechauthtok=cred_expired", "open_session=cred_expired"};
constexpr const char *kRecord = "/run/test/record";

struct Host {
  const HostSetup &setup;
  std::deque<HostReply> replies;
  HostResult result = {};
};

const char *style_name(int style) {
  switch (style) {
    case PAM_TEXT_INFO:
      return "info: ";
    case PAM_ERROR_MSG:
      return "error: ";
    case PAM_PROMPT_ECHO_OFF:
      return "secret: ";
    default:
      return "ask: ";
  }
}

int answer(Host &host, pam_response **response) {
  if (host.replies.empty()) return PAM_CONV_ERR;
  const HostReply reply = host.replies.front();
  host.replies.pop_front();
  using Kind = HostReply::Kind;
  if (reply.kind == Kind::Fails) return PAM_CONV_ERR;
  if (reply.kind == Kind::Again) return PAM_CONV_AGAIN;
  if (reply.kind == Kind::NoReply) return PAM_SUCCESS;
  *response = static_cast<pam_response *>(std::calloc(1, sizeof(pam_response)));
  if (*response == nullptr) return PAM_BUF_ERR;
  if (reply.kind == Kind::NullText) return PAM_SUCCESS;
  (*response)->resp = strdup(reply.text.c_str());
  if (reply.kind == Kind::Veiled)
    for (char *at = (*response)->resp; at != nullptr && *at != '\0'; ++at)
      *at = static_cast<char>(*at ^ kVeil);
  return PAM_SUCCESS;
}

int show(Host &host, const pam_message &message, pam_response **response) {
  for (const std::string_view announcement : kStandInSays)
    if (message.msg == announcement) return PAM_SUCCESS;
  host.result.said.push_back(std::string(style_name(message.msg_style)) + message.msg);
  const bool question = message.msg_style == PAM_PROMPT_ECHO_OFF || message.msg_style == PAM_PROMPT_ECHO_ON;
  if (question) {
    const int code = answer(host, response);
    if (host.setup.once_answered) host.setup.once_answered();
    return code;
  }
  if (host.setup.while_told) host.setup.while_told();
  return host.setup.tells_fail ? PAM_CONV_ERR : PAM_SUCCESS;
}

/// Like a decent host in C++: no exception goes out into libpam.
int converse(int count, const pam_message **messages, pam_response **response, void *data) noexcept {
  try {
    return count == 1 ? show(*static_cast<Host *>(data), *messages[0], response) : PAM_CONV_ERR;
  } catch (const std::bad_alloc &) {
    return PAM_BUF_ERR;
  }
}

/// Instead of sleeping.
void note_delay(int, unsigned microseconds, void *data) {
  if (microseconds > 0) static_cast<Host *>(data)->result.fail_delay = microseconds;
}

void replace_all(std::string &text, const std::string &what, const std::string &with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

std::string file_for(const HostSetup &setup) {
  std::string stack = setup.stack;
  if (stack.empty())
    for (const char *group : {"auth", "account", "password", "session"})
      stack += std::string(group) + " [success=done ignore=ignore default=die] PASSKEY " + setup.options +
               "\n" + group + " [default=die] " + kStandIn + "\n";
  replace_all(stack, kPasskey, module_path);
  replace_all(stack, kRecorder, recorder_path + " " + kRecord);
  return stack;
}

bool records(const HostSetup &setup) {
  return setup.stack.find(kRecorder) != std::string::npos;
}

class Transaction {
 public:
  explicit Transaction(Host &host) : conversation_{converse, &host} {
    const HostSetup &setup = host.setup;
    mkdir(kServices, 0755);
    if (records(setup)) unlink(kRecord);
    write_file(std::string(kServices) + "/" + setup.service, file_for(setup));
    const char *user = setup.user.empty() ? nullptr : setup.user.c_str();
    if (pam_start_confdir(setup.service.c_str(), user, &conversation_, kServices, &pamh_) != PAM_SUCCESS)
      throw std::runtime_error("pam_start failed");
    pam_set_item(pamh_, PAM_FAIL_DELAY, reinterpret_cast<const void *>(note_delay));
    if (!setup.tty.empty()) pam_set_item(pamh_, PAM_TTY, setup.tty.c_str());
    if (!setup.rhost.empty()) pam_set_item(pamh_, PAM_RHOST, setup.rhost.c_str());
    if (!setup.auth_info.empty()) pam_putenv(pamh_, ("SSH_AUTH_INFO_0=" + setup.auth_info).c_str());
    if (!setup.ruser.empty()) pam_set_item(pamh_, PAM_RUSER, setup.ruser.c_str());
  }
  ~Transaction() { pam_end(pamh_, PAM_SUCCESS); }
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;

  pam_handle_t *get() { return pamh_; }

 private:
  pam_conv conversation_;
  pam_handle_t *pamh_ = nullptr;
};

using Call = int (*)(pam_handle_t *, int flags);

/// What the host is left with after the last call, whose code is given.
HostResult conclude(Host &host, pam_handle_t *pamh, int code) {
  host.result.code = code == kStandsForIgnore ? PAM_IGNORE : code;
  const void *user = nullptr;
  pam_get_item(pamh, PAM_USER, &user);
  if (user != nullptr) host.result.user = static_cast<const char *>(user);
  if (!records(host.setup)) return host.result;
  std::ifstream record(kRecord);
  for (std::string line; std::getline(record, line);) host.result.recorded.push_back(line);
  return host.result;
}

HostResult calling(const HostSetup &setup, std::initializer_list<Call> calls) {
  Host host{setup, setup.replies};
  Transaction transaction(host);
  allocations_left = setup.failing_allocation;
  int code = PAM_SYSTEM_ERR;
  for (const Call call : calls) code = call(transaction.get(), setup.flags);
  host.result.allocation_failed = setup.failing_allocation >= 0 && allocations_left < 0;
  allocations_left = -1;
  return conclude(host, transaction.get(), code);
}

}  // namespace

HostResult authenticate(const HostSetup &setup) {
  return calling(setup, {pam_authenticate});
}

HostResult manage_account(const HostSetup &setup) {
  return calling(setup, {pam_acct_mgmt});
}

HostResult authenticate_and_manage_account(const HostSetup &setup) {
  return calling(setup, {pam_authenticate, pam_acct_mgmt});
}

HostResult change_token(const HostSetup &setup) {
  return calling(setup, {pam_chauthtok});
}

HostResult open_session(const HostSetup &setup) {
  return calling(setup, {pam_open_session});
}

int call_directly(const std::string &function, const std::vector<const char *> &options, int flags) {
  void *module = dlopen(module_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) throw std::runtime_error(dlerror());
  using Function = int (*)(pam_handle_t *, int, int, const char **);
  const auto call = reinterpret_cast<Function>(dlsym(module, ("pam_sm_" + function).c_str()));
  if (call == nullptr) throw std::runtime_error("the module has no pam_sm_" + function);
  const HostSetup setup;
  Host host{setup, {}};
  Transaction transaction(host);
  std::vector<const char *> argv = options;
  const int code = call(transaction.get(), flags, static_cast<int>(argv.size()), argv.data());
  dlclose(module);
  return code;
}

}  // namespace passkeyd::test
