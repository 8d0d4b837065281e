/// Attestation: which certificates make a key's word about its model trusted, and which do not.
#include <openssl/pem.h>

#include <functional>

#include "tests/certificate_kit.h"
#include "tests/check.h"
#include "webauthn/certificate.h"
#include "webauthn/chain.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using Change = std::function<void(Paper &)>;

/// A vendor: root, issuer, and a certificate for its keys.
struct Vendor {
  explicit Vendor(const std::string &name = "Vendor Root")
      : root(Paper::of_authority(name)),
        issuer(Paper::of_authority("Vendor Issuer"), root),
        leaf(Paper(), issuer) {}
  Holder root, issuer, leaf;

  [[nodiscard]] std::vector<Bytes> chain() const { return {leaf.der, issuer.der}; }
};

const Vendor &vendor() {
  static const Vendor one;
  return one;
}

Bytes joined(const std::vector<Bytes> &list) {
  Bytes all;
  for (const Bytes &each : list) all.insert(all.end(), each.begin(), each.end());
  return all;
}

/// Enrolls with a packed statement of these certificates and judges it.
Credential enrolled(const Holder &leaf, const std::vector<Bytes> &chain, const std::vector<Bytes> &roots,
                    WallTime now = kToday) {
  Enrollment enrollment(key_of(Algorithm::Es256));
  enrollment.attest_packed(leaf.key, chain);
  Credential credential = MUST(enrollment.verify());
  judge_attestation(credential, roots, now);
  return credential;
}

/// The vendor certifies a key with a changed certificate.
Attestation with(const Change &change) {
  Paper paper;
  change(paper);
  const Holder leaf(paper, vendor().issuer);
  return enrolled(leaf, {leaf.der, vendor().issuer.der}, {vendor().root.der}).attestation;
}

void a_chain_to_a_known_root_is_trusted_and_names_it() {
  const Credential credential = enrolled(vendor().leaf, vendor().chain(), {vendor().root.der});
  CHECK(credential.attestation == Attestation::Trusted);
  CHECK(credential.attested_by == "Vendor Root");
  CHECK(credential.certificates == joined(vendor().chain()));
}

void a_chain_to_nobody_is_untrusted_and_names_its_issuer() {
  const Vendor other("Another Root");
  for (const std::vector<Bytes> &roots : {std::vector<Bytes>(), std::vector<Bytes>{other.root.der}}) {
    const Credential credential = enrolled(vendor().leaf, vendor().chain(), roots);
    CHECK(credential.attestation == Attestation::Untrusted);
    CHECK(credential.attested_by == "Vendor Issuer");
  }
}

void a_root_of_the_same_name_with_another_key_is_another() {
  const Vendor imposter("Vendor Root");
  CHECK(enrolled(vendor().leaf, vendor().chain(), {imposter.root.der}).attestation == Attestation::Untrusted);
  // A vendor's old and new root bear one name: whichever comes first, the right one is found.
  CHECK(enrolled(vendor().leaf, vendor().chain(), {imposter.root.der, vendor().root.der}).attestation ==
        Attestation::Trusted);
}

void what_is_believed_may_be_root_issuer_or_leaf() {
  for (const Bytes &root : {vendor().root.der, vendor().issuer.der, vendor().leaf.der})
    CHECK(enrolled(vendor().leaf, vendor().chain(), {root}).attestation == Attestation::Trusted);
  const Holder alone((Paper()));  // as vendors make them who have one certificate in all
  CHECK(enrolled(alone, {alone.der}, {alone.der}).attestation == Attestation::Trusted);
  CHECK(enrolled(alone, {alone.der}, {vendor().root.der}).attestation == Attestation::Untrusted);
}

void a_gap_in_the_chain_is_not_jumped() {
  CHECK(enrolled(vendor().leaf, {vendor().leaf.der}, {vendor().root.der}).attestation ==
        Attestation::Untrusted);
}

void what_the_key_brings_along_is_never_its_own_root() {
  CHECK(
      enrolled(vendor().leaf, {vendor().leaf.der, vendor().issuer.der, vendor().root.der}, {}).attestation ==
      Attestation::Untrusted);
}

void who_is_no_authority_issues_nothing() {
  Paper paper;
  paper.name = "Bought Key";
  const Holder bought(Paper(), vendor().issuer);  // a genuine key's certificate, used to sign another
  const Holder forged(paper, bought);
  CHECK(enrolled(forged, {forged.der, bought.der, vendor().issuer.der}, {vendor().root.der}).attestation ==
        Attestation::Untrusted);
}

