/// Reading the rows of a policy.
#include "client/policy.h"

#include <cerrno>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMostRows = 256;
constexpr std::size_t kMostText = 4096;  ///< a line of passkeyd.conf

/// Reads one entry of a row; a key nobody here knows is for a newer face.
int read_entry(sd_bus_message *m, PolicyRecord &row) {
  const char *name = nullptr;
  int failed = sd_bus_message_read(m, "s", &name);
  if (failed < 0) return failed;
  const std::string_view key = name;
  std::string *into = key == "key"      ? &row.key
                      : key == "value"  ? &row.value
                      : key == "source" ? &row.source
                                        : nullptr;
  if (into == nullptr) return sd_bus_message_skip(m, "v");
  const char *text = nullptr;
  failed = sd_bus_message_read(m, "v", "s", &text);
  if (failed > 0) *into = printable(text, kMostText);
  return failed;
}

/// Zero: no more rows.
int read_row(sd_bus_message *m, PolicyRecord &row) {
  int more = sd_bus_message_enter_container(m, 'a', "{sv}");
  if (more <= 0) return more;
  while ((more = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
    int failed = read_entry(m, row);
    if (failed >= 0) failed = sd_bus_message_exit_container(m);
    if (failed < 0) return failed;
  }
  if (more < 0) return more;
  if (row.key.empty()) return -EBADMSG;
  return sd_bus_message_exit_container(m) < 0 ? -EBADMSG : 1;
}

}  // namespace

Result<std::vector<PolicyRecord>> get_policy(Bus &bus, const std::string &service, Patience &patience) {
  const Error malformed{ErrorKind::Malformed, "GetPolicy: the answer is no list of settings"};
  const Message reply = TRY(bus.call_manager(
      "GetPolicy", [&](sd_bus_message *m) { return sd_bus_message_append(m, "s", service.c_str()); },
      patience));
  if (sd_bus_message_has_signature(reply.get(), "aa{sv}") <= 0 ||
      sd_bus_message_enter_container(reply.get(), 'a', "a{sv}") < 0)
    return malformed;
  std::vector<PolicyRecord> rows;
  int more = 0;
  for (PolicyRecord row; (more = read_row(reply.get(), row)) > 0; row = {}) {
    if (rows.size() == kMostRows) return malformed;
    rows.push_back(std::move(row));
  }
  if (more < 0) return malformed;
  return rows;
}

}  // namespace passkeyd
