/// Guest keys as rows. Removing one deletes it: what it opened is for the machine elsewhere to remember.
#include "ledger/guest_keys.h"

#include <utility>

#include "ledger/credential_row.h"
#include "ledger/ledger.h"
#include "ledger/tries.h"

namespace passkeyd {
namespace {

std::int64_t seconds(WallTime time) {
  return time.time_since_epoch().count();
}

/// One rule for what is stored and what is read back.
std::optional<std::string> problem_with(const GuestKey &key) {
  const Credential &credential = key.credential;
  if (credential.id.empty() || credential.id.size() > credential_row::kMaxId)
    return "the credential id has a wrong size";
  if (credential.key.cose.empty() || credential.key.cose.size() > credential_row::kMaxPublicKey)
    return "the public key has a wrong size";
  if (credential.platform.empty() || credential.platform.size() > credential_row::kMaxPlatform)
    return "the platform blob has a wrong size";
  if (credential.owner.uid == static_cast<uid_t>(-1)) return "the uid is none";
  if (key.account.empty() || key.account.size() > GuestKey::kMaxAccount || !is_printable(key.account))
    return "the account is too long or cannot be shown on one line";
  return std::nullopt;
}

Result<GuestKey> read(const sql::Statement &row, const Account &owner) {
  const auto bad = [](std::string why) { return Error{ErrorKind::Corrupt, std::move(why)}; };
  const std::int64_t cose = row.integer(2);
  const std::optional<Algorithm> algorithm =
      std::in_range<int>(cose) ? algorithm_of(static_cast<int>(cose)) : std::nullopt;
  if (!algorithm) return bad("the algorithm is unknown");
  const Result<RpId> rp_id = RpId::parse(row.text(4));
  if (!rp_id) return bad(rp_id.error().sentence);
  Credential credential{.id = row.bytes(1),
                        .key = {*algorithm, row.bytes(3)},
                        .rp_id = rp_id.value(),
                        .owner = owner,
                        .way = Way::Tpm,
                        .name = rp_id->str(),
                        .device = {},
                        .user_verification = true,
                        .user_handle = {},
                        .attested_by = {},
                        .certificates = {},
                        .platform = row.bytes(6),
                        .state = CredentialState::Active,
                        .created = WallTime(std::chrono::seconds(row.integer(7)))};
  if (!row.is_null(8)) credential.last_used = WallTime(std::chrono::seconds(row.integer(8)));
  GuestKey key{row.integer(0), std::move(credential), row.text(5)};
  if (const std::optional<std::string> problem = problem_with(key)) return bad(*problem);
  return key;
}

/// The row in the ledger's own table is not a credential's, so its number is left out.
Status record(sql::Database &database, const char *event, const GuestKey &about, const char *outcome,
              const Actor &by, WallTime now) {
  AuditRecord record = AuditRecord::of(event, about.credential.owner.name, by, now);
  record.uid = about.credential.owner.uid;
  record.way = std::string(name_of(Way::Tpm));
  record.credential_id = about.credential.id;
  record.outcome = outcome;
  record.reason = about.credential.rp_id.str();
  return audit::append(database, std::move(record));
}

}  // namespace

Result<std::vector<GuestKey>> Ledger::guest_keys_of(const Account &owner) {
  sql::Statement rows = TRY(
      database_.query("SELECT row, credential_id, algorithm, public_key, rp_id, account, platform, created,"
                      " last_used FROM guest_key WHERE user_name = ? AND uid = ? ORDER BY row",
                      {owner.name.str(), owner.uid}));
  std::vector<GuestKey> keys;
  while (TRY(rows.next())) {
    Result<GuestKey> key = read(rows, owner);
    if (key) keys.push_back(std::move(key).value());  // one odd row hides none of the others
  }
  return keys;
}

Status Ledger::add_guest_key(const GuestKey &key, const Actor &by, WallTime now) {
  if (const std::optional<std::string> problem = problem_with(key))
    return Error{ErrorKind::InvalidInput, *problem};
  TRY(audit::check_actor(by));
  const Credential &credential = key.credential;
  const Account &owner = credential.owner;
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  // Nobody can use, or so much as see, what an earlier owner of the name has left behind.
  TRY(database_.run("DELETE FROM guest_key WHERE user_name = ? AND uid <> ?", {owner.name.str(), owner.uid}));
  const std::int64_t held =
      TRY(database_.number("SELECT count(*) FROM guest_key WHERE user_name = ?", {owner.name.str()}));
  if (held >= GuestKey::kMaxOfOwner)
    return Error{ErrorKind::NotAllowed, "the account has too many keys for other machines"};
  const std::int64_t same = TRY(
      database_.number("SELECT count(*) FROM guest_key WHERE credential_id = ?", {ByteView(credential.id)}));
  if (same != 0) return Error{ErrorKind::AlreadyExists, "this key is there already"};
  TRY(database_.run(
      "INSERT INTO guest_key VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
      {credential.id, static_cast<int>(credential.key.algorithm), credential.key.cose, credential.rp_id.str(),
       key.account, owner.name.str(), owner.uid, credential.platform, seconds(now)}));
  TRY(record(database_, event::kGuestEnroll, key, outcome::kDone, by, now));
  return change.commit();
}

Status Ledger::use_guest_key(const GuestKey &key, const std::optional<Ticket> &ticket, const TryKey &tried,
                             const Actor &by, const Moment &now) {
  TRY(audit::check_actor(by));
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::int64_t there =
      TRY(database_.run("UPDATE guest_key SET last_used = ? WHERE row = ? AND credential_id = ?",
                        {seconds(now.wall), key.row, key.credential.id}));
  if (there != 1) return Error{ErrorKind::NotFound, "the key was removed meanwhile"};
  if (ticket) TRY(tries::succeeded(database_, *ticket, tried));
  TRY(record(database_, event::kGuestUse, key, outcome::kGranted, by, now.wall));
  return change.commit();
}

Status Ledger::remove_guest_key(const GuestKey &key, const Actor &by, WallTime now) {
  TRY(audit::check_actor(by));
  return despite_full_disk(reserve_, [&]() -> Status {
    sql::Transaction change = TRY(sql::Transaction::begin(database_));
    const std::int64_t there = TRY(database_.run("DELETE FROM guest_key WHERE row = ? AND credential_id = ?",
                                                 {key.row, key.credential.id}));
    if (there != 1) return Error{ErrorKind::NotFound, "the key is gone already"};
    TRY(record(database_, event::kGuestRemove, key, outcome::kDone, by, now));
    return change.commit();
  });
}

}  // namespace passkeyd