void certificates_count_only_in_their_time() {
  CHECK(with([](Paper &p) { p.until = kToday - kDay; }) == Attestation::Untrusted);
  CHECK(with([](Paper &p) { p.from = kToday + kDay; }) == Attestation::Untrusted);
  Paper old = Paper::of_authority("Old Issuer");
  old.until = kToday - kDay;
  const Holder issuer(old, vendor().root);
  const Holder leaf(Paper(), issuer);
  CHECK(enrolled(leaf, {leaf.der, issuer.der}, {vendor().root.der}).attestation == Attestation::Untrusted);
  CHECK(enrolled(leaf, {leaf.der, issuer.der}, {vendor().root.der}, kToday - 2 * kDay).attestation ==
        Attestation::Trusted);
}

void a_certificate_that_breaks_the_rules_of_webauthn_attests_nothing() {
  CHECK(with([](Paper &) {}) == Attestation::Trusted);
  CHECK(with([](Paper &p) { p.aaguid = kAaguid; }) == Attestation::Trusted);
  const Change changes[] = {
      [](Paper &p) { p.version = X509_VERSION_1; },
      [](Paper &p) { p.country = ""; },
      [](Paper &p) { p.organization = ""; },
      [](Paper &p) { p.unit = ""; },
      [](Paper &p) { p.unit = "Authenticator"; },
      [](Paper &p) { p.name = ""; },
      [](Paper &p) { p.authority = true; },
      [](Paper &p) {
        p.aaguid = kAaguid;
        p.aaguid_critical = true;
      },
  };
  for (const Change &change : changes) CHECK(with(change) == Attestation::Untrusted);
}

void what_cannot_be_believed_is_not_kept() {
  Paper paper;
  paper.unit = "Sales";
  const Holder leaf(paper, vendor().issuer);
  const Credential credential = enrolled(leaf, {leaf.der}, {leaf.der, vendor().root.der});
  CHECK(credential.attestation == Attestation::Untrusted && credential.certificates.empty());
}

void without_certificates_there_is_nothing_to_judge() {
  const std::vector<Bytes> roots = {vendor().root.der};
  Enrollment enrollment(key_of(Algorithm::Es256));
  Credential none = MUST(enrollment.verify());
  judge_attestation(none, roots, kToday);
  CHECK(none.attestation == Attestation::None && none.attested_by.empty());
  enrollment.attest_packed();
  Credential self = MUST(enrollment.verify());
  judge_attestation(self, roots, kToday);
  CHECK(self.attestation == Attestation::Self && self.attested_by.empty());
}

/// An old key, through U2F.
Result<Credential> enrolled_by_u2f(const Holder &leaf, const Aaguid &aaguid) {
  Enrollment enrollment(key_of(Algorithm::Es256));
  enrollment.attested.aaguid = aaguid;
  enrollment.write_data();
  enrollment.attest_u2f(leaf.key, leaf.der);
  return enrollment.verify();
}

void an_old_keys_model_is_known_by_its_certificates_key() {
  Credential credential = MUST(enrolled_by_u2f(vendor().leaf, Aaguid{}));
  judge_attestation(credential, {vendor().issuer.der}, kToday);
  CHECK(credential.attestation == Attestation::Trusted);
  const Certificate leaf = read_certificate(vendor().leaf.der);
  CHECK(model_ids_of(credential) == std::vector<Bytes>{key_identifier_of(leaf.get())});
  CHECK(key_identifier_of(leaf.get()).size() == 20);
}

void an_old_key_cannot_claim_a_model() {  // what U2F signs does not hold the AAGUID
  Credential credential = MUST(enrolled_by_u2f(vendor().leaf, kAaguid));
  judge_attestation(credential, {vendor().issuer.der}, kToday);
  CHECK(credential.attestation == Attestation::Untrusted && credential.certificates.empty());
}

void an_old_keys_certificate_must_have_a_p256_key() {
  const Pkey other(EVP_EC_gen("P-384"));
  const Holder leaf(Paper(), vendor().issuer, other.get());
  CHECK(!enrolled_by_u2f(leaf, Aaguid{}));
}

void a_model_is_known_by_its_aaguid() {
  const Credential credential = enrolled(vendor().leaf, vendor().chain(), {});
  CHECK(model_ids_of(credential) == std::vector<Bytes>{copy_of(kAaguid)});
}

