/// Telling the policy and the state.
#include "daemon/status.h"

#include "common/log.h"
#include "daemon/reply.h"

namespace passkeyd {

/// The RP ID that counts is the ledger's, whatever the files say by now.
Task<Status> get_policy(House &house, Call call) {
  const char *service = nullptr;
  if (sd_bus_message_read(call.message.get(), "s", &service) < 0)
    co_return Error{ErrorKind::InvalidInput, "The PAM service is missing."};
  std::vector<PolicyLine> lines = house.config.describe(service);
  for (PolicyLine &line : lines)
    if (line.key == "rp_id") line = {line.key, house.rp_id.str(), "ledger"};
  co_return reply(call.message.get(), lines);
}

/// Why a configuration was refused may quote it, and a file of root's may be closed to others.
Task<Status> get_status(House &house, Call call) {
  const bool tell = call.caller.is_root() || house.config_state == kConfigLoaded;
  DaemonState state{house.rp_id.str(), tell ? house.config_state : "refused"};
  if (call.caller.is_root()) state.attempts = static_cast<std::uint32_t>(house.attempts);
  Result<std::optional<MetadataState>> metadata = house.ledger.metadata_state();
  if (metadata)
    state.metadata = std::move(metadata).value();
  else
    log_line(LogLevel::Error, "ledger: " + log_safe(metadata.error().sentence));
  co_return reply(call.message.get(), state);
}

}  // namespace passkeyd
