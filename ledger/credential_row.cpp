/// Reading a credential with suspicion.
#include "ledger/credential_row.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ledger/ledger.h"

namespace passkeyd::credential_row {
namespace {

bool is_flag(std::int64_t number) {
  return number == 0 || number == 1;
}

}  // namespace

const char *const kColumns =
    "row, credential_id, algorithm, public_key, rp_id, user_name, uid, way, aaguid, name, device,"
    " user_verification, backup_eligible, backed_up, counter, max_allow_list, platform, state, created,"
    " last_used, built_in_uv, user_handle, discoverable, attestation, attested_by, certificates";

std::optional<std::string> problem_with_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return "the name must have 1 to 64 bytes";
  if (!is_printable(name)) return "the name cannot be shown on one line";
  if (name.front() == ' ' || name.back() == ' ') return "the name starts or ends with a space";
  return std::nullopt;
}

std::optional<std::string> problem_with(const Credential &credential) {
  if (credential.id.empty() || credential.id.size() > kMaxId) return "the credential id has a wrong size";
  if (credential.key.cose.empty() || credential.key.cose.size() > kMaxPublicKey)
    return "the public key has a wrong size";
  if (credential.owner.uid == static_cast<uid_t>(-1)) return "the uid is none";
  if (credential.device.size() > kMaxDevice || !is_printable(credential.device))
    return "the device's name is too long or cannot be shown on one line";
  if (credential.platform.size() > kMaxPlatform) return "the platform blob is too large";
  if (credential.way != Way::Tpm && !credential.platform.empty()) return "a platform blob where none belongs";
  if ((credential.way == Way::Ssh) != credential.rp_id.is_ssh()) return "an SSH key's scope, or none of one";
  if (credential.way == Way::Code) return "a backup code is no credential";
  if (credential.user_handle.size() > kMaxUserHandle) return "the user handle is too long";
  if (credential.attested_by.size() > kMaxAttestedBy || !is_printable(credential.attested_by))
    return "who attested it is too long or cannot be shown on one line";
  if (credential.certificates.size() > kMaxCertificates) return "the certificates are too large";
  if (credential.way != Way::Usb && credential.discoverable) return "discoverable, and no security key";
  return problem_with_name(credential.name);
}

Result<Credential> read(const sql::Statement &row) {
  const auto bad = [](std::string why) { return Error{ErrorKind::Corrupt, std::move(why)}; };

  const std::int64_t cose = row.integer(2);
  const std::optional<Algorithm> algorithm =
      std::in_range<int>(cose) ? algorithm_of(static_cast<int>(cose)) : std::nullopt;
  if (!algorithm) return bad("the algorithm is unknown");
  const Result<RpId> rp_id = RpId::from_stored(row.text(4));
  if (!rp_id) return bad(rp_id.error().sentence);
  const Result<UserName> user = UserName::parse(row.text(5));
  if (!user) return bad(user.error().sentence);
  const std::int64_t uid = row.integer(6);
  if (!std::in_range<uid_t>(uid)) return bad("the uid is none");
  const std::optional<Way> way = way_of(row.text(7));
  if (!way) return bad("the way is unknown");
  const Bytes aaguid = row.bytes(8);
  if (aaguid.size() != Aaguid{}.size()) return bad("the AAGUID has a wrong size");
  for (const int flag : {11, 12, 13, 20, 22})
    if (!is_flag(row.integer(flag))) return bad("a flag is neither 0 nor 1");
  for (const int number : {14, 15})
    if (!std::in_range<std::uint32_t>(row.integer(number))) return bad("a counter is out of range");
  const std::optional<CredentialState> state = credential_state_of(row.text(17));
  if (!state) return bad("the state is unknown");
  const std::optional<Attestation> attestation = attestation_of(row.text(23));
  if (!attestation) return bad("the attestation is unknown");

  Credential credential{.row = row.integer(0),
                        .id = row.bytes(kIdColumn),
                        .key = {*algorithm, row.bytes(3)},
                        .rp_id = rp_id.value(),
                        .owner = {user.value(), static_cast<uid_t>(uid)},
                        .way = *way,
                        .aaguid = {},
                        .name = row.text(9),
                        .device = row.text(10),
                        .user_verification = row.integer(11) == 1,
                        .built_in_uv = row.integer(20) == 1,
                        .backup_eligible = row.integer(12) == 1,
                        .backed_up = row.integer(13) == 1,
                        .counter = static_cast<std::uint32_t>(row.integer(14)),
                        .max_allow_list = static_cast<std::uint32_t>(row.integer(15)),
                        .user_handle = row.bytes(21),
                        .discoverable = row.integer(22) == 1,
                        .attestation = *attestation,
                        .attested_by = row.text(24),
                        .certificates = row.bytes(25),
                        .platform = row.bytes(16),
                        .state = *state,
                        .created = WallTime(std::chrono::seconds(row.integer(18))),
                        .last_used = {}};
  std::copy(aaguid.begin(), aaguid.end(), credential.aaguid.begin());
  if (!row.is_null(19)) credential.last_used = WallTime(std::chrono::seconds(row.integer(19)));
  if (const std::optional<std::string> problem = problem_with(credential)) return bad(*problem);
  return credential;
}

Result<std::int64_t> insert(sql::Database &database, const Credential &credential,
                            const StateChange &change) {
  const std::int64_t row =
      TRY(database.number("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'credential'"));
  const auto seconds = [](WallTime time) { return time.time_since_epoch().count(); };
  std::optional<std::int64_t> last_used;
  if (credential.last_used) last_used = seconds(*credential.last_used);
  TRY(
      database.run("INSERT INTO credential VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                   "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   {row,
                    credential.id,
                    static_cast<int>(credential.key.algorithm),
                    credential.key.cose,
                    credential.rp_id.str(),
                    credential.owner.name.str(),
                    credential.owner.uid,
                    name_of(credential.way),
                    ByteView(credential.aaguid),
                    credential.name,
                    credential.device,
                    credential.user_verification,
                    credential.built_in_uv,
                    credential.backup_eligible,
                    credential.backed_up,
                    credential.counter,
                    credential.max_allow_list,
                    credential.platform,
                    name_of(credential.state),
                    change.reason,
                    change.by_uid,
                    change.by,
                    seconds(credential.created),
                    seconds(change.when),
                    last_used,
                    credential.user_handle,
                    credential.discoverable,
                    name_of(credential.attestation),
                    credential.attested_by,
                    credential.certificates}));
  return row;
}

}  // namespace passkeyd::credential_row