void nonsense_leads_nowhere() {
  const std::vector<Bytes> roots = {vendor().root.der, Bytes(), Bytes(40, 0x30)};
  CHECK(follow_chain({}, roots, kToday).error().kind == ErrorKind::Malformed);
  CHECK(follow_chain({Bytes(100, 0x30)}, roots, kToday).error().kind == ErrorKind::Malformed);
  CHECK(follow_chain(std::vector<Bytes>(kMaxChain + 1, vendor().leaf.der), roots, kToday).error().kind ==
        ErrorKind::Malformed);
  Bytes longer = vendor().leaf.der;
  longer.push_back(0);
  CHECK(follow_chain({longer, vendor().issuer.der}, roots, kToday).error().kind == ErrorKind::Malformed);
  CHECK(follow_chain(vendor().chain(), {Bytes(), Bytes(40, 0x30)}, kToday).error().kind ==
        ErrorKind::Untrusted);
  CHECK(follow_chain(vendor().chain(), roots, kToday));
}

void no_bit_of_a_chain_can_change() {
  for (std::size_t at = 0; at < 2; ++at) {
    for (std::size_t byte = 0; byte < vendor().chain()[at].size(); byte += 3) {
      std::vector<Bytes> chain = vendor().chain();
      chain[at][byte] ^= 0x10;
      CHECK(!follow_chain(chain, {vendor().root.der}, kToday));
    }
  }
}

void certificates_that_stand_together_come_apart_again() {
  CHECK(MUST(split_certificates(joined(vendor().chain()))) == vendor().chain());
  CHECK(MUST(split_certificates({})).empty());
  Bytes cut = joined(vendor().chain());
  cut.pop_back();
  CHECK(!split_certificates(cut));
  CHECK(!split_certificates(Bytes(10, 0)));
}

std::string pem_of(const Bytes &der) {
  const Certificate certificate = read_certificate(der);
  const Handle<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  CHECK(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  char *text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void a_pem_file_is_read_whole_or_refused() {
  const std::string one = pem_of(vendor().root.der), two = pem_of(vendor().issuer.der);
  CHECK(MUST(certificates_of_pem("Our roots\n" + one + "\n# and\n" + two)) ==
        (std::vector<Bytes>{vendor().root.der, vendor().issuer.der}));
  CHECK(!certificates_of_pem(""));
  CHECK(!certificates_of_pem("nothing here\n"));
  CHECK(!certificates_of_pem(one + two.substr(0, two.size() - 30)));
  CHECK(!certificates_of_pem(one + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  std::string damaged = one + two;
  damaged[one.size() + 100] = '!';
  CHECK(!certificates_of_pem(damaged));
}

void a_name_that_cannot_be_shown_is_not_shown() {
  Paper paper = Paper::of_authority("Red\033[31m Root");
  const Holder root(paper);
  const Holder leaf(Paper(), root);
  const Credential credential = enrolled(leaf, {leaf.der}, {root.der});
  CHECK(credential.attestation == Attestation::Trusted && credential.attested_by == "(unprintable)");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_chain_to_a_known_root_is_trusted_and_names_it),
      TEST(a_chain_to_nobody_is_untrusted_and_names_its_issuer),
      TEST(a_root_of_the_same_name_with_another_key_is_another),
      TEST(what_is_believed_may_be_root_issuer_or_leaf),
      TEST(a_gap_in_the_chain_is_not_jumped),
      TEST(what_the_key_brings_along_is_never_its_own_root),
      TEST(who_is_no_authority_issues_nothing),
      TEST(certificates_count_only_in_their_time),
      TEST(a_certificate_that_breaks_the_rules_of_webauthn_attests_nothing),
      TEST(what_cannot_be_believed_is_not_kept),
      TEST(without_certificates_there_is_nothing_to_judge),
      TEST(an_old_keys_model_is_known_by_its_certificates_key),
      TEST(an_old_key_cannot_claim_a_model),
      TEST(an_old_keys_certificate_must_have_a_p256_key),
      TEST(a_model_is_known_by_its_aaguid),
      TEST(nonsense_leads_nowhere),
      TEST(no_bit_of_a_chain_can_change),
      TEST(certificates_that_stand_together_come_apart_again),
      TEST(a_pem_file_is_read_whole_or_refused),
      TEST(a_name_that_cannot_be_shown_is_not_shown),
  };
  return cmocka_run_group_tests_name("webauthn-chain", tests, nullptr, nullptr);
}
