/// Asking the person's SSH agent.
#include "daemon/agent_proof.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "common/log.h"
#include "daemon/errand.h"
#include "daemon/on_behalf.h"
#include "ssh/key.h"
#include "ssh/signature.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

/// How long an agent has to say what keys it has. It may be behind a slow network.
constexpr std::chrono::milliseconds kListTime{3000};
/// What a ceremony may take beyond the agent's own time.
constexpr std::chrono::milliseconds kMachineTime{2000};
/// An agent may have keys that are not plugged in, or may not be used from here: then the next is asked for,
/// but a person is not sent from one to the other for ever.
constexpr std::size_t kMostKeysAsked = 4;

/// One agent of a person's is asked at a time, as is one device: who has it hang holds up themself, and not
/// the room that others need.
std::string turn() {
  const Share &share = OnBehalf::now();
  return is_a_persons(share) ? "the agent of " + share.member : std::string();
}

/// For one ceremony; the connection stays the same.
Result<std::vector<Fd>> connection_for(const LoginCase &login) {
  std::vector<Fd> files;
  files.emplace_back(fcntl(login.request.agent.get(), F_DUPFD_CLOEXEC, 0));
  if (!files.front()) return errno_error("keep the connection to the agent", errno);
  return files;
}

/// The account's SSH keys that may be used: credential ids by the hash of their key.
std::map<Bytes, Bytes> ssh_keys_of(const LoginCase &login) {
  std::map<Bytes, Bytes> keys;
  if (std::ranges::find(login.policy.ways, Way::Ssh) == login.policy.ways.end()) return keys;
  for (const Credential &each : login.credentials) {
    if (each.way != Way::Ssh || each.state != CredentialState::Active || each.owner != login.account)
      continue;
    const Result<ssh::Key> key = ssh::key_of(each);
    if (key) keys.emplace(ssh::key_hash(key->blob), each.id);
  }
  return keys;
}

std::string time_of(WallTime now) {
  const std::time_t seconds = now.time_since_epoch().count();
  std::tm parts{};
  std::array<char, 32> text{};
  gmtime_r(&seconds, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

/// The agent's signature by this key, as an assertion for a challenge of its own.
Task<Result<Proof>> sign_with(House &house, const LoginCase &login, const Credential &credential) {
  const Result<ssh::Key> key = ssh::key_of(credential);
  if (!key) co_return key.error();
  const auto statement = [&](ByteView random) {
    return ssh::to_be_signed(
        sign_in_message(house.rp_id, login.request, login.account, house.clock.wall(), random));
  };
  const UserVerification uv = verification_for({credential}, login.policy);
  Result<Challenge> challenge =
      Challenge::make_stated(key->application, login.account, uv, statement, house.clock.boot());
  if (!challenge) co_return challenge.error();
  Result<std::vector<Fd>> files = connection_for(login);
  if (!files) co_return files.error();
  const std::string text = challenge->client_data();
  wire::Request request = wire::SignByAgent{key->blob, copy_of(bytes_of(text)), login.policy.touch_timeout};
  const Result<Returned<wire::AgentSigned>> made = co_await errand<wire::AgentSigned>(
      house, std::move(request), turn(), std::move(files).value(), login.policy.touch_timeout + kMachineTime);
  if (!made) co_return made.error();
  Result<Assertion> assertion = ssh::assertion_from(made->value.signature, key.value(), credential.id, text);
  // Not "malformed", which is said of devices: one is told to unplug those.
  if (!assertion) co_return Error{ErrorKind::AgentBroken, assertion.error().sentence};
  co_return Proof{std::move(challenge).value(), std::move(assertion).value(), std::nullopt};
}

}  // namespace

std::string sign_in_message(const RpId &machine, const LoginRequest &request, const Account &account,
                            WallTime now, ByteView random) {
  std::string message = "passkeyd sign-in\n";
  const auto line = [&](const char *name, const std::string &value) {
    message.append(name).append(": ").append(value).append("\n");  // no value has a line break: request.cpp
  };
  line("host", machine.str());
  line("user", account.name.str());
  line("service", request.service);
  line("tty", request.tty);
  line("command", request.command);
  line("time", time_of(now));
  line("nonce", to_base64url(random));
  return message;
}

Task<void> meet_agent(House &house, LoginCase &login) {
  if (!login.request.agent) co_return;
  const std::map<Bytes, Bytes> keys = ssh_keys_of(login);
  if (keys.empty()) {
    login.request.agent.reset();
    co_return;
  }
  Result<std::vector<Fd>> files = connection_for(login);
  if (!files) co_return;
  wire::ListAgentKeys question{{}, kListTime};
  for (const auto &[hash, id] : keys) question.hashes.push_back(hash);
  wire::Request request = std::move(question);
  Result<Returned<wire::AgentKeysListed>> listed = co_await errand<wire::AgentKeysListed>(
      house, std::move(request), turn(), std::move(files).value(), kListTime + kMachineTime);
  if (listed) {
    for (const Bytes &hash : listed->value.hashes)
      if (const auto known = keys.find(hash); known != keys.end())
        login.request.agent_keys.push_back(known->second);
  } else {
    log_line(LogLevel::Notice, "the SSH agent of who signs in as " + login.account.name.str() +
                                   " is not asked: " + log_safe(listed.error().sentence));
  }
  if (login.request.agent_keys.empty()) login.request.agent.reset();
}

Task<Result<Proof>> prove_by_agent(House &house, Face &face, const LoginCase &login, const PlannedWay &way) {
  Error why{ErrorKind::NoCredential, "the SSH agent has none of the keys"};
  for (std::size_t at = 0; at < std::min(way.credentials.size(), kMostKeysAsked); ++at) {
    const Credential &credential = way.credentials[at];
    face.tell(Say(Step::Tell, message::kTouchAgent).with(detail::kName, credential.name));
    Result<Proof> proof = co_await sign_with(house, login, credential);
    if (proof || proof.error().kind != ErrorKind::AgentRefused) co_return proof;
    why = std::move(proof).error();
  }
  co_return why;
}

}  // namespace passkeyd
