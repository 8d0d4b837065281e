/// Driving libpam.
#include "tests/pam_host.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "tests/failing_allocator.h"
#include "tests/private_machine.h"

namespace passkeyd::test {

std::string module_path;

namespace {

constexpr const char *kServices = "/run/test/pam.d";
/// What the stack returns when the module said PAM_IGNORE: nothing that the module ever returns itself.
constexpr int kStandsForIgnore = PAM_CRED_EXPIRED;
constexpr const char *kStandIn = "pam_debug.so auth=cred_expired";
constexpr std::string_view kStandInSays = "auth=cred_expired";  ///< pam_debug announces itself

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
  if (message.msg == kStandInSays) return PAM_SUCCESS;
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

class Transaction {
 public:
  explicit Transaction(Host &host) : conversation_{converse, &host} {
    mkdir(kServices, 0755);
    write_file(std::string(kServices) + "/passkey-test", "auth [success=done ignore=ignore default=die] " +
                                                             module_path + " " + host.setup.options +
                                                             "\nauth [default=die] " + kStandIn + "\n");
    if (pam_start_confdir("passkey-test", host.setup.user.c_str(), &conversation_, kServices, &pamh_) !=
        PAM_SUCCESS)
      throw std::runtime_error("pam_start failed");
    pam_set_item(pamh_, PAM_FAIL_DELAY, reinterpret_cast<const void *>(note_delay));
    if (!host.setup.tty.empty()) pam_set_item(pamh_, PAM_TTY, host.setup.tty.c_str());
    if (!host.setup.rhost.empty()) pam_set_item(pamh_, PAM_RHOST, host.setup.rhost.c_str());
  }
  ~Transaction() { pam_end(pamh_, PAM_SUCCESS); }
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;

  pam_handle_t *get() { return pamh_; }

 private:
  pam_conv conversation_;
  pam_handle_t *pamh_ = nullptr;
};

}  // namespace

HostResult authenticate(const HostSetup &setup) {
  Host host{setup, setup.replies};
  Transaction transaction(host);
  allocations_left = setup.failing_allocation;
  const int code = pam_authenticate(transaction.get(), setup.flags);
  host.result.allocation_failed = setup.failing_allocation >= 0 && allocations_left < 0;
  allocations_left = -1;
  host.result.code = code == kStandsForIgnore ? PAM_IGNORE : code;
  return host.result;
}

int call_directly(const std::string &function) {
  void *module = dlopen(module_path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) throw std::runtime_error(dlerror());
  using Function = int (*)(pam_handle_t *, int, int, const char **);
  const auto call = reinterpret_cast<Function>(dlsym(module, ("pam_sm_" + function).c_str()));
  if (call == nullptr) throw std::runtime_error("the module has no pam_sm_" + function);
  const HostSetup setup;
  Host host{setup, {}};
  Transaction transaction(host);
  const int code = call(transaction.get(), 0, 0, nullptr);
  dlclose(module);
  return code;
}

}  // namespace passkeyd::test
