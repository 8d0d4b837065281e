/// The story of an import.
#include "daemon/metadata_import.h"

#include <algorithm>

#include "common/log.h"
#include "daemon/ceremony/models_file.h"
#include "daemon/errand.h"
#include "daemon/models.h"

namespace passkeyd {
namespace {

/// A large file, from a slow disk, on a slow machine.
constexpr std::chrono::seconds kReadTime{30};
/// What imports take turns for, as ceremonies do for a device: each takes much memory.
constexpr const char *kTurn = "metadata";

Result<std::uint32_t> count_flagged(House &house) {
  const Credentials stored = TRY(house.ledger.all_credentials());
  log_problems(stored);
  return static_cast<std::uint32_t>(std::ranges::count_if(stored.rows, [&](const Credential &each) {
    return each.state != CredentialState::Revoked && !recall_of(house, each).empty();
  }));
}

/// Whether a new one should have been fetched instead is for the administrator to judge.
void warn_if_late(const MetadataState &state, WallTime now) {
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(today.year()),
                static_cast<unsigned>(today.month()), static_cast<unsigned>(today.day()));
  if (state.next_update < text)
    log_line(LogLevel::Warning, "metadata: a newer one is out since " + state.next_update);
}

}  // namespace

Task<Result<MetadataSummary>> import_metadata(House &house, Fd file, Actor actor) {
  if (house.config.metadata_signers.empty())
    co_return Error{ErrorKind::NotConfigured, "metadata_root is not there: " + house.config.metadata_root};
  wire::Request request = wire::ReadMetadata{house.config.metadata_signers, house.clock.wall()};
  std::vector<Fd> files;
  files.push_back(std::move(file));
  const Result<Returned<wire::MetadataRead>> read =
      co_await errand<wire::MetadataRead>(house, std::move(request), kTurn, std::move(files), kReadTime);
  if (!read) co_return read.error();
  if (read->files.size() != 1) co_return Error{ErrorKind::Malformed, "the models did not come in one file"};
  const Result<Metadata> metadata = wire::from_models_file(read->files.front());
  if (!metadata) co_return metadata.error();
  const WallTime now = house.clock.wall();
  const Status stored =
      house.ledger.replace_models(metadata.value(), actor, now);
  if (!stored) co_return stored.error();
  const Result<std::uint32_t> flagged = count_flagged(house);
  if (!flagged) co_return flagged.error();

  const std::vector<Model> &models = metadata->models;
  MetadataSummary summary{static_cast<std::uint64_t>(metadata->state.number), metadata->state.next_update,
                          static_cast<std::uint32_t>(models.size()),
                          static_cast<std::uint32_t>(std::ranges::count(models, true, &Model::recalled)),
                          flagged.value()};
  warn_if_late(metadata->state, now);
  co_return summary;
}

}  // namespace passkeyd
