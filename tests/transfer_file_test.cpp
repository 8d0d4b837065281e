/// An export as a file: what is written is read back, and nothing else is taken for one.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include <nlohmann/json.hpp>

#include "daemon/transfer/contents.h"
#include "daemon/transfer/envelope.h"
#include "daemon/transfer/memory_file.h"
#include "tests/ledger_support.h"
#include "webauthn/cose.h"

using namespace passkeyd;
using namespace passkeyd::test;
using namespace passkeyd::transfer;

namespace {

using Json = nlohmann::ordered_json;

/// The base point of P-256 (SEC 2, 2.4.2): a public key like any other.
Bytes some_key() {
  const Bytes x = *from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
  const Bytes y = *from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  return es256_cose(std::span<const std::uint8_t, 32>(x), std::span<const std::uint8_t, 32>(y));
}

HeldCredential held(std::uint8_t mark = 1) {
  HeldCredential one{sample(mark), {"why not", 1000, "passkeyctl", kNow}};
  one.credential.key.cose = some_key();
  one.credential.created = kNow - std::chrono::hours(9);
  one.credential.last_used = kNow - std::chrono::hours(3);
  one.credential.certificates = Bytes(700, mark);
  one.credential.attested_by = "CN=Example \"Root\" \u00e9";
  return one;
}

AuditEntry entry(std::int64_t seq) {
  AuditEntry one;
  one.seq = seq;
  one.record = AuditRecord::of(event::kLogin, account().name, kAdmin, kNow);
  one.record.uid = 1000;
  one.record.credential = 7;
  one.hash.fill(static_cast<std::uint8_t>(seq));
  return one;
}

/// What a small machine holds.
Holdings small() {
  Holdings all;
  all.credentials = {held(1), held(2)};
  all.credentials[1].credential.state = CredentialState::Revoked;
  all.credentials[1].credential.last_used = {};
  all.locks = {{account("bob").name,
                {.scope = LockScope::Passkeys, .reason = "left", .by_uid = 0, .by = "x", .when = kNow}}};
  all.audit = {.first = 3, .last = 5, .before = {9}, .head = entry(5).hash};
  return all;
}

std::vector<std::string> lines_of(const Holdings &all) {
  std::vector<std::string> lines = {line_of(Machine{sample().rp_id, "host \u00e9", kNow}, all)};
  for (const HeldCredential &each : all.credentials) lines.push_back(line_of(each));
  for (const HeldLock &each : all.locks) lines.push_back(line_of(each));
  for (std::int64_t seq = all.audit.first; seq <= all.audit.last; ++seq) lines.push_back(line_of(entry(seq)));
  return lines;
}

Result<ContentsReader::Read> read_lines(const std::vector<std::string> &lines) {
  ContentsReader reader;
  for (const std::string &line : lines) TRY(reader.take(std::string_view(line).substr(0, line.size() - 1)));
  return std::move(reader).done();
}

void is_refused(const std::vector<std::string> &lines, const std::string &what) {
  const Result<ContentsReader::Read> read = read_lines(lines);
  if (read || read.error().kind != ErrorKind::InvalidInput) fail_at(__FILE__, __LINE__, "taken: " + what);
}

/// One field of a line replaced by `value`; discarded: taken away.
std::string with(const std::string &line, const std::string &field, const Json &value) {
  Json changed = Json::parse(line);
  if (value.is_discarded())
    changed.erase(field);
  else
    changed[field] = value;
  return changed.dump() + "\n";
}

/// A whole file, signed, of a machine that keeps its key in `directory`.
std::string file_of(const std::vector<std::string> &lines, const std::string &directory) {
  std::string payload;
  for (const std::string &line : lines) payload += line;
  const SigningKey key = MUST(SigningKey::find_or_make(directory));
  const std::string first = MUST(Envelope::seal(key, sha256(bytes_of(payload)))).line();
  CHECK(first.size() == Envelope::size());
  return first + payload;
}

/// As an import looks at it: the signer, or an error.
Result<std::string> signer_of(std::string_view file) {
  const std::size_t end = file.find('\n');
  if (end == std::string_view::npos) return Error{ErrorKind::InvalidInput, "no line"};
  const Envelope envelope = TRY(Envelope::parse(file.substr(0, end)));
  if (!envelope.holds_for(sha256(bytes_of(file.substr(end + 1)))))
    return Error{ErrorKind::Untrusted, "does not hold"};
  return envelope.signer();
}

// --- what is written is read back ---

void what_is_written_is_read_back() {
  const Holdings all = small();
  const ContentsReader::Read read = MUST(read_lines(lines_of(all)));
  CHECK(read.machine.rp_id == sample().rp_id && read.machine.name == "host \u00e9");
  CHECK(read.machine.made == kNow);
  CHECK(read.held.credentials.size() == 2 && read.held.locks.size() == 1);
  for (std::size_t at = 0; at < 2; ++at) {
    CHECK(line_of(read.held.credentials[at]) == line_of(all.credentials[at]));
    const Credential &there = read.held.credentials[at].credential;
    const Credential &here = all.credentials[at].credential;
    CHECK(there.id == here.id && there.key == here.key && there.user_handle == here.user_handle);
    CHECK(there.state == here.state && there.certificates == here.certificates);
    CHECK(there.counter == here.counter && there.last_used == here.last_used && there.aaguid == here.aaguid);
  }
  CHECK(line_of(read.held.locks[0]) == line_of(all.locks[0]));
  CHECK(read.held.audit.head == all.audit.head && read.held.audit.first == 3);
}

void the_tpms_blob_is_never_written() {
  HeldCredential one = held();
  one.credential = sample(1, account(), Way::Tpm);
  one.credential.key.cose = some_key();
  const std::string line = line_of(one);
  CHECK(!one.credential.platform.empty());
  CHECK(line.find(to_hex(one.credential.platform).substr(0, 80)) == std::string::npos);
  CHECK(line.find("platform") == std::string::npos);
}

void nobodys_text_breaks_a_line() {
  AuditEntry odd = entry(3);
  odd.record.reason = "a\"b\\c\nd\x01\xff\xc3";
  const std::string line = line_of(odd);
  CHECK(line.find('\n') == line.size() - 1);
  MUST(Record::parse(std::string_view(line).substr(0, line.size() - 1)));
}

// --- what is no export ---

void a_bit_that_flips_anywhere_is_noticed() {
  const TempDir dir;
  const std::string file = file_of(lines_of(small()), dir.path());
  MUST(signer_of(file));
  for (std::size_t at = 0; at < file.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const Result<std::string> signer = signer_of(changed);
      if (signer) fail_at(__FILE__, __LINE__, "byte " + std::to_string(at) + ", bit " + std::to_string(bit));
      CHECK(signer.error().kind == ErrorKind::InvalidInput || signer.error().kind == ErrorKind::Untrusted);
    }
}

void a_file_that_is_cut_short_or_goes_on_is_noticed() {
  const TempDir dir;
  const std::string file = file_of(lines_of(small()), dir.path());
  for (std::size_t size = 0; size < file.size(); ++size) CHECK(!signer_of(file.substr(0, size)));
  CHECK(!signer_of(file + "\n"));
  CHECK(!signer_of(file + '\0'));
}

void another_machines_signature_is_told_by_its_fingerprint() {
  const TempDir here;
  const TempDir there;
  const std::string one = MUST(signer_of(file_of(lines_of(small()), here.path())));
  const std::string two = MUST(signer_of(file_of(lines_of(small()), there.path())));
  CHECK(one != two && is_fingerprint(one) && is_fingerprint(two));
  CHECK(one == MUST(signer_of(file_of(lines_of(small()), here.path()))));
  for (const std::string &bad : {one + "A", one.substr(1), std::string("SHA256:"), std::string(50, 'A'),
                                 one.substr(0, 49) + "=", one.substr(0, 49) + "\n"})
    CHECK(!is_fingerprint(bad));
}

void a_line_is_one_flat_object() {
  const std::string deep(30'000, '[');
  for (const std::string &bad : {std::string(),
                                 std::string("{"),
                                 std::string("[]"),
                                 std::string("1"),
                                 std::string("\"a\""),
                                 std::string("null"),
                                 std::string("{}{}"),
                                 std::string("{} x"),
                                 std::string("{\"a\":null}"),
                                 std::string("{\"a\":{}}"),
                                 std::string("{\"a\":[]}"),
                                 std::string("{\"a\":1.5}"),
                                 std::string("{\"a\":1e3}"),
                                 std::string("{\"a\":9223372036854775808}"),
                                 std::string("{\"a\":-9223372036854775809}"),
                                 std::string("{\"a\":1,\"a\":1}"),
                                 std::string("{\"a\":1,\"\\u0061\":1}"),
                                 std::string("{\"a\":\"\xff\"}"),
                                 std::string("{\"a\":\"\xed\xa0\x80\"}"),
                                 std::string("{\"a\":\"\\ud800\"}"),
                                 std::string("{\"a\":1,}"),
                                 std::string("{'a':1}"),
                                 std::string("{\"a\":1}\0", 8),
                                 std::string("{\"a\":1}\0{", 9),
                                 std::string("{\"a\":\"\n\"}"),
                                 deep,
                                 "{\"a\":" + deep,
                                 "{\"a\":\"" + std::string(kMaxLine, 'x') + "\"}"}) {
    const Result<Record> record = Record::parse(bad);
    if (record) fail_at(__FILE__, __LINE__, "taken: " + bad.substr(0, 40));
    CHECK(record.error().kind == ErrorKind::InvalidInput);
  }
  MUST(Record::parse("{\"a\":\"b\", \"c\" : -1, \"d\":true}"));
}

void every_value_is_judged_as_stored_rows_are() {
  const std::vector<std::string> lines = lines_of(small());
  const Json gone(Json::value_t::discarded);
  const std::string huge(10'000, 'x');
  const std::pair<const char *, std::vector<Json>> fields[] = {
      {"record", {gone, "creditential", 1, ""}},
      {"user", {gone, "", "root\n", "../etc", "-x", huge, 7, std::string("a\0b", 3)}},
      {"uid", {gone, -1, 4294967295, 4294967296, "1000", true}},
      {"name", {gone, "", " x", "a\nb", "\u202egpj", std::string(65, 'x'), std::string("a\0b", 3), 1}},
      {"way", {gone, "", "code", "USB", huge}},
      {"device", {gone, "a\x1b[2J", std::string(513, 'x')}},
      {"state", {gone, "", "Active", "open"}},
      {"reason", {gone, "a\nb", std::string(256, 'x')}},
      {"changed_by_uid", {gone, -1}},
      {"changed_by", {gone, "\x07"}},
      {"changed", {gone, -1, 253402300800, "yesterday"}},
      {"created", {gone, -1, INT64_MAX}},
      {"last_used", {-1, "never", false}},
      {"id", {gone, "", "0", "zz", "AB", std::string(2 * 1024, '0')}},
      {"rp_id", {gone, "", "a b", "-", huge}},
      {"algorithm", {gone, 0, -8, -257, -7.0, INT64_MIN}},
      {"public_key", {gone, "", "00", to_hex(some_key()) + "00", std::string(2 * 77, 'f')}},
      {"counter", {gone, -1, 4294967296}},
      {"user_verification", {gone, 1, "true"}},
      {"sensor", {gone, 0}},
      {"discoverable", {gone, "false"}},
      {"user_handle", {gone, std::string(2 * 65, '0')}},
      {"max_allow_list", {gone, -1}},
      {"aaguid", {gone, "", "0", huge}},
      {"attestation", {gone, "sworn"}},
      {"attested_by", {gone, "\x1b", std::string(256, 'x')}},
      {"certificates", {gone, std::string(2 * 16385, '0'), "xyz"}},
  };
  for (const auto &[field, values] : fields)
    for (const Json &value : values) {
      std::vector<std::string> changed = lines;
      changed[1] = with(lines[1], field, value);
      is_refused(changed,
                 std::string(field) + " = " + (value.is_discarded() ? "gone" : value.dump().substr(0, 60)));
    }
  std::vector<std::string> tpm = lines;
  tpm[1] = with(lines[1], "way", "tpm");  // and discoverable, which only a security key is
  is_refused(tpm, "a discoverable passkey in a TPM");
  std::vector<std::string> newer = lines;
  newer[1] = with(lines[1], "something-new", "x");
  MUST(read_lines(newer));
}

void what_is_announced_must_come_and_nothing_else() {
  const std::vector<std::string> lines = lines_of(small());
  const auto announced = [&](const char *field, const Json &value) {
    std::vector<std::string> changed = lines;
    changed[0] = with(lines[0], field, value);
    is_refused(changed, std::string(field) + " = " + value.dump());
  };
  for (const std::int64_t number : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{3},
                                    std::int64_t{4'000'000'000}, INT64_MAX})
    announced("credentials", number);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{2}, INT64_MAX}) announced("locks", number);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, std::int64_t{4}, INT64_MAX})
    announced("audit_first", number);
  for (const std::int64_t number : {std::int64_t{1}, std::int64_t{2}, std::int64_t{4}, INT64_MAX})
    announced("audit_last", number);
  announced("audit_head", std::string(64, '0'));
  announced("audit_head", "00");
  for (std::size_t at = 0; at < lines.size(); ++at) {
    std::vector<std::string> changed = lines;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
    is_refused(changed, "without line " + std::to_string(at));
    changed = lines;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
    is_refused(changed, "twice line " + std::to_string(at));
  }
  is_refused({}, "nothing");
}

void a_credential_or_lock_that_comes_twice_is_refused() {
  Holdings all = small();
  all.credentials.push_back(all.credentials[0]);
  is_refused(lines_of(all), "a credential twice");
  all = small();
  all.locks.push_back(all.locks[0]);
  is_refused(lines_of(all), "a lock twice");
}

void only_a_sealed_memory_file_is_read() {
  const Fd open_one = MUST(make_memory_file());
  MUST(write_at(open_one, 0, "x"));
  CHECK(!size_of_sealed(open_one));
  MUST(seal(open_one));
  CHECK(MUST(size_of_sealed(open_one)) == 1);
  CHECK(!write_at(open_one, 0, "y"));
  const Fd plain(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(!size_of_sealed(plain));
  int ends[2] = {};
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  CHECK(!size_of_sealed(reader));
  const Fd large = MUST(make_memory_file());
  CHECK(ftruncate(large.get(), static_cast<off_t>(kMaxFile) + 1) == 0);
  MUST(seal(large));
  const Result<std::size_t> size = size_of_sealed(large);
  CHECK(!size && size.error().kind == ErrorKind::InvalidInput);
}

// --- the signing key ---

void the_key_is_made_once_and_for_its_owner_only() {
  const TempDir dir;
  CHECK(!MUST(SigningKey::find(dir.path())));
  const SigningKey made = MUST(SigningKey::find_or_make(dir.path()));
  struct stat about = {};
  CHECK(stat((dir.path() + "/export.key").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  CHECK(contents_of(dir.path() + "/export.key").starts_with("-----BEGIN PRIVATE KEY-----"));
  CHECK(MUST(SigningKey::find_or_make(dir.path())).public_key() == made.public_key());
  CHECK(MUST(SigningKey::find(dir.path()))->public_key() == made.public_key());
  CHECK(is_signed(made.public_key(), "text", MUST(made.sign("text"))));
  CHECK(!is_signed(made.public_key(), "test", MUST(made.sign("text"))));
  CHECK(!is_signed(Bytes(44, 1), "text", MUST(made.sign("text"))));
}

void a_damaged_key_is_an_error_and_never_replaced() {
  const TempDir dir;
  const std::string path = dir.path() + "/export.key";
  MUST(SigningKey::find_or_make(dir.path()));
  const std::string good = contents_of(path);
  for (const std::string &bad : {std::string(), good.substr(0, 60), good.substr(0, good.size() - 40) + "\n",
                                 std::string("hello\n"), std::string(5000, 'x')}) {
    write_file(path, bad);
    const Result<SigningKey> key = SigningKey::find_or_make(dir.path());
    CHECK(!key && key.error().kind == ErrorKind::Corrupt);
    CHECK(key.error().sentence.find(path) != std::string::npos);
    CHECK(contents_of(path) == bad);
  }
  write_file(path, good);
  CHECK(chmod(path.c_str(), 0640) == 0);
  CHECK(!SigningKey::find_or_make(dir.path()));
  CHECK(unlink(path.c_str()) == 0 && symlink("/dev/null", path.c_str()) == 0);
  CHECK(!SigningKey::find_or_make(dir.path()));
  CHECK(!SigningKey::find(dir.path()));
}

void two_that_need_the_key_at_once_get_the_same() {
  for (int round = 0; round < 20; ++round) {
    const TempDir dir;
    const pid_t other = start_child([&] { return SigningKey::find_or_make(dir.path()) ? 0 : 1; });
    const Bytes mine = MUST(SigningKey::find_or_make(dir.path())).public_key();
    CHECK(wait_for(other) == 0);
    CHECK(MUST(SigningKey::find(dir.path()))->public_key() == mine);
  }
}

void a_full_or_read_only_disk_gets_no_half_a_key() {
  const TempDir dir(memory_directory());
  const std::string key = dir.path() + "/export.key";
  const int code = in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return 77;
    if (mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=16k,mode=0700") != 0) return 77;
    const std::string filler = dir.path() + "/filler";
    std::ofstream(filler) << std::string(64 * 1024, 'x');
    const auto refused = [&] {
      const Result<SigningKey> made = SigningKey::find_or_make(dir.path());
      CHECK(!made && made.error().kind == ErrorKind::StorageFull);
      CHECK(access(key.c_str(), F_OK) != 0);
    };
    refused();
    CHECK(unlink(filler.c_str()) == 0);
    CHECK(mount("", dir.path().c_str(), "", MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    refused();
    CHECK(mount("", dir.path().c_str(), "", MS_REMOUNT, nullptr) == 0);
    MUST(SigningKey::find_or_make(dir.path()));
    CHECK(mount("", dir.path().c_str(), "", MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    MUST(SigningKey::find_or_make(dir.path()));  // one that is there is enough
    return 0;
  });
  if (code == 77) throw Skipped("mounting a small tmpfs takes root");
  CHECK(code == 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(what_is_written_is_read_back),
      TEST(the_tpms_blob_is_never_written),
      TEST(nobodys_text_breaks_a_line),
      TEST(a_bit_that_flips_anywhere_is_noticed),
      TEST(a_file_that_is_cut_short_or_goes_on_is_noticed),
      TEST(another_machines_signature_is_told_by_its_fingerprint),
      TEST(a_line_is_one_flat_object),
      TEST(every_value_is_judged_as_stored_rows_are),
      TEST(what_is_announced_must_come_and_nothing_else),
      TEST(a_credential_or_lock_that_comes_twice_is_refused),
      TEST(only_a_sealed_memory_file_is_read),
      TEST(the_key_is_made_once_and_for_its_owner_only),
      TEST(a_damaged_key_is_an_error_and_never_replaced),
      TEST(two_that_need_the_key_at_once_get_the_same),
      TEST(a_full_or_read_only_disk_gets_no_half_a_key),
  };
  return cmocka_run_group_tests_name("transfer-file", tests, nullptr, nullptr);
}
