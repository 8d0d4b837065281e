/// A PAM module that shows the prompts it is given and keeps the answers: the server's end of a dialogue that
/// a test directs, behind a real sshd. Its one argument is a folder: "prompt.N" is shown, "answer.N" is what
/// came, from 0 on. Lets nobody in.
#include <security/pam_modules.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace {

/// False: the conversation failed.
bool ask(const pam_conv &conversation, const std::string &prompt, std::string &answer) {
  const pam_message message{PAM_PROMPT_ECHO_OFF, prompt.c_str()};
  const pam_message *messages = &message;
  pam_response *reply = nullptr;
  if (conversation.conv(1, &messages, &reply, conversation.appdata_ptr) != PAM_SUCCESS || reply == nullptr)
    return false;
  answer = reply->resp == nullptr ? "" : reply->resp;
  std::free(reply->resp);
  std::free(reply);
  return true;
}

int play(pam_handle_t *handle, const std::string &folder) {
  const void *item = nullptr;
  if (pam_get_item(handle, PAM_CONV, &item) != PAM_SUCCESS || item == nullptr) return PAM_AUTH_ERR;
  for (int number = 0;; ++number) {
    std::ifstream file(folder + "/prompt." + std::to_string(number), std::ios::binary);
    if (!file) return PAM_AUTH_ERR;
    std::string answer;
    const std::string prompt{std::istreambuf_iterator<char>(file), {}};
    if (!ask(*static_cast<const pam_conv *>(item), prompt, answer)) return PAM_AUTH_ERR;
    std::ofstream(folder + "/answer." + std::to_string(number), std::ios::binary) << answer;
  }
}

}  // namespace

extern "C" {
[[gnu::visibility("default")]] int pam_sm_authenticate(pam_handle_t *handle, int, int argc,
                                                       const char **argv) {
  try {
    return argc == 1 ? play(handle, argv[0]) : PAM_AUTH_ERR;
  } catch (...) {
    return PAM_AUTH_ERR;
  }
}
[[gnu::visibility("default")]] int pam_sm_setcred(pam_handle_t *, int, int, const char **) {
  return PAM_SUCCESS;
}
}
