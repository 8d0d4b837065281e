/// Ceremonies with an SSH agent. Whoever is behind the connection, it costs this process at most its time.
#include "ssh/agent.h"

#include <algorithm>

#include "daemon/ceremony/performing.h"
#include "webauthn/hash.h"

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
    const Sha256 id =
        sha256(blob);  // as ssh::credential_id_of has it; most keys of an agent are none of ours
    const auto is_it = [&](const Bytes &each) { return std::ranges::equal(each, id); };
    if (std::ranges::any_of(op.ids, is_it) && !std::ranges::any_of(held.ids, is_it))
      held.ids.push_back(Bytes(id.begin(), id.end()));
  }
  return wire::Event(std::move(held));
}

Result<wire::Event> sign_by_agent(const wire::SignByAgent &op, const std::vector<Fd> &files) {
  ssh::Agent agent = TRY(agent_behind(files, op.timeout));
  return wire::Event(wire::AgentSigned{TRY(agent.sign(op.key, op.text))});
}

}  // namespace passkeyd
