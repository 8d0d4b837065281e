/// scripted-host: signs a person in through the real libpam the way a given program does, and says what it
/// saw.
///
/// usage: scripted-host HOST USER [TYPED]
///   TYPED  what was typed before anything was asked, for hosts that work so
///
/// On standard output, a line each: "hidden TEXT", "echoed TEXT", "info TEXT", "error TEXT" as the
/// conversation goes, "code N" when pam_authenticate has returned, "user NAME" with whom PAM then takes them
/// for (no name: for nobody), "account N" after pam_acct_mgmt if that was called. A host that asks the person
/// reads their answer, a line, from standard input after it has printed the prompt. An empty USER is none: the
/// host names nobody.
#include <pwd.h>
#include <security/pam_appl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "tests/hosts/host.h"

namespace passkeyd::hosts {
namespace {

struct State {
  const Host *host;
  std::string user;
  std::string typed;
  bool given = false;
};

void say(const char *what, const char *text) {
  std::printf("%s %s\n", what, text);
  std::fflush(stdout);
}

/// nullopt as false: the person is gone.
bool ask(std::string &answer) {
  return static_cast<bool>(std::getline(std::cin, answer));
}

int answer_hidden(State &state, std::string &answer) {
  if (state.host->hidden == Hidden::Asks) return ask(answer) ? PAM_SUCCESS : PAM_CONV_ERR;
  if (state.host->hidden == Hidden::TypedOnce && state.given) return PAM_ABORT;
  state.given = true;
  answer = state.typed;
  return PAM_SUCCESS;
}

int answer_echoed(State &state, std::string &answer) {
  switch (state.host->echoed) {
    case Echoed::Asks:
      return ask(answer) ? PAM_SUCCESS : PAM_CONV_ERR;
    case Echoed::Name:
      answer = state.user;
      return PAM_SUCCESS;
    case Echoed::AsHidden:
      return answer_hidden(state, answer);
    case Echoed::Fails:
      break;
  }
  return PAM_CONV_ERR;
}

int answer_one(State &state, const pam_message &message, pam_response &response) {
  std::string answer;
  int code = PAM_SUCCESS;
  switch (message.msg_style) {
    case PAM_PROMPT_ECHO_OFF:
      say("hidden", message.msg);
      code = answer_hidden(state, answer);
      break;
    case PAM_PROMPT_ECHO_ON:
      say("echoed", message.msg);
      code = answer_echoed(state, answer);
      break;
    case PAM_TEXT_INFO:
    case PAM_ERROR_MSG:
      if (state.host->texts == Texts::Shown)
        say(message.msg_style == PAM_TEXT_INFO ? "info" : "error", message.msg);
      return PAM_SUCCESS;
    default:
      return PAM_CONV_ERR;
  }
  if (code != PAM_SUCCESS) return code;
  if (answer.size() > state.host->longest) {
    if (state.host->refuses_longer) return PAM_CONV_ERR;
    answer.resize(state.host->longest);
  }
  response.resp = strdup(answer.c_str());
  return response.resp != nullptr ? PAM_SUCCESS : PAM_CONV_ERR;
}

int converse(int count, const pam_message **messages, pam_response **responses, void *data) {
  if (count < 1 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  auto *answers =
      static_cast<pam_response *>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (answers == nullptr) return PAM_BUF_ERR;
  int code = PAM_SUCCESS;
  for (int at = 0; at < count && code == PAM_SUCCESS; ++at)
    code = answer_one(*static_cast<State *>(data), *messages[at], answers[at]);
  if (code != PAM_SUCCESS) {
    for (int at = 0; at < count; ++at) std::free(answers[at].resp);
    std::free(answers);
    return code;
  }
  *responses = answers;
  return PAM_SUCCESS;
}

void set_item(pam_handle_t *pamh, int item, std::string_view text) {
  if (!text.empty()) pam_set_item(pamh, item, std::string(text).c_str());
}

bool become(const std::string &user) {
  const passwd *account = getpwnam(user.c_str());
  return account != nullptr && setgid(account->pw_gid) == 0 && setuid(account->pw_uid) == 0;
}

int sign_in(State &state) {
  const Host &host = *state.host;
  if (host.as_user && !become(state.user)) return 2;
  const pam_conv conversation = {converse, &state};
  pam_handle_t *pamh = nullptr;
  const char *user = state.user.empty() ? nullptr : state.user.c_str();
  if (pam_start(std::string(host.service).c_str(), user, &conversation, &pamh) != PAM_SUCCESS) return 2;
  set_item(pamh, PAM_TTY, host.tty);
  set_item(pamh, PAM_RHOST, host.rhost);
  int code = pam_authenticate(pamh, host.silent ? PAM_SILENT : 0);
  std::printf("code %d\n", code);
  const void *name = nullptr;
  if (pam_get_item(pamh, PAM_USER, &name) != PAM_SUCCESS || name == nullptr) name = "";
  say("user", static_cast<const char *>(name));
  if (code == PAM_SUCCESS) {
    code = pam_acct_mgmt(pamh, 0);
    std::printf("account %d\n", code);
  }
  pam_end(pamh, code);
  return code == PAM_SUCCESS ? 0 : 1;
}

}  // namespace
}  // namespace passkeyd::hosts

int main(int argc, char **argv) {
  using namespace passkeyd::hosts;
  const Host *host = argc >= 3 ? find_host(argv[1]) : nullptr;
  if (host == nullptr) {
    std::fprintf(stderr, "usage: scripted-host HOST USER [TYPED]\n");
    return 2;
  }
  State state{host, argv[2], argc > 3 ? argv[3] : ""};
  return sign_in(state);
}
