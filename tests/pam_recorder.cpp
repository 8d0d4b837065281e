/// A PAM module for tests: notes whom and which passwords it finds in the handle, and is content with any
/// password. Stands where a real stack has pam_unix with use_first_pass. Its one option is the file that it
/// appends to.
#include <security/pam_modules.h>

#include <fstream>
#include <string>

namespace {

std::string item_of(pam_handle_t *pamh, int item) {
  const void *text = nullptr;
  pam_get_item(pamh, item, &text);
  return text == nullptr ? "" : static_cast<const char *>(text);
}

void record(int argc, const char **argv, const std::string &line) {
  if (argc > 0) std::ofstream(argv[0], std::ios::app) << line << '\n';
}

}  // namespace

#define PASSKEYD_EXPORT extern "C" __attribute__((visibility("default")))

PASSKEYD_EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int, int argc, const char **argv) {
  const std::string password = item_of(pamh, PAM_AUTHTOK);
  record(argc, argv, "user=" + item_of(pamh, PAM_USER) + " password=" + password);
  return password.empty() ? PAM_AUTH_ERR : PAM_SUCCESS;
}

PASSKEYD_EXPORT int pam_sm_setcred(pam_handle_t *, int, int, const char **) {
  return PAM_SUCCESS;
}

PASSKEYD_EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int, int argc, const char **argv) {
  record(argc, argv, "old=" + item_of(pamh, PAM_OLDAUTHTOK) + " new=" + item_of(pamh, PAM_AUTHTOK));
  return PAM_SUCCESS;
}
