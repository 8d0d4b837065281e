/// Models: what the daemon makes of a key's word, by its configuration and the metadata in a real ledger; and
/// how their names and the roots of trust are read.
#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "daemon/ceremony/models_file.h"
#include "daemon/config.h"
#include "daemon/models.h"
#include "daemon/roots.h"
#include "tests/certificate_kit.h"
#include "webauthn/certificate.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;
namespace fs = std::filesystem;

namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override { return kToday; }
  [[nodiscard]] BootTime boot() const override { return kMadeAt; }
};
const FixedClock kClock;

/// A directory of a test's own, closed to others.
class Place {
 public:
  Place() {
    std::string name = (fs::temp_directory_path() / "passkeyd-models-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    top_ = name;
  }
  ~Place() { fs::remove_all(top_); }
  Place(const Place &) = delete;
  Place &operator=(const Place &) = delete;

  [[nodiscard]] std::string path(const std::string &name = "") const { return top_ / name; }
  void write(const std::string &name, const std::string &text) const {
    fs::remove(path(name));
    std::ofstream(path(name)) << text;
    CHECK(chmod(path(name).c_str(), 0644) == 0);
  }

 private:
  fs::path top_;
};

/// A daemon's house with no bus and no ceremonies.
struct Home {
  Place place;
  House house{nullptr,
              nullptr,
              Config{},
              rp_id(),
              MUST(Ledger::open(place.path("ledger.db"), kToday)),
              Ceremonies(nullptr, ""),
              kClock,
              "boot"};

  void import(std::vector<Model> models) {
    MUST(house.ledger.replace_models({{1, "2999-01-01"}, std::move(models)}, Actor{}, kToday));
  }
};

const Holder &root() {
  static const Holder one(Paper::of_authority("Vendor Root"));
  return one;
}
const Holder &leaf() {
  static const Holder one(Paper(), root());
  return one;
}

Credential certified() {
  Enrollment enrollment(key_of(Algorithm::Es256));
  enrollment.attest_packed(leaf().key, std::vector<Bytes>{leaf().der});
  return MUST(enrollment.verify());
}

Model model_with(const Aaguid &aaguid, std::vector<Bytes> roots) {
  return {copy_of(aaguid), "Blue Key 5", "FIDO_CERTIFIED_L1", false, std::move(roots)};
}

Model recalled_model() {
  Model model = model_with(kAaguid, {root().der});
  model.recalled = true;
  model.status = "REVOKED";
  return model;
}

void by_default_anything_enrolls_and_is_judged() {
  Home home;
  Credential credential = certified();
  MUST(judge_model(home.house, credential));
  CHECK(credential.attestation == Attestation::Untrusted);
  home.house.config.trusted_roots = {root().der};
  MUST(judge_model(home.house, credential));
  CHECK(credential.attestation == Attestation::Trusted && credential.attested_by == "Vendor Root");
}

void where_it_is_required_only_trusted_keys_enroll() {
  Home home;
  home.house.config.attestation = AttestationRule::Required;
  for (const Attestation other :
       {Attestation::Unknown, Attestation::None, Attestation::Self, Attestation::Untrusted}) {
    Credential credential = certified();
    credential.certificates.clear();
    credential.attestation = other;
    const Status judged = judge_model(home.house, credential);
    CHECK(!judged && judged.error().kind == ErrorKind::NotAttested);
  }
  Credential credential = certified();
  CHECK(!judge_model(home.house, credential));
  home.house.config.trusted_roots = {root().der};
  CHECK(judge_model(home.house, credential));
}

void the_metadatas_roots_count_for_their_model_only() {
  Home home;
  Aaguid other = kAaguid;
  other[0] ^= 1;
  home.import({model_with(other, {root().der})});
  Credential credential = certified();
  MUST(judge_model(home.house, credential));
  CHECK(credential.attestation == Attestation::Untrusted);
  home.import({model_with(kAaguid, {root().der})});
  MUST(judge_model(home.house, credential));
  CHECK(credential.attestation == Attestation::Trusted);
}

void a_recalled_model_is_refused_and_flagged_whatever_it_proves() {
  Home home;
  home.import({recalled_model()});
  home.house.config.trusted_roots = {root().der};
  Credential trusted = certified();
  Enrollment silent(key_of(Algorithm::Es256));
  for (Credential credential : {trusted, MUST(silent.verify())}) {
    const Status judged = judge_model(home.house, credential);
    CHECK(!judged && judged.error().kind == ErrorKind::ModelRecalled);
    CHECK(recall_of(home.house, credential) == "REVOKED");
  }
  home.import({model_with(kAaguid, {})});
  CHECK(recall_of(home.house, trusted).empty() && judge_model(home.house, trusted));
}

void a_platform_credential_is_left_to_others() {
  Home home;
  home.house.config.attestation = AttestationRule::Required;
  Credential credential = certified();
  credential.way = Way::Tpm;
  MUST(judge_model(home.house, credential));
  CHECK(credential.attestation == Attestation::Untrusted);
}

void a_name_is_the_administrators_or_the_metadatas_or_ours() {
  Home home;
  const Credential credential = certified();
  CHECK(model_name(home.house, credential).empty());
  home.house.config.shipped_model_names[kAaguid] = "Ours";
  CHECK(model_name(home.house, credential) == "Ours");
  home.import({model_with(kAaguid, {})});
  CHECK(model_name(home.house, credential) == "Blue Key 5");
  home.house.config.own_model_names[kAaguid] = "The blue one";
  CHECK(model_name(home.house, credential) == "The blue one");
}

void an_old_key_is_known_by_its_certificate() {
  Home home;
  Credential credential = certified();
  credential.aaguid = {};
  const Certificate certificate = read_certificate(leaf().der);
  Model old = recalled_model();
  old.id = key_identifier_of(certificate.get());
  home.import({old});
  CHECK(model_name(home.house, credential) == "Blue Key 5" && recall_of(home.house, credential) == "REVOKED");
}

void names_are_read_line_by_line_and_slips_passed_over() {
  const Place place;
  place.write("aaguids",
              "# comment\n\n01020304-0506-0708-090a-0b0c0d0e0f10  Blue Key \t\r\n"
              "not an aaguid\n01020304-0506-0708-090a-0b0c0d0e0f11\n01020304-0506-0708-090a-0b0c0d0e0f12Red\n"
              "01020304-0506-0708-090a-0b0c0d0e0f13 Red\033[31m\n"
              "01020304-0506-0708-090a-0b0c0d0e0f14 " +
                  std::string(129, 'x') +
                  "\n"
                  "01020304-0506-0708-090A-0B0C0D0E0F15 Gr\u00fcn");
  const ModelNames names = read_model_names(place.path("aaguids"));
  CHECK(names.size() == 2 && names.at(kAaguid) == "Blue Key");
  Aaguid green = kAaguid;
  green[15] = 0x15;
  CHECK(names.at(green) == "Gr\u00fcn");
  CHECK(read_model_names(place.path("nowhere")).empty());
  CHECK(read_model_names(place.path()).empty());
}

void the_names_that_come_along_are_all_good() {
  std::ifstream file(SHIPPED_AAGUIDS);
  std::size_t lines = 0;
  std::string before;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    CHECK(before < line);  // sorted, and none twice
    before = line;
    ++lines;
  }
  CHECK(lines > 300 && read_model_names(SHIPPED_AAGUIDS).size() == lines);
}

