/// Recalls: everybody's passkeys of one model, or from before a day.
#include "ledger/credential_store.h"
#include "ledger/ledger.h"

namespace passkeyd {
namespace {

Result<Credentials> read_matching(sql::Database &database, const CredentialMatch &which) {
  if (!which.model && !which.enrolled_before) return Credentials{};
  const auto model = which.model ? std::optional<ByteView>(*which.model) : std::nullopt;
  const auto before = which.enrolled_before
                          ? std::optional<std::int64_t>(which.enrolled_before->time_since_epoch().count())
                          : std::nullopt;
  const std::string text = credential_store::select(
      "WHERE state <> 'revoked' AND (?1 IS NULL OR aaguid = ?1) AND (?2 IS NULL OR created < ?2) ORDER BY "
      "row");
  return credential_store::read_all(TRY(database.query(text, {model, before})));
}

}  // namespace

Result<Credentials> Ledger::matching(const CredentialMatch &which) {
  return read_matching(database_, which);
}

Result<std::vector<Credential>> Ledger::revoke_matching(const CredentialMatch &which, std::string_view reason,
                                                        const Actor &by, WallTime now) {
  TRY(audit::check_reason(reason));
  return despite_full_disk(reserve_, [&]() -> Result<std::vector<Credential>> {
    sql::Transaction change = TRY(sql::Transaction::begin(database_));
    const Credentials found = TRY(read_matching(database_, which));
    std::vector<Credential> revoked;
    for (const Credential &each : found.rows) {
      TRY(credential_store::put_in_state(database_, each, CredentialState::Revoked, reason, by, now));
      revoked.push_back(TRY(credential_store::by_row(database_, each.row)));
    }
    TRY(change.commit());
    return revoked;
  });
}

}  // namespace passkeyd
