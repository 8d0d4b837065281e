/// Calling, and reading what comes back.
#include "client/admin.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "common/backup_code.h"

namespace passkeyd {
namespace {

/// Longer than any code, to keep what is shown in its columns.
constexpr std::size_t kMaxCode = 40;

bool is_code(std::string_view line) {
  return !line.empty() && line.size() <= kMaxCode && std::all_of(line.begin(), line.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
    lines.push_back(text.substr(0, end));
  lines.push_back(text);
  return lines;
}

Bus::Fill with_user(const UserName &user) {
  return [&user](sd_bus_message *call) { return sd_bus_message_append(call, "s", user.str().c_str()); };
}

}  // namespace

Result<CodeSet> CodeSet::parse(Secret lines, std::uint32_t count) {
  std::string_view text = lines.text();
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::vector<std::string_view> codes = lines_of(text);
  if (count < 1 || count > BackupCode::kCount || codes.size() != count)
    return Error{ErrorKind::Malformed, "not as many backup codes came as were announced"};
  if (!std::all_of(codes.begin(), codes.end(), is_code))
    return Error{ErrorKind::Malformed, "what came are no backup codes"};
  return CodeSet(TRY(Secret::parse(text)));
}

std::vector<std::string_view> CodeSet::codes() const {
  return lines_of(text_.text());
}

Result<CodeSet> new_backup_codes(Bus &bus, const UserName &user, Patience &patience) {
  const Message reply =
      TRY(bus.call_manager("NewBackupCodes", with_user(user), patience, Bus::kAuthorityTime));
  int file = -1;
  std::uint32_t count = 0;
  if (sd_bus_message_has_signature(reply.get(), "hu") <= 0 ||
      sd_bus_message_read(reply.get(), "hu", &file, &count) <= 0)
    return Error{ErrorKind::Malformed, "NewBackupCodes: the answer is no file with a count"};
  const Fd own(fcntl(file, F_DUPFD_CLOEXEC, 0));  // the message keeps its own
  if (!own) return errno_error("keep the file of NewBackupCodes", errno);
  return CodeSet::parse(TRY(from_memfd(own)), count);
}

Status lock_user(Bus &bus, const LockOrder &order, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    int code = sd_bus_message_append(call, "s", order.user.str().c_str());
    if (code >= 0) code = sd_bus_message_open_container(call, 'a', "{sv}");
    if (code >= 0)
      code = sd_bus_message_append(call, "{sv}", option::kAllMethods, "b", order.all_methods ? 1 : 0);
    if (code >= 0 && !order.reason.empty()) code = append_text(call, option::kReason, order.reason);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  TRY(bus.call_manager("LockUser", fill, patience, Bus::kAuthorityTime));
  return Ok{};
}

Status unlock_user(Bus &bus, const UserName &user, Patience &patience) {
  TRY(bus.call_manager("UnlockUser", with_user(user), patience, Bus::kAuthorityTime));
  return Ok{};
}

Status reset_limits(Bus &bus, const UserName &user, Patience &patience) {
  TRY(bus.call_manager("ResetLimits", with_user(user), patience, Bus::kAuthorityTime));
  return Ok{};
}

}  // namespace passkeyd
