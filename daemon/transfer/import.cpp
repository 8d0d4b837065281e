/// Taking in an export: who signed it, what is in it, who lives here; then the ledger decides in one go.
#include "daemon/transfer/import.h"

#include "common/log.h"
#include "common/steps.h"
#include "daemon/arguments.h"
#include "daemon/errand.h"
#include "daemon/request.h"
#include "daemon/transfer/contents.h"
#include "daemon/transfer/envelope.h"
#include "daemon/transfer/memory_file.h"
#include "daemon/transfer/slot.h"
#include "daemon/turn.h"

namespace passkeyd {
namespace {

using namespace transfer;

/// All of a file, its hash but for the first line, and that line.
struct Loaded {
  std::string contents;
  Envelope envelope;
  [[nodiscard]] std::string_view payload() const {
    return std::string_view(contents).substr(Envelope::size());
  }
};

Error no_export() {
  return {ErrorKind::InvalidInput, "the file is no export of passkeyd"};
}

/// Reads it and sees that the signature fits what it holds. By whom is another question.
Task<Result<Loaded>> load(Turn &turn, Fd file) {
  const Result<std::size_t> size = size_of_sealed(file);
  if (!size) co_return size.error();
  Loaded loaded;
  RunningHash hash;
  while (loaded.contents.size() < size.value()) {
    const std::size_t begin = std::max(loaded.contents.size(), Envelope::size());
    const Status read = read_piece(file, size.value(), loaded.contents);
    if (!read) co_return read.error();
    if (loaded.contents.size() > begin) hash.add(std::string_view(loaded.contents).substr(begin));
    co_await turn.next();
  }
  const std::size_t first = loaded.contents.find('\n');
  if (first == std::string::npos || first > kMaxLine) co_return no_export();
  Result<Envelope> envelope = Envelope::parse(std::string_view(loaded.contents).substr(0, first));
  if (!envelope) co_return envelope.error();
  if (!envelope->holds_for(hash.done()))
    co_return Error{ErrorKind::Untrusted, "the signature does not fit: the file was altered or damaged"};
  loaded.envelope = std::move(envelope).value();
  co_return loaded;
}

/// Is it the signer that was named, or else this machine itself?
Status check_signer(const House &house, const ImportOrder &order, const std::string &found) {
  if (order.signer && *order.signer == found) return Ok{};
  if (order.signer)
    return Error{ErrorKind::Untrusted, "the file is signed by " + found + ", not by " + *order.signer};
  const std::optional<SigningKey> own = TRY(SigningKey::find(house.state_directory));
  if (own && fingerprint_of(own->public_key()) == found) return Ok{};
  return Error{ErrorKind::Untrusted, "the file is signed by " + found + ", which is not this machine's key"};
}

Task<Result<ContentsReader::Read>> contents_of(Turn &turn, std::string_view payload) {
  ContentsReader reader;
  std::size_t since = 0;
  while (!payload.empty()) {
    const std::size_t end = payload.find('\n');
    if (end == std::string_view::npos)
      co_return Error{ErrorKind::InvalidInput, "the file ends within a line"};
    const Status taken = reader.take(payload.substr(0, end));
    if (!taken) co_return taken.error();
    payload.remove_prefix(end + 1);
    since += end + 1;
    if (since < kPiece) continue;
    since = 0;
    co_await turn.next();
  }
  co_return std::move(reader).done();
}

/// Who of those named there lives here. Asked one after the other: an account database that hangs ends it.
Task<Result<std::map<std::string, Account>>> accounts_for(House &house, const Holdings &held) {
  std::map<std::string, std::optional<UserName>> names;
  for (const HeldCredential &each : held.credentials)
    names.emplace(each.credential.owner.name.str(), each.credential.owner.name);
  std::map<std::string, Account> accounts;
  for (auto &[text, name] : names) {
    Result<Account> account = co_await look_up(house, std::move(*name));
    if (account)
      accounts.emplace(text, std::move(account).value());
    else if (account.error().kind != ErrorKind::NotFound)
      co_return account.error();
  }
  co_return accounts;
}

}  // namespace

Task<Result<std::vector<ImportChange>>> import_everything(House &house, ImportOrder order, Actor actor) {
  const TransferSlot slot(house.transfers);
  if (!slot) co_return TransferSlot::refusal();
  Turn turn(house.loop);
  Result<Loaded> loaded = co_await load(turn, std::move(order.file));
  if (!loaded) co_return loaded.error();
  const std::string signer = loaded->envelope.signer();
  const Status signed_well = check_signer(house, order, signer);
  if (!signed_well) co_return signed_well.error();
  Result<ContentsReader::Read> read = co_await contents_of(turn, loaded->payload());
  if (!read) co_return read.error();
  std::string().swap(loaded->contents);
  Result<std::map<std::string, Account>> accounts = co_await accounts_for(house, read->held);
  if (!accounts) co_return accounts.error();

  const std::string head = to_hex(read->held.audit.head);
  Import import{std::move(read->machine.rp_id), std::move(read->held.credentials),
                std::move(read->held.locks), std::move(accounts).value(),
                "signer " + signer + " head " + head};
  Result<std::vector<ImportChange>> changes =
      house.ledger.take_in(import, order.mode, actor, house.clock.wall());
  if (!changes || order.mode == ImportMode::DryRun) co_return changes;
  for (const ImportChange &each : changes.value())
    if (each.what == ImportChange::What::RpId) house.rp_id = import.rp_id;
  log_line(LogLevel::Notice,
           "an export signed by " + signer + " was imported; relying party ID is " + house.rp_id.str());
  co_return changes;
}

Result<ImportOrder> read_import_order(sd_bus_message *call) {
  constexpr const char *kKnown[] = {option::kSigner, option::kDryRun, nullptr};
  Fd file = TRY(read_file(call));
  const Arguments options = TRY(Arguments::read(call));
  TRY(options.only(kKnown));
  std::optional<std::string> signer = TRY(options.text(option::kSigner));
  if (signer && !transfer::is_fingerprint(*signer))
    return Error{ErrorKind::InvalidInput, "The signer is no fingerprint, such as SHA256:..."};
  const ImportMode mode = TRY(
      options.one_of<ImportMode>(option::kDryRun, {"no", ImportMode::Change}, {"yes", ImportMode::DryRun}));
  return ImportOrder{std::move(file), std::move(signer), mode};
}

}  // namespace passkeyd
