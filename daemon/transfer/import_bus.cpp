/// An import's order and its outcome, as the bus carries them.
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "common/steps.h"
#include "daemon/transfer/import.h"
#include "daemon/transfer/signing_key.h"

namespace passkeyd {
namespace {

/// Reads the value of one option. A negative errno if it has another type.
int read_option(sd_bus_message *call, const char *key, ImportOrder &order) {
  if (strcmp(key, option::kSigner) == 0) {
    const char *text = nullptr;
    const int got = sd_bus_message_read(call, "v", "s", &text);
    if (got >= 0) order.signer = text;
    return got;
  }
  if (strcmp(key, option::kDryRun) == 0) {
    int truth = 0;
    const int got = sd_bus_message_read(call, "v", "b", &truth);
    if (got >= 0) order.mode = truth != 0 ? ImportMode::DryRun : ImportMode::Change;
    return got;
  }
  return -EBADMSG;
}

int append(sd_bus_message *reply, const ImportChange &change) {
  int failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  const auto put = [&](const char *key, const char *type, auto value) {
    if (failed >= 0) failed = sd_bus_message_append(reply, "{sv}", key, type, value);
  };
  put("what", "s", std::string(name_of(change.what)).c_str());
  put("why", "s", change.why.c_str());
  put("user", "s", change.user.c_str());
  put("id", "s", change.id.empty() ? "" : short_id(change.id).c_str());
  put("name", "s", change.name.c_str());
  put("way", "s", change.way ? std::string(name_of(*change.way)).c_str() : "");
  put("works", "b", static_cast<int>(change.works));
  if (change.uid) put("uid", "u", std::uint32_t{*change.uid});
  if (change.uid_was) put("uid-was", "u", std::uint32_t{*change.uid_was});
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace

Result<ImportOrder> read_import_order(sd_bus_message *call) {
  const Error refused{ErrorKind::InvalidInput, "The import is not asked for in the documented form."};
  ImportOrder order;
  int lent = -1;
  if (sd_bus_message_read(call, "h", &lent) <= 0) return refused;
  order.file = Fd(fcntl(lent, F_DUPFD_CLOEXEC, 0));  // the message keeps its own
  if (!order.file) return errno_error("keep the file", errno);
  if (sd_bus_message_enter_container(call, 'a', "{sv}") < 0) return refused;
  int more = 0;
  while ((more = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
    const char *key = nullptr;
    if (sd_bus_message_read(call, "s", &key) < 0 || read_option(call, key, order) < 0 ||
        sd_bus_message_exit_container(call) < 0)
      return refused;
  }
  if (more < 0) return refused;
  if (order.signer && !transfer::is_fingerprint(*order.signer))
    return Error{ErrorKind::InvalidInput, "The signer is no fingerprint, such as SHA256:..."};
  return order;
}

int write(sd_bus_message *reply, const std::vector<ImportChange> &changes) {
  int failed = sd_bus_message_open_container(reply, 'a', "a{sv}");
  for (const ImportChange &each : changes)
    if (failed >= 0) failed = append(reply, each);
  return failed >= 0 ? sd_bus_message_close_container(reply) : failed;
}

}  // namespace passkeyd
