/// Ceremonies with an SSH agent. Whoever is behind the connection, it costs this process at most its time.
#include "ssh/agent.h"

#include <algorithm>

#include "daemon/ceremony/performing.h"
#include "ssh/key.h"

namespace passkeyd {
namespace {

Result<ssh::Agent> agent_behind(const std::vector<Fd> &files, std::chrono::milliseconds timeout) {
  if (files.size() != 1) return Error{ErrorKind::Internal, "the connection to the agent is missing"};
  return ssh::Agent(files.front().get(), ssh::Agent::Clock::now() + timeout);
}

}  // namespace

Result<wire::Event> list_agent_keys(const wire::ListAgentKeys &op, const std::vector<Fd> &files) {
  ssh::Agent agent = TRY(agent_behind(files, op.timeout));
  wire::AgentKeysListed held;
  for (const Bytes &blob : TRY(agent.keys())) {
    Bytes hash = ssh::key_hash(blob);  // most keys of an agent are none of ours
    const auto has = [&](const std::vector<Bytes> &list) {
      return std::ranges::find(list, hash) != list.end();
    };
    if (has(op.hashes) && !has(held.hashes)) held.hashes.push_back(std::move(hash));
  }
  return wire::Event(std::move(held));
}

Result<wire::Event> sign_by_agent(const wire::SignByAgent &op, const std::vector<Fd> &files) {
  ssh::Agent agent = TRY(agent_behind(files, op.timeout));
  return wire::Event(wire::AgentSigned{TRY(agent.sign(op.key, op.text))});
}

}  // namespace passkeyd
