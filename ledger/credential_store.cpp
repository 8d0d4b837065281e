/// Reading and changing the rows of credentials.
#include "ledger/credential_store.h"

#include "ledger/credential_row.h"

namespace passkeyd {
namespace {

const char *event_for(CredentialState state) {
  switch (state) {
    case CredentialState::Active:
      return event::kReactivate;
    case CredentialState::Suspended:
      return event::kSuspend;
    case CredentialState::Revoked:
      break;
  }
  return event::kRevoke;
}

}  // namespace

std::string credential_store::select(const char *rest) {
  return std::string("SELECT ") + credential_row::kColumns + " FROM credential " + rest;
}

Result<Credentials> credential_store::read_all(sql::Statement rows) {
  Credentials found;
  while (TRY(rows.next())) {
    Result<Credential> one = credential_row::read(rows);
    if (one)
      found.rows.push_back(std::move(one).value());
    else
      found.problems.push_back({rows.integer(0), one.error().sentence});
  }
  return found;
}

Result<Credential> credential_store::by_row(sql::Database &database, std::int64_t row) {
  sql::Statement rows = TRY(database.query(select("WHERE row = ?"), {row}));
  if (!TRY(rows.next())) return Error{ErrorKind::NotFound, "no credential " + std::to_string(row)};
  return credential_row::read(rows);
}

Status credential_store::record(sql::Database &database, const char *event, const Credential &about,
                                std::string_view reason, const Actor &by, WallTime now) {
  AuditRecord record = AuditRecord::of(event, about.owner.name, by, now);
  record.uid = about.owner.uid;
  record.way = std::string(name_of(about.way));
  record.credential = about.row;
  record.credential_id = about.id;
  record.outcome = outcome::kDone;
  record.reason = std::string(reason);
  return audit::append(database, std::move(record));
}

Status credential_store::put_in_state(sql::Database &database, const Credential &credential,
                                      CredentialState state, std::string_view reason, const Actor &by,
                                      WallTime now) {
  TRY(database.run(
      "UPDATE credential SET state = ?1, reason = ?2, changed_by_uid = ?3, changed_by = ?4, changed = ?5,"
      " platform = CASE WHEN ?1 = 'revoked' THEN x'' ELSE platform END WHERE row = ?6",
      {name_of(state), reason, by.uid, by.what, now.time_since_epoch().count(), credential.row}));
  return record(database, event_for(state), credential, reason, by, now);
}

}  // namespace passkeyd