std::string pem_of(const Bytes &der) {
  const Certificate certificate = read_certificate(der);
  const Handle<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  char *text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// The sentence that `roots` is refused with; empty if it is taken.
std::string refusal_of(const Place &place) {
  const Result<std::vector<Bytes>> roots = read_roots(place.path());
  if (roots) return "";
  CHECK(roots.error().kind == ErrorKind::NotConfigured);
  return roots.error().sentence;
}

void roots_are_read_whole_or_refused_by_name() {
  const Place place;
  CHECK(MUST(read_roots(place.path("nowhere"))).empty() && MUST(read_roots(place.path())).empty());
  place.write("b.pem", pem_of(leaf().der));
  place.write("a.pem", pem_of(root().der));
  place.write("notes.txt", "nothing");
  CHECK((MUST(read_roots(place.path())) == std::vector<Bytes>{root().der, leaf().der}));
  place.write("c.pem", "nothing");
  CHECK(refusal_of(place).starts_with(place.path("c.pem") + ": "));
  place.write("c.pem", pem_of(root().der).substr(0, 200));
  CHECK(refusal_of(place).starts_with(place.path("c.pem") + ": "));
  fs::remove(place.path("c.pem"));
  fs::create_directory(place.path("c.pem"));
  CHECK(refusal_of(place) == place.path("c.pem") + ": is no file");
}

void roots_that_others_could_write_are_refused() {
  const Place place;
  place.write("a.pem", pem_of(root().der));
  CHECK(refusal_of(place).empty());
  for (const mode_t mode : {0664, 0646}) {
    CHECK(chmod(place.path("a.pem").c_str(), mode) == 0);
    CHECK(refusal_of(place).starts_with(place.path("a.pem") + ": must belong to root"));
  }
  CHECK(chmod(place.path("a.pem").c_str(), 0644) == 0);
  CHECK(chmod(place.path().c_str(), 0777) == 0);
  CHECK(!refusal_of(place).empty());
  CHECK(chmod(place.path().c_str(), 0755) == 0);
  if (geteuid() != 0) throw Skipped("takes root");
  CHECK(chown(place.path("a.pem").c_str(), 1000, 1000) == 0);
  CHECK(refusal_of(place).starts_with(place.path("a.pem") + ": must belong to root"));
}

void a_configuration_names_roots_that_are_there() {
  const Place place;
  const auto load = [&](const std::string &text) {
    place.write("passkeyd.conf", text);
    return load_config(place.path(), place.path("vendor"));
  };
  place.write("roots.pem", pem_of(root().der));
  Config config = MUST(load("metadata_root = " + place.path("roots.pem") + "\nattestation = required\n"));
  CHECK(config.metadata_signers == std::vector<Bytes>{root().der});
  CHECK(config.attestation == AttestationRule::Required);
  for (const char *key : {"attestation_roots", "metadata_root"}) {
    const Result<Config> missing = load(std::string(key) + " = /nowhere/at/all\n");
    CHECK(!missing && missing.error().sentence.ends_with(std::string(key) + ": there is no /nowhere/at/all"));
    CHECK(!load(std::string(key) + " = here\n"));
  }
  CHECK(!load("attestation = perhaps\n"));
}

Metadata some_metadata() {
  Model one = model_with(kAaguid, {root().der, leaf().der}), two = recalled_model();
  two.id = Bytes(20, 0x77);
  return {{42, "2026-12-01"}, {one, two}};
}

void models_survive_the_trip_in_their_file() {
  const Metadata sent = some_metadata();
  const Metadata got = MUST(wire::from_models_file(MUST(wire::to_models_file(sent))));
  CHECK(got.state == sent.state && got.models == sent.models);
}

/// A sealed file with these bytes, or an unsealed one.
Fd file_of(ByteView bytes, bool sealed = true) {
  Fd file(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  CHECK(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  if (sealed) CHECK(fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
  return file;
}

Bytes bytes_in(const Fd &file) {
  Bytes bytes(1 << 16);
  const ssize_t got = pread(file.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

void a_models_file_is_hostile_until_parsed() {
  const Bytes good = bytes_in(MUST(wire::to_models_file(some_metadata())));
  CHECK(wire::from_models_file(file_of(good)));
  CHECK(!wire::from_models_file(file_of(good, false)));
  for (std::size_t size = 0; size < good.size(); size += 5)
    CHECK(!wire::from_models_file(file_of(ByteView(good).first(size))));
  Bytes longer = good;
  longer.push_back(0);
  CHECK(!wire::from_models_file(file_of(longer)));
  for (std::size_t at = 0; at < good.size(); at += 3) {  // no crash, whatever comes of it
    Bytes damaged = good;
    damaged[at] ^= 0x55;
    (void)wire::from_models_file(file_of(damaged));
  }
  Metadata bad = some_metadata();
  std::swap(bad.models[0], bad.models[1]);
  bad.models[1].id = bad.models[0].id;
  CHECK(!wire::from_models_file(MUST(wire::to_models_file(bad))));
  for (const auto &change : std::initializer_list<void (*)(Metadata &)>{
           [](Metadata &m) { m.state.number = -1; }, [](Metadata &m) { m.state.next_update = "2026-12-01 "; },
           [](Metadata &m) { m.models[0].id.pop_back(); },
           [](Metadata &m) { m.models[0].description = "\033"; },
           [](Metadata &m) { m.models[0].status = std::string(256, 'x'); },
           [](Metadata &m) { m.models[0].roots[0].pop_back(); }}) {
    Metadata changed = some_metadata();
    change(changed);
    CHECK(!wire::from_models_file(MUST(wire::to_models_file(changed))));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(by_default_anything_enrolls_and_is_judged),
      TEST(where_it_is_required_only_trusted_keys_enroll),
      TEST(the_metadatas_roots_count_for_their_model_only),
      TEST(a_recalled_model_is_refused_and_flagged_whatever_it_proves),
      TEST(a_platform_credential_is_left_to_others),
      TEST(a_name_is_the_administrators_or_the_metadatas_or_ours),
      TEST(an_old_key_is_known_by_its_certificate),
      TEST(names_are_read_line_by_line_and_slips_passed_over),
      TEST(the_names_that_come_along_are_all_good),
      TEST(roots_are_read_whole_or_refused_by_name),
      TEST(roots_that_others_could_write_are_refused),
      TEST(a_configuration_names_roots_that_are_there),
      TEST(models_survive_the_trip_in_their_file),
      TEST(a_models_file_is_hostile_until_parsed),
  };
  return cmocka_run_group_tests_name("models", tests, nullptr, nullptr);
}
