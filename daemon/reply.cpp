/// Writing values into bus messages.
#include "daemon/reply.h"

#include <string>

namespace passkeyd {
namespace {

std::int64_t seconds_of(WallTime time) {
  return time.time_since_epoch().count();
}

int append(sd_bus_message *reply, const Credential &credential) {
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  const auto put = [&](const char *key, const char *type, auto value) {
    if (failed >= 0) failed = sd_bus_message_append(reply, "{sv}", key, type, value);
  };
  put("id", "s", short_id(credential.id).c_str());
  put("name", "s", credential.name.c_str());
  put("way", "s", std::string(name_of(credential.way)).c_str());
  put("device", "s", credential.device.c_str());
  put("state", "s", std::string(name_of(credential.state)).c_str());
  put("user", "s", credential.owner.name.str().c_str());
  put("created", "x", seconds_of(credential.created));
  if (credential.last_used) put("last-used", "x", seconds_of(*credential.last_used));
  put("user-verification", "b", static_cast<int>(credential.user_verification));
  put("synced", "b", static_cast<int>(credential.backup_eligible));
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

int append(sd_bus_message *reply, const PolicyLine &line) {
  return sd_bus_message_append(reply, "a{sv}", 3, "key", "s", line.key.c_str(), "value", "s",
                               line.value.c_str(), "source", "s", line.source.c_str());
}

int append(sd_bus_message *reply, const Finding &finding) {
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  const auto put = [&](const char *key, const char *type, auto value) {
    if (failed >= 0) failed = sd_bus_message_append(reply, "{sv}", key, type, value);
  };
  put("check", "s", finding.check.c_str());
  put("level", "s", std::string(name_of(finding.level)).c_str());
  put("detail", "s", finding.detail.c_str());
  for (const auto &[name, number] : finding.numbers) put(name.c_str(), "t", number);
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

template <class T>
int append_all(sd_bus_message *reply, const std::vector<T> &rows) {
  int failed = sd_bus_message_open_container(reply, 'a', "a{sv}");
  for (const T &row : rows)
    if (failed >= 0) failed = append(reply, row);
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace

int write(sd_bus_message *, const Ok &) {
  return 0;
}

int write(sd_bus_message *reply, const Standing &standing) {
  const bool locked = standing.lock.has_value();
  const bool all = locked && standing.lock->scope == LockScope::AllMethods;
  return sd_bus_message_append(reply, "a{sv}", 4, "locked", "b", locked ? 1 : 0, "all-methods", "b",
                               all ? 1 : 0, "reason", "s", locked ? standing.lock->reason.c_str() : "",
                               "codes-left", "u", static_cast<std::uint32_t>(standing.codes_left));
}

int write(sd_bus_message *reply, const NewCodes &codes) {
  return sd_bus_message_append(reply, "hu", codes.text.get(), static_cast<std::uint32_t>(codes.count));
}

int write(sd_bus_message *reply, const std::vector<PolicyLine> &lines) {
  return append_all(reply, lines);
}

int write(sd_bus_message *reply, const std::vector<Finding> &findings) {
  return append_all(reply, findings);
}

int write(sd_bus_message *reply, const std::vector<Credential> &credentials) {
  return append_all(reply, credentials);
}

}  // namespace passkeyd
