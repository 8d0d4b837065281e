/// Models of authenticators, as the FIDO Metadata in force describes them.
#include <charconv>
#include <set>

#include "ledger/ledger.h"
#include "ledger/settings.h"

namespace passkeyd {
namespace {

constexpr const char *kNumber = "metadata-number";
constexpr const char *kNextUpdate = "metadata-next-update";
constexpr std::size_t kMaxText = 255;
constexpr std::size_t kMaxRoots = 256UL * 1024;  ///< of one model, together

bool is_text(std::string_view text) {
  return text.size() <= kMaxText && is_printable(text);
}

/// The size of the certificate that `bytes` begin with: a DER SEQUENCE (X.690, 8.1). nullopt: it is none, or
/// is cut short.
std::optional<std::size_t> size_of_first(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x30) return std::nullopt;
  std::size_t length = bytes[1];
  std::size_t head = 2;
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets < 1 || octets > 3 || bytes.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (; head < 2 + octets; ++head) length = length << 8 | bytes[head];
  }
  if (length > bytes.size() - head) return std::nullopt;
  return head + length;
}

/// nullopt: not certificates one after the other.
std::optional<std::vector<Bytes>> split(ByteView all) {
  std::vector<Bytes> roots;
  while (!all.empty()) {
    const std::optional<std::size_t> size = size_of_first(all);
    if (!size) return std::nullopt;
    roots.push_back(copy_of(all.first(*size)));
    all = all.subspan(*size);
  }
  return roots;
}

/// One rule for what is stored and what is read back. nullopt: nothing is wrong with it.
std::optional<std::string> problem_with(const Model &model) {
  if (model.id.size() != Aaguid{}.size() && model.id.size() != 20) return "the model's id has a wrong size";
  if (!is_text(model.description) || !is_text(model.status)) return "a text is too long or cannot be shown";
  std::size_t size = 0;
  for (const Bytes &root : model.roots) {
    if (size_of_first(root) != root.size()) return "a root is no certificate";
    size += root.size();
  }
  if (size > kMaxRoots) return "the roots are too large";
  return std::nullopt;
}

Status check_bounds(const Metadata &metadata) {
  const auto bad = [](std::string why) {
    return Error{ErrorKind::InvalidInput, "metadata: " + std::move(why)};
  };
  if (metadata.state.number < 0) return bad("its number is negative");
  if (metadata.state.next_update.size() > 32 || !is_printable(metadata.state.next_update))
    return bad("its date is too long or cannot be shown");
  if (metadata.models.size() > Metadata::kMaxModels) return bad("too many models");
  std::set<Bytes> ids;
  for (const Model &model : metadata.models) {
    if (const std::optional<std::string> problem = problem_with(model)) return bad(*problem);
    if (!ids.insert(model.id).second) return bad("a model comes twice");
  }
  return Ok{};
}

Result<std::optional<MetadataState>> read_state(sql::Database &database) {
  const std::optional<std::string> number = TRY(settings::read(database, kNumber));
  const std::optional<std::string> next = TRY(settings::read(database, kNextUpdate));
  if (!number) return std::optional<MetadataState>();
  MetadataState state{.number = 0, .next_update = next.value_or("")};
  const char *end = number->data() + number->size();
  const auto [stopped, failed] = std::from_chars(number->data(), end, state.number);
  if (failed != std::errc() || stopped != end || state.number < 0 || !is_printable(state.next_update))
    return Error{ErrorKind::Corrupt, database.path() + ": which metadata is in force cannot be read"};
  return std::optional<MetadataState>(std::move(state));
}

Status insert(sql::Database &database, const Model &model) {
  Bytes roots;
  for (const Bytes &root : model.roots) roots.insert(roots.end(), root.begin(), root.end());
  TRY(database.run("INSERT INTO model VALUES (?, ?, ?, ?, ?)",
                   {model.id, model.description, model.status, model.recalled, roots}));
  return Ok{};
}

}  // namespace

Status Ledger::replace_models(const Metadata &metadata, const Actor &by, WallTime now) {
  TRY(check_bounds(metadata));
  sql::Transaction change = TRY(sql::Transaction::begin(database_));
  const std::optional<MetadataState> before = TRY(read_state(database_));
  if (before && metadata.state.number < before->number)
    return Error{ErrorKind::NotAllowed, "metadata number " + std::to_string(metadata.state.number) +
                                            " is older than number " + std::to_string(before->number) +
                                            ", which is in force"};
  TRY(database_.run("DELETE FROM model"));
  for (const Model &model : metadata.models) TRY(insert(database_, model));
  const std::string number = std::to_string(metadata.state.number);
  TRY(settings::write(database_, kNumber, number));
  TRY(settings::write(database_, kNextUpdate, metadata.state.next_update));
  AuditRecord record = AuditRecord::of(event::kImportMetadata, by, now);
  record.outcome = outcome::kDone;
  record.reason = "number " + number + ", " + std::to_string(metadata.models.size()) + " models";
  TRY(audit::append(database_, std::move(record)));
  return change.commit();
}

Result<std::optional<Model>> Ledger::model_of(ByteView id) {
  sql::Statement rows =
      TRY(database_.query("SELECT id, description, status, recalled, roots FROM model WHERE id = ?", {id}));
  if (!TRY(rows.next())) return std::optional<Model>();
  std::optional<std::vector<Bytes>> roots = split(rows.bytes(4));
  Model model{.id = rows.bytes(0),
              .description = rows.text(1),
              .status = rows.text(2),
              .recalled = rows.integer(3) != 0,
              .roots = {}};
  std::optional<std::string> problem = problem_with(model);
  if (!roots) problem = "a root is no certificate";
  if (problem) return Error{ErrorKind::Corrupt, database_.path() + ": a model: " + *problem};
  model.roots = std::move(*roots);
  return std::optional<Model>(std::move(model));
}

Result<std::optional<MetadataState>> Ledger::metadata_state() {
  return read_state(database_);
}

}  // namespace passkeyd
