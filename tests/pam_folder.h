/// PAM's files as a test wrote them, read by doctor; and libpam itself before them.
#pragma once

#include <security/pam_appl.h>
#include <sys/mount.h>

#include <filesystem>
#include <string>
#include <utility>

#include "cli/doctor/pam_stack.h"
#include "tests/check.h"
#include "tests/private_machine.h"

namespace passkeyd::test {

/// The machine that doctor is shown.
inline const std::string kRoot = std::string(kScratch) + "/machine";

/// Writes its /etc/pam.d/`name`.
inline void put(const std::string &name, const std::string &text) {
  std::filesystem::create_directories(kRoot + "/etc/pam.d");
  write_file(kRoot + "/etc/pam.d/" + name, text);
}

/// Writes it as that service, and reads it as doctor does.
inline cli::PamStack stack_of(const std::string &text, const std::string &service = "service") {
  put(service, text);
  cli::Machine machine;
  machine.root = kRoot;
  auto stack = cli::read_pam_stack(machine, service);
  CHECK(stack.has_value());
  return std::move(*stack);
}

inline int no_questions(int, const pam_message **, pam_response **, void *) {
  return PAM_CONV_ERR;
}

/// Whether it lets in, or lets go on, with a person who answers nothing.
inline bool libpam_opens(const std::string &service, cli::PamGroup group = cli::PamGroup::Auth) {
  const pam_conv conversation = {no_questions, nullptr};
  pam_handle_t *handle = nullptr;
  const int started = pam_start(service.c_str(), "nobody", &conversation, &handle);
  if (started != PAM_SUCCESS) throw Failed("pam_start: " + std::to_string(started));
  const auto call = group == cli::PamGroup::Auth      ? pam_authenticate
                    : group == cli::PamGroup::Account ? pam_acct_mgmt
                                                      : pam_open_session;
  const int code = call(handle, 0);
  pam_end(handle, code);
  return code == PAM_SUCCESS;
}

/// libpam reads includes from /etc/pam.d whatever it is told, so that is where our files are while this
/// lives.
struct OurPamFolder {
  OurPamFolder() {
    put("inner", "");
    CHECK(mount((kRoot + "/etc/pam.d").c_str(), "/etc/pam.d", "none", MS_BIND, nullptr) == 0);
  }
  ~OurPamFolder() { umount("/etc/pam.d"); }
  OurPamFolder(const OurPamFolder &) = delete;
  OurPamFolder &operator=(const OurPamFolder &) = delete;
};

}  // namespace passkeyd::test
