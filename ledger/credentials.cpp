/// Enrolling, listing, revoking: the credentials of the ledger.
#include "ledger/credential_row.h"
#include "ledger/credential_store.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

/// Revoked ones stay for ever, so whoever enrolls and revokes in a loop is stopped somewhere.
constexpr std::int64_t kMaxTombstones = 1024;

using credential_store::by_row;
using credential_store::put_in_state;
using credential_store::read_all;
using credential_store::record;
using credential_store::select;

/// A credential to be changed. Error: NotAllowed for a tombstone.
Result<Credential> changeable(sql::Database &database, std::int64_t row) {
  const Credential credential = TRY(by_row(database, row));
  if (credential.state == CredentialState::Revoked)
    return Error{ErrorKind::NotAllowed, "credential " + std::to_string(row) + " is revoked"};
  return credential;
}

/// Error: AlreadyExists if the account has a passkey of that name besides `row`.
Status name_is_free(sql::Database &database, const Account &owner, std::string_view name, std::int64_t row) {
  const std::int64_t taken =
      TRY(database.number("SELECT count(*) FROM credential WHERE user_name = ? AND uid = ? AND name = ? AND "
                          "state <> 'revoked' AND "
                          "row <> ?",
                          {owner.name.str(), owner.uid, name, row}));
  if (taken != 0) return Error{ErrorKind::AlreadyExists, "the account has a passkey of that name"};
  return Ok{};
}

}  // namespace

Result<Credentials> Ledger::credentials_of(const UserName &user) {
  sql::Statement rows = TRY(database_.query(select("WHERE user_name = ? ORDER BY row"), {user.str()}));
  return read_all(std::move(rows));
}

Result<Credentials> Ledger::all_credentials() {
  sql::Statement rows = TRY(database_.query(select("ORDER BY row")));
  return read_all(std::move(rows));
}

Result<std::optional<Credential>> Ledger::find(ByteView id) {
  sql::Statement rows = TRY(database_.query(select("WHERE credential_id = ?"), {id}));
  if (!TRY(rows.next())) return std::optional<Credential>();
  return std::optional<Credential>(TRY(credential_row::read(rows)));
}

Result<bool> Ledger::knows_ssh_key(const PublicKey &key) {
  sql::Statement rows = TRY(database_.query(
      "SELECT 1 FROM credential WHERE way = 'ssh' AND public_key = ? LIMIT 1", {ByteView(key.cose)}));
  return rows.next();
}

Result<Credential> Ledger::add(const Credential &credential, const Actor &by, WallTime now) {
  if (const std::optional<std::string> problem = credential_row::problem_with(credential))
    return Error{ErrorKind::InvalidInput, *problem};
  TRY(audit::check_actor(by));
  Credential stored = credential;
  stored.state = CredentialState::Active;
  stored.created = now;
  stored.last_used = std::nullopt;

  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::int64_t same =
      TRY(database_.number("SELECT count(*) FROM credential WHERE credential_id = ?", {stored.id}));
  if (same != 0) return Error{ErrorKind::AlreadyExists, "this credential was enrolled before"};
  TRY(name_is_free(database_, stored.owner, stored.name, 0));
  const std::int64_t held =
      TRY(database_.number("SELECT count(*) FROM credential WHERE user_name = ? AND state <> 'revoked'",
                           {stored.owner.name.str()}));
  const std::int64_t ever =
      TRY(database_.number("SELECT count(*) FROM credential WHERE user_name = ?", {stored.owner.name.str()}));
  if (ever >= kMaxTombstones) return Error{ErrorKind::NotAllowed, "the account has had too many passkeys"};
  if (held >= kMaxCredentials) return Error{ErrorKind::NotAllowed, "the account has too many passkeys"};
  stored.row = TRY(credential_row::insert(database_, stored, {"", by.uid, by.what, now}));
  TRY(record(database_, event::kEnroll, stored, "", by, now));
  TRY(change.commit());
  return stored;
}

Status Ledger::replace_platform(std::int64_t row, ByteView blob, const Actor &by, WallTime now) {
  if (blob.empty() || blob.size() > credential_row::kMaxPlatform)
    return Error{ErrorKind::InvalidInput, "the platform blob has a wrong size"};
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const Credential credential = TRY(by_row(database_, row));
  if (credential.way != Way::Tpm || credential.state != CredentialState::Active)
    return Error{ErrorKind::NotAllowed,
                 "credential " + std::to_string(row) + " is not an active platform credential"};
  TRY(database_.run("UPDATE credential SET platform = ? WHERE row = ?", {blob, row}));
  TRY(record(database_, event::kChangePin, credential, "", by, now));
  return change.commit();
}

Result<Credential> Ledger::set_state(std::int64_t row, CredentialState state, std::string_view reason,
                                     const Actor &by, WallTime now) {
  TRY(audit::check_reason(reason));
  const auto act = [&]() -> Result<Credential> {
    sql::Transaction change = TRY(sql::Transaction::begin(database_));
    const Credential credential = TRY(changeable(database_, row));
    TRY(put_in_state(database_, credential, state, reason, by, now));
    Credential stored = TRY(by_row(database_, row));
    TRY(change.commit());
    return stored;
  };
  return state == CredentialState::Active ? act() : despite_full_disk(reserve_, act);
}

Result<StateChange> Ledger::state_change_of(std::int64_t row) {
  sql::Statement rows = TRY(database_.query(
      "SELECT reason, changed_by_uid, changed_by, changed FROM credential WHERE row = ?", {row}));
  if (!TRY(rows.next())) return Error{ErrorKind::NotFound, "no credential " + std::to_string(row)};
  return StateChange{rows.text(0), static_cast<uid_t>(rows.integer(1)), rows.text(2),
                     WallTime(std::chrono::seconds(rows.integer(3)))};
}

Result<std::int64_t> Ledger::revoke_all(const UserName &user, std::string_view reason, const Actor &by,
                                        WallTime now) {
  TRY(audit::check_reason(reason));
  return despite_full_disk(reserve_, [&]() -> Result<std::int64_t> {
    sql::Transaction change = TRY(sql::Transaction::begin(database_));
    std::int64_t revoked = 0;
    const Credentials all = TRY(credentials_of(user));
    for (const Credential &credential : all.rows) {
      if (credential.state == CredentialState::Revoked) continue;
      TRY(put_in_state(database_, credential, CredentialState::Revoked, reason, by, now));
      ++revoked;
    }
    TRY(change.commit());
    return revoked;
  });
}

Result<Credential> Ledger::rename(std::int64_t row, std::string_view name, const Actor &by, WallTime now) {
  if (const std::optional<std::string> problem = credential_row::problem_with_name(name))
    return Error{ErrorKind::InvalidInput, *problem};
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  Credential credential = TRY(changeable(database_, row));
  if (credential.name == name) return credential;  // no change, and no record of one
  TRY(name_is_free(database_, credential.owner, name, row));
  TRY(database_.run("UPDATE credential SET name = ? WHERE row = ?", {name, row}));
  credential.name = std::string(name);
  TRY(record(database_, event::kRename, credential, name, by, now));
  TRY(change.commit());
  return credential;
}

}  // namespace passkeyd
