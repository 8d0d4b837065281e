/// The ledger's few settings.
#include "ledger/settings.h"

#include "ledger/ledger.h"

namespace passkeyd {
namespace {

constexpr const char *kRpId = "rp-id";

/// The ledger's own, which other functions look after.
bool is_ours(std::string_view name) {
  return name == kRpId || name.starts_with("metadata-");
}

}  // namespace

Result<std::optional<std::string>> settings::read(sql::Database &database, std::string_view name) {
  sql::Statement rows = TRY(database.query("SELECT value FROM setting WHERE name = ?", {name}));
  if (!TRY(rows.next())) return std::optional<std::string>();
  return std::optional<std::string>(rows.text(0));
}

Status settings::write(sql::Database &database, std::string_view name, std::string_view value) {
  TRY(database.run(
      "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {name, value}));
  return Ok{};
}

Result<std::optional<std::string>> Ledger::setting(std::string_view name) {
  return settings::read(database_, name);
}

Status Ledger::set_setting(std::string_view name, std::string_view value) {
  if (name.empty() || name.size() > kMaxSettingName || value.size() > kMaxSetting)
    return Error{ErrorKind::InvalidInput, "a setting's name or value is too long"};
  if (is_ours(name)) return Error{ErrorKind::NotAllowed, "this setting is the ledger's own"};
  return settings::write(database_, name, value);
}

Result<RpId> Ledger::fix_rp_id(const RpId &wanted) {
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  if (const std::optional<std::string> stored = TRY(settings::read(database_, kRpId))) {
    Result<RpId> parsed = RpId::parse(*stored);
    if (!parsed)
      return Error{ErrorKind::Corrupt, database_.path() + ": the stored " + parsed.error().sentence};
    return parsed;
  }
  TRY(settings::write(database_, kRpId, wanted.str()));
  TRY(change.commit());
  return wanted;
}

}  // namespace passkeyd
