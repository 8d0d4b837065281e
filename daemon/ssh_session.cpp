/// Reading what sshd has seen, and asking the ledger.
#include "daemon/ssh_session.h"

#include <algorithm>

#include "common/sshd.h"
#include "common/steps.h"
#include "daemon/arguments.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

constexpr std::string_view kMethod = "publickey ";
constexpr std::string_view kSecurityKeys = "sk-";

struct Hints {
  std::string service;
  std::string remote_host;
};

Result<Hints> read_hints(sd_bus_message *call) {
  const Arguments hints = TRY(Arguments::read(call));
  std::string service = TRY(hints.label(request::kService, audit::kMaxText));
  std::string remote_host = TRY(hints.label(request::kRemoteHost, audit::kMaxText));
  TRY(hints.label(request::kTty, audit::kMaxText));
  return Hints{std::move(service), std::move(remote_host)};
}

Result<std::vector<ssh::Key>> read_keys(sd_bus_message *call) {
  const char *text = nullptr;
  if (sd_bus_message_read(call, "s", &text) < 0)
    return Error{ErrorKind::InvalidInput, "It is not said how somebody signed in."};
  return keys_in_auth_info(text);
}

/// nullopt: of a kind, or for an application, that nobody can enroll: none of ours.
Result<std::optional<ssh::Key>> key_in(std::string_view line) {
  if (!line.starts_with(kMethod)) return std::optional<ssh::Key>();
  line.remove_prefix(kMethod.size());
  if (!line.starts_with(kSecurityKeys)) return std::optional<ssh::Key>();
  const std::size_t space = std::min(line.find(' '), line.size() - 1);
  const std::string_view base64 = line.substr(space + 1);
  const std::optional<Bytes> blob = from_base64(base64.substr(0, base64.find(' ')));
  if (!blob) return Error{ErrorKind::InvalidInput, "Which key somebody signed in with cannot be read."};
  Result<ssh::Key> key = ssh::key_from_blob(*blob);
  if (!key && key.error().kind == ErrorKind::Unsupported) return std::optional<ssh::Key>();
  if (!key) return key.error();
  return std::optional(std::move(key).value());
}

/// Is any of them anybody's?
Result<bool> are_known(House &house, const std::vector<ssh::Key> &keys) {
  for (const ssh::Key &key : keys)
    if (TRY(house.ledger.knows_ssh_key(key.key))) return true;
  return false;
}

/// Those that this account has enrolled, in whatever state. What others enrolled is none of its business: a
/// public key is no secret.
Result<std::vector<Credential>> own_ones(House &house, const UserName &owner,
                                         const std::vector<ssh::Key> &keys) {
  std::vector<Credential> own;
  for (const ssh::Key &key : keys) {
    std::optional<Credential> found = TRY(house.ledger.find(ssh::credential_id_of(key, owner)));
    if (found) own.push_back(*std::move(found));
  }
  return own;
}

Error denied() {
  return {ErrorKind::Denied, "The SSH key opens nothing here, or no more."};
}

/// Every one of them must be fit. One that is not is on record, and then nothing is on record as granted.
Status decide(House &house, const Account &account, const Actor &caller, const std::string &remote_host,
              const std::vector<Credential> &used) {
  std::vector<Attempt> attempts;
  for (const Credential &each : used) attempts.push_back({account, each, Place::Remote, caller, remote_host});
  const std::optional<AccountLock> lock = TRY(house.ledger.lock_of(account.name));
  const auto is_unfit = [&](const Attempt &each) {
    return judge_session(each.credential, lock, each).verdict != Verdict::Granted;
  };
  std::ranges::stable_partition(attempts, is_unfit);
  for (const Attempt &each : attempts) {
    const Decision decision = TRY(house.ledger.decide_session(each, house.moment()));
    if (decision.verdict != Verdict::Granted) return denied();
  }
  return Ok{};
}

}  // namespace

Result<std::vector<ssh::Key>> keys_in_auth_info(std::string_view text) {
  if (text.size() > sshd::kMaxAuthInfo)
    return Error{ErrorKind::InvalidInput, "More ways to sign in than anybody takes."};
  std::vector<ssh::Key> keys;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::optional<ssh::Key> key = TRY(key_in(text.substr(at, end - at)));
    at = end + 1;
    if (!key) continue;
    const bool again =
        std::ranges::any_of(keys, [&](const ssh::Key &each) { return each.blob == key->blob; });
    if (!again) keys.push_back(*std::move(key));
    if (keys.size() > kMostSshKeys)
      return Error{ErrorKind::InvalidInput, "More keys than anybody signs in with."};
  }
  return keys;
}

Task<Status> check_ssh_session(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<std::vector<ssh::Key>> keys = read_keys(call.message.get());
  if (!keys) co_return keys.error();
  const Result<Hints> hints = read_hints(call.message.get());
  if (!hints) co_return hints.error();
  // Whose name that is costs a process to find out, and keys that are none of ours are none of our business.
  if (is_trusted(house, call.caller, call.deed)) {
    const Result<bool> any = are_known(house, keys.value());
    if (!any) co_return any.error();
    if (!any.value()) co_return reply(call.message.get(), Ok{});
  }
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> account = admitted->existing();
  if (!account) co_return account.error();
  const Result<std::vector<Credential>> used = own_ones(house, account->name, keys.value());
  if (!used) co_return used.error();
  const Actor caller{call.caller.uid, call.caller.pid, hints->service};
  const Status decided = decide(house, account.value(), caller, hints->remote_host, used.value());
  if (!decided) co_return decided;
  co_return reply(call.message.get(), Ok{});
}

}  // namespace passkeyd
