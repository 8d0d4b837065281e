/// Reading and writing a PAM handle.
#include "pam/handle.h"

#include <security/pam_ext.h>

#include <memory>
#include <utility>

namespace passkeyd {
namespace {

constexpr const char *kMemory = "passkeyd_login";

void forget(pam_handle_t *, void *memory, int) {
  delete static_cast<Memory *>(memory);
}

}  // namespace

std::string item_of(pam_handle_t *pamh, int item) {
  const void *text = nullptr;
  if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || text == nullptr) return {};
  return static_cast<const char *>(text);
}

const char *password_of(pam_handle_t *pamh) {
  const void *text = nullptr;
  if (pam_get_item(pamh, PAM_AUTHTOK, &text) != PAM_SUCCESS) return nullptr;
  return static_cast<const char *>(text);
}

Result<std::optional<UserName>> user_of(pam_handle_t *pamh, AskName ask) {
  if (ask == AskName::No && item_of(pamh, PAM_USER).empty()) return std::optional<UserName>();
  const char *name = nullptr;
  if (pam_get_user(pamh, &name, nullptr) != PAM_SUCCESS || name == nullptr)
    return Error{ErrorKind::InvalidInput, "the host gives no user name"};
  return std::optional<UserName>(TRY(UserName::parse(name)));
}

Loudness loudness_of(const Options &options, int flags) {
  if (options.quiet) return Loudness::Questions;
  return (flags & PAM_SILENT) != 0 ? Loudness::NoNotes : Loudness::All;
}

std::optional<Memory> recall(pam_handle_t *pamh) {
  const void *memory = nullptr;
  if (pam_get_data(pamh, kMemory, &memory) != PAM_SUCCESS || memory == nullptr) return std::nullopt;
  return *static_cast<const Memory *>(memory);
}

bool remember(pam_handle_t *pamh, Memory memory) {
  auto kept = std::make_unique<Memory>(std::move(memory));
  if (pam_set_data(pamh, kMemory, kept.get(), forget) != PAM_SUCCESS) return false;
  static_cast<void>(kept.release());  // libpam's now
  return true;
}

}  // namespace passkeyd
