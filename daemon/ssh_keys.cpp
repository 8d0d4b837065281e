/// Enrolling SSH keys, and sshd's question.
#include "daemon/ssh_keys.h"

#include <algorithm>

#include "common/log.h"
#include "common/sshd.h"
#include "common/steps.h"
#include "daemon/arguments.h"
#include "daemon/described.h"
#include "daemon/errand.h"
#include "daemon/locked.h"
#include "daemon/models.h"
#include "daemon/naming.h"
#include "daemon/record.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "ledger/credential_row.h"
#include "ssh/attestation.h"

namespace passkeyd {
namespace {

constexpr const char *kUsualName = "SSH key";

/// What is to be enrolled.
struct Order {
  ssh::Key key;
  std::string comment;  ///< any bytes
  std::string name;     ///< empty: none was given
  std::optional<ssh::Evidence> evidence;
};

Result<std::optional<ssh::Evidence>> evidence_in(const Arguments &options) {
  std::optional<Bytes> attestation = TRY(options.bytes(option::kAttestation));
  std::optional<Bytes> challenge = TRY(options.bytes(option::kChallenge));
  if (!attestation && !challenge) return std::optional<ssh::Evidence>();
  if (!attestation || !challenge)
    return Error{ErrorKind::InvalidInput, "An attestation and its challenge come together."};
  return std::optional(ssh::Evidence{*std::move(attestation), *std::move(challenge)});
}

Result<Order> read_order(sd_bus_message *call) {
  const char *line = nullptr;
  if (sd_bus_message_read(call, "s", &line) < 0)
    return Error{ErrorKind::InvalidInput, "The public key is missing."};
  std::string comment;
  ssh::Key key = TRY(ssh::key_from_line(line, &comment));
  const Arguments options = TRY(Arguments::read(call));
  std::string name = TRY(options.label(option::kName, credential_row::kMaxName));
  if (!name.empty())
    if (const std::optional<std::string> problem = credential_row::problem_with_name(name))
      return Error{ErrorKind::InvalidInput, *problem};
  std::optional<ssh::Evidence> evidence = TRY(evidence_in(options));
  return Order{std::move(key), std::move(comment), std::move(name), std::move(evidence)};
}

/// What the key proves about itself, which without evidence is nothing.
Result<Credential> claimed(const Order &order, const Account &owner, BootTime now) {
  if (order.evidence) return ssh::attested_credential(order.key, *order.evidence, owner, now);
  Credential credential{.id = ssh::credential_id_of(order.key, owner.name),
                        .key = order.key.key,
                        .rp_id = order.key.application,
                        .owner = owner};
  credential.attestation = Attestation::None;
  return credential;
}

/// As its owner said, or by the comment, which is whatever stood in the file.
Result<std::string> name_for(const Order &order, const std::vector<Credential> &others) {
  if (!order.name.empty() && !is_free(order.name, others))
    return Error{ErrorKind::AlreadyExists, "the account has a passkey of that name"};
  if (!order.name.empty()) return order.name;
  const bool shown = is_printable(order.comment);
  std::string name = free_name(shown ? order.comment : kUsualName, others);
  if (credential_row::problem_with_name(name)) name = free_name(kUsualName, others);
  return name;
}

Result<Credential> enroll(House &house, const Order &order, const Account &owner, const Caller &caller) {
  TRY(not_locked(house, owner.name));
  Credential credential = TRY(claimed(order, owner, house.clock.boot()));
  credential.way = Way::Ssh;
  credential.state = CredentialState::Active;
  if (!accepts(house.config.general, credential.aaguid))
    return Error{ErrorKind::ModelRefused, "accepted_aaguids does not name this model of key"};
  TRY(judge_model(house, credential));
  Credentials stored = TRY(house.ledger.credentials_of(owner.name));
  // What an earlier owner of the name had is none of this one's.
  std::erase_if(stored.rows, [&](const Credential &each) { return each.owner != owner; });
  credential.name = TRY(name_for(order, stored.rows));
  return house.ledger.add(credential, Actor{caller.uid, caller.pid, "enrollment"}, house.clock.wall());
}

/// An account without backup codes may have its first ones, as after any enrollment.
void promise_codes(House &house, const Caller &caller, const Account &owner) {
  const Result<std::vector<CodeHash>> codes = house.ledger.unspent_codes(owner);
  if (codes && codes->empty()) house.first_codes.allow(caller.bus_name, owner, house.clock.boot());
}

bool is_it(const Credential &credential, const ssh::Key *only) {
  return only == nullptr || (credential.key == only->key && credential.rp_id == only->application);
}

/// Could the name, whoever bears it now, have a key that opens something?
Result<bool> has_any(House &house, const UserName &user, const ssh::Key *only) {
  const Credentials stored = TRY(house.ledger.credentials_of(user));
  return std::ranges::any_of(stored.rows, [&](const Credential &each) {
    return each.way == Way::Ssh && each.state == CredentialState::Active && is_it(each, only);
  });
}

Result<std::vector<std::string>> lines_for(House &house, const Account &account, const ssh::Key *only) {
  if (TRY(house.ledger.lock_of(account.name))) return std::vector<std::string>();
  const Credentials stored = TRY(house.ledger.credentials_of(account.name));
  log_problems(stored);
  return authorized_keys(stored.rows, account, house.config.policy_for(sshd::kService), only);
}

/// Which key sshd asks about.
struct Asked {
  std::optional<ssh::Key> one = {};  ///< nullopt: all
  bool nobodys = false;              ///< of a kind that is never enrolled
};

Result<Asked> read_asked(sd_bus_message *call) {
  const char *line = nullptr;
  if (sd_bus_message_read(call, "s", &line) < 0)
    return Error{ErrorKind::InvalidInput, "The public key is missing."};
  if (*line == '\0') return Asked{};
  Result<ssh::Key> key = ssh::key_from_line(line);
  if (!key) return Asked{{}, true};  // sshd asks about whatever a client has
  return Asked{std::move(key).value()};
}

}  // namespace

std::vector<std::string> authorized_keys(const std::vector<Credential> &credentials, const Account &account,
                                         const Policy &policy, const ssh::Key *only) {
  std::vector<std::string> lines;
  for (const Credential &each : credentials) {
    const bool open = each.way == Way::Ssh && each.state == CredentialState::Active &&
                      each.owner == account && accepts(policy, each.aaguid) && is_it(each, only);
    if (!open) continue;
    const Result<ssh::Key> key = ssh::key_of(each);
    if (!key) {
      log_line(LogLevel::Error, "passkey " + short_id(each.id) + ": " + key.error().sentence);
      continue;
    }
    const std::string_view rule =
        insists(policy, each.user_verification) ? "verify-required " : "touch-required ";
    lines.push_back(std::string(rule) + ssh::line_of(key.value()) + " " + short_id(each.id));
  }
  return lines;
}

Task<Status> add_ssh_key(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Order> order = read_order(call.message.get());
  if (!order) co_return order.error();
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  const Result<Account> account = admitted->existing();
  if (!account) co_return account.error();
  const Result<Credential> added = enroll(house, order.value(), account.value(), call.caller);
  if (!added) {
    note_enrollment_failure(house, account.value(), call.caller, added.error());
    co_return added.error();
  }
  promise_codes(house, call.caller, account.value());
  const Result<std::vector<Described>> described = describe(house, {added.value()});
  if (!described) co_return described.error();
  co_return reply(call.message.get(), described->front());
}

Task<Status> get_authorized_keys(House &house, Call call) {
  const Result<UserName> user = read_user(call.message.get());
  if (!user) co_return user.error();
  const Result<Asked> asked = read_asked(call.message.get());
  if (!asked) co_return asked.error();
  const ssh::Key *only = asked->one ? &*asked->one : nullptr;
  // sshd asks about everybody whom a stranger names, with every key that the stranger has; only where there
  // is something to give out is it worth a process to find out whose that name is now.
  if (is_trusted(house, call.caller, call.deed)) {
    const Result<bool> any = asked->nobodys ? Result<bool>(false) : has_any(house, user.value(), only);
    if (!any) co_return any.error();
    if (!any.value()) co_return reply(call.message.get(), std::vector<std::string>());
  }
  const Result<Admitted> admitted = co_await admit(house, call, user.value());
  if (!admitted) co_return admitted.error();
  if (!admitted->account() || asked->nobodys) co_return reply(call.message.get(), std::vector<std::string>());
  const Result<std::vector<std::string>> lines = lines_for(house, *admitted->account(), only);
  if (!lines) co_return lines.error();
  co_return reply(call.message.get(), lines.value());
}

}  // namespace passkeyd
