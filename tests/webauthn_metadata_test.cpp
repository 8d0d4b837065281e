/// FIDO Metadata: a BLOB is taken only if the right signer signed it, and says of each model what it must.
#include <openssl/bn.h>
#include <openssl/ec.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/certificate_kit.h"
#include "tests/check.h"
#include "webauthn/base64url.h"
#include "webauthn/metadata.h"

using namespace passkeyd;
using namespace passkeyd::test;
using Json = nlohmann::json;

namespace {

std::string base64(ByteView bytes) {
  std::string text = to_base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text + std::string((4 - text.size() % 4) % 4, '=');
}

/// JWS writes ECDSA's two numbers side by side.
Bytes raw_signature(const Bytes &der) {
  const unsigned char *at = der.data();
  const Handle<ECDSA_SIG, ECDSA_SIG_free> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Bytes raw(64);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), 32) == 32);
  CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + 32, 32) == 32);
  return raw;
}

Paper publisher_paper() {
  Paper paper;
  paper.unit = "";
  paper.name = paper.host = kMetadataHost;
  return paper;
}

const Holder &root() {
  static const Holder one(Paper::of_authority("Web Root"));
  return one;
}
const Holder &authority() {
  static const Holder one(Paper::of_authority("Web Authority"), root());
  return one;
}

Json report(const char *status, const char *since) {
  return {{"status", status}, {"effectiveDate", since}};
}

Json entry(const std::string &aaguid, const Json &reports) {
  return {{"aaguid", aaguid},
          {"metadataStatement",
           {{"description", "Blue Key 5"},
            {"icon", "data:image/png;base64,AAAA"},
            {"userVerificationDetails", {{{{"userVerificationMethod", "presence_internal"}}}}},
            {"attestationRootCertificates", Json::array({base64(root().der)})}}},
          {"statusReports", reports},
          {"timeOfLastStatusChange", "2026-01-01"}};
}

constexpr const char *kBlue = "2fc0579f-8113-47ea-b116-bb5a8db9202a";
const Json kCertified = Json::array({report("FIDO_CERTIFIED_L1", "2020-01-01")});

/// A BLOB in one value: good until a part is changed.
struct Blob {
  Holder signer{publisher_paper(), authority()};
  Json header = {{"alg", "ES256"}, {"typ", "JWT"}, {"x5c", {base64(signer.der), base64(authority().der)}}};
  Json payload = {{"legalHeader", "Read this"},
                  {"no", 42},
                  {"nextUpdate", "2026-12-01"},
                  {"entries", Json::array({entry(kBlue, kCertified)})}};

  [[nodiscard]] std::string text() const { return text_with(payload.dump()); }
  /// With this in the payload's place.
  [[nodiscard]] std::string text_with(const std::string &raw_payload) const {
    const std::string head =
        to_base64url(bytes_of(header.dump())) + "." + to_base64url(bytes_of(raw_payload));
    Bytes signature = signer.key.sign(bytes_of(head));
    if (signer.key.algorithm() == Algorithm::Es256) signature = raw_signature(signature);
    return head + "." + to_base64url(signature);
  }
  void use(const Holder &other) { header["x5c"] = {base64(other.der), base64(authority().der)}; }
};

Result<Metadata> read(const std::string &text, WallTime now = kToday) {
  return read_metadata(text, {root().der}, now);
}

/// The name of the error that a changed BLOB meets.
std::string_view refused(const std::function<void(Blob &)> &change) {
  Blob blob;
  change(blob);
  const Result<Metadata> result = read(blob.text());
  return result ? "taken" : name_of(result.error().kind);
}

std::string_view refused_text(const std::string &text) {
  const Result<Metadata> result = read(text);
  return result ? "taken" : name_of(result.error().kind);
}

/// A list even of one: in braces, that would be the one.
template <class... Entry>
Json list_of(const Entry &...entries) {
  Json list = Json::array();
  (list.push_back(entries), ...);
  return list;
}

template <class... Entry>
Metadata with_entries(const Entry &...entries) {
  Blob blob;
  blob.payload["entries"] = list_of(entries...);
  return MUST(read(blob.text()));
}

void a_good_blob_says_what_it_says() {
  const Metadata metadata = MUST(read(Blob().text()));
  CHECK((metadata.state == MetadataState{42, "2026-12-01"}));
  CHECK(metadata.models.size() == 1);
  const Model &model = metadata.models.front();
  CHECK(model.id == copy_of(*aaguid_of(kBlue)) && model.description == "Blue Key 5");
  CHECK(model.status == "FIDO_CERTIFIED_L1" && !model.recalled);
  CHECK(model.roots == std::vector<Bytes>{root().der});
}

void both_algorithms_are_known() {
  Blob blob;
  CHECK(read(blob.text()));
  blob.signer = Holder(publisher_paper(), authority(), Algorithm::Rs256);
  blob.header["alg"] = "RS256";
  blob.use(blob.signer);
  CHECK(read(blob.text()));
}

void a_newline_at_the_end_is_no_part_of_it() {
  CHECK(read(Blob().text() + "\r\n"));
}

void no_character_of_it_can_change() {
  const std::string good = Blob().text();
  CHECK(read(good));
  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string changed = good;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK(!read(changed));
  }
}

void who_else_signs_is_not_believed() {
  CHECK(refused([](Blob &b) { b.signer = Holder(publisher_paper()); }) == "untrusted");
  CHECK(refused([](Blob &b) {  // their own certificate, issued by themselves
          b.signer = Holder(publisher_paper());
          b.use(b.signer);
        }) == "untrusted");
  CHECK(refused([](Blob &b) { b.header["x5c"].erase(1); }) == "untrusted");
  const Result<Metadata> without_roots = read_metadata(Blob().text(), {}, kToday);
  CHECK(!without_roots && without_roots.error().kind == ErrorKind::Untrusted);
}

void a_certificate_of_the_same_web_root_for_another_name_does_not_do() {
  for (const char *host : {"example.org", "mds.fidoalliance.org.example.org", "*.fidoalliance.org", ""})
    CHECK(refused([&](Blob &b) {
            Paper paper = publisher_paper();
            paper.host = host;
            if (paper.host.empty()) paper.name = "example.org";
            b.signer = Holder(paper, authority());
            b.use(b.signer);
          }) == "untrusted");
}

void an_expired_signer_is_not_believed() {
  CHECK(!read(Blob().text(), kToday + 11 * kDay));
  CHECK(refused([](Blob &b) {
          Paper paper = publisher_paper();
          paper.until = kToday - kDay;
          b.signer = Holder(paper, authority());
          b.use(b.signer);
        }) == "untrusted");
}

void no_other_algorithm_is_taken() {
  for (const char *algorithm : {"none", "NONE", "HS256", "RS1", "PS256", "ES384", "EdDSA", ""})
    CHECK(refused([&](Blob &b) { b.header["alg"] = algorithm; }) == "unsupported");
  CHECK(refused([](Blob &b) { b.header.erase("alg"); }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["alg"] = 7; }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["crit"] = {"b64"}; }) == "unsupported");
  CHECK(refused([](Blob &b) { b.header["alg"] = "RS256"; }) == "untrusted");  // with an EC key
}

void an_unsigned_blob_is_none() {
  const std::string good = Blob().text();
  const std::string head = good.substr(0, good.rfind('.'));
  for (const std::string &text : {head, head + ".", std::string(), std::string("."), std::string("..")})
    CHECK(refused_text(text) == "malformed");
  CHECK(refused_text(good + ".AAAA") == "malformed");
  for (const std::size_t size : {std::size_t{10}, good.size() / 2, good.size() - 3})
    CHECK(!read(good.substr(0, size)));
}

void the_header_must_be_one() {
  CHECK(refused([](Blob &b) { b.header.erase("x5c"); }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["x5c"] = Json::array(); }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["x5c"] = "AAAA"; }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["x5c"] = {1, 2}; }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["x5c"] = {"!!"}; }) == "malformed");
  CHECK(refused([](Blob &b) { b.header["x5c"] = Json::array({"AAAA", "AAAA"}); }) == "malformed");
  CHECK(refused([](Blob &b) {
          for (int more = 0; more < 8; ++more) b.header["x5c"].push_back(base64(authority().der));
        }) == "malformed");
  CHECK(refused([](Blob &b) { b.header = Json::array(); }) == "malformed");
}

void the_payload_must_be_one() {
  for (const char *missing : {"no", "nextUpdate", "entries"})
    CHECK(refused([&](Blob &b) { b.payload.erase(missing); }) == "malformed");
  for (const Json &number : {Json(-1), Json(1.5), Json("42"), Json(UINT64_MAX)})
    CHECK(refused([&](Blob &b) { b.payload["no"] = number; }) == "malformed");
  for (const char *date : {"", "tomorrow", "2026-12-1", "2026-12-01T00:00", "20261201"})
    CHECK(refused([&](Blob &b) { b.payload["nextUpdate"] = date; }) == "malformed");
  CHECK(refused([](Blob &b) { b.payload["entries"] = Json::object(); }) == "malformed");
  CHECK(refused([](Blob &b) { b.payload["entries"][0]["aaguid"] = "blue"; }) == "malformed");
  CHECK(refused([](Blob &b) { b.payload["entries"][0]["aaguid"] = 5; }) == "malformed");
  CHECK(refused([](Blob &b) { b.payload["entries"][0].erase("statusReports"); }) == "malformed");
  CHECK(refused([](Blob &b) {
          b.payload["entries"][0]["statusReports"] = {{{"date", "2020-01-01"}}};
        }) == "malformed");
  for (const std::string &text : {std::string(), std::string("[]"), std::string("{"), std::string("\xff"),
                                  Blob().payload.dump() + '\0', Blob().payload.dump() + " x"})
    CHECK(refused_text(Blob().text_with(text)) == "malformed");
}

void what_would_eat_the_stack_or_the_memory_is_refused() {
  const std::string deep(1'000'000, '[');
  CHECK(refused_text(Blob().text_with(deep)) == "malformed");
  CHECK(refused_text(Blob().text_with("{\"no\":1,\"nextUpdate\":\"2026-12-01\",\"entries\":" + deep)) ==
        "malformed");
  std::string many = "{\"no\":1,\"nextUpdate\":\"2026-12-01\",\"entries\":[],\"more\":[0";
  for (int more = 0; more < 1'100'000; ++more) many += ",0";
  CHECK(refused_text(Blob().text_with(many + "]}")) == "malformed");
  CHECK(refused_text(std::string(kMaxMetadata + 1, 'A')) == "malformed");
  Json entries = Json::array();
  for (unsigned number = 0; number <= Metadata::kMaxModels; ++number) {
    Aaguid aaguid{};
    aaguid[0] = static_cast<std::uint8_t>(number >> 8);
    aaguid[1] = static_cast<std::uint8_t>(number);
    aaguid[2] = 1;
    entries.push_back({{"aaguid", text_of(aaguid)}, {"statusReports", kCertified}});
  }
  CHECK(refused([&](Blob &b) { b.payload["entries"] = entries; }) == "malformed");
  entries.erase(0);
  CHECK(refused([&](Blob &b) { b.payload["entries"] = entries; }) == "taken");
}

void a_warning_recalls_whatever_came_after_it() {
  for (const char *warning : {"REVOKED", "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE",
                              "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE"}) {
    const Json reports = {report("FIDO_CERTIFIED_L1", "2020-01-01"), report(warning, "2021-01-01"),
                          report("UPDATE_AVAILABLE", "2022-01-01"),
                          report("FIDO_CERTIFIED_L2", "2023-01-01")};
    const Model model = with_entries(entry(kBlue, reports)).models.front();
    CHECK(model.recalled && model.status == warning);
  }
}

void without_a_warning_the_newest_report_counts() {
  const Json reports = {report("FIDO_CERTIFIED_L2", "2023-01-01"), report("FIDO_CERTIFIED_L1", "2020-01-01"),
                        report("UPDATE_AVAILABLE", "2021-01-01")};
  const Model model = with_entries(entry(kBlue, reports)).models.front();
  CHECK(!model.recalled && model.status == "FIDO_CERTIFIED_L2");
  const Json undated = {{{"status", "NOT_FIDO_CERTIFIED"}}, report("FIDO_CERTIFIED", "2020-01-01")};
  CHECK(with_entries(entry(kBlue, undated)).models.front().status == "NOT_FIDO_CERTIFIED");
}

void two_entries_for_one_model_are_taken_together() {
  const Holder other(Paper::of_authority("Other Root"));
  Json recalled = entry(kBlue, list_of(report("REVOKED", "2021-01-01")));
  recalled["metadataStatement"]["attestationRootCertificates"] = list_of(base64(other.der));
  const Json good = entry(kBlue, kCertified);
  for (const Metadata &metadata : {with_entries(good, recalled), with_entries(recalled, good)}) {
    CHECK(metadata.models.size() == 1);
    CHECK(metadata.models.front().recalled && metadata.models.front().status == "REVOKED");
    CHECK(metadata.models.front().roots.size() == 2);
  }
}

void old_keys_are_known_by_key_identifiers() {
  Json old = entry(kBlue, kCertified);
  old.erase("aaguid");
  const std::string one(40, 'a'), two(40, 'b');
  old["attestationCertificateKeyIdentifiers"] = {one, two};
  const Metadata metadata = with_entries(old);
  CHECK(metadata.models.size() == 2);
  CHECK(metadata.models[0].id == Bytes(20, 0xaa) && metadata.models[1].id == Bytes(20, 0xbb));
  CHECK(metadata.models[0].description == "Blue Key 5" && metadata.models[0].roots.size() == 1);
  for (const Json &id : {Json("aa"), Json(5), Json(std::string(40, 'x'))}) {
    old["attestationCertificateKeyIdentifiers"] = list_of(id);
    CHECK(refused([&](Blob &b) { b.payload["entries"] = list_of(old); }) == "malformed");
  }
}

void what_concerns_no_key_of_ours_is_passed_over() {
  Json uaf = entry(kBlue, kCertified);
  uaf.erase("aaguid");
  uaf["aaid"] = "0001#0001";
  const Json nameless = entry("00000000-0000-0000-0000-000000000000", kCertified);
  CHECK(with_entries(uaf, nameless).models.empty());
}

void a_root_that_is_none_is_left_out() {
  Json with_bad = entry(kBlue, kCertified);
  std::string broken = base64(root().der);
  broken.insert(60, "\n ");  // white space in it is common
  with_bad["metadataStatement"]["attestationRootCertificates"] = {"AAAA", 5, "!", broken, broken};
  CHECK(with_entries(with_bad).models.front().roots == std::vector<Bytes>{root().der});
}

void what_cannot_be_shown_is_not_shown() {
  Json strange = entry(kBlue, list_of(report("REVOKED\n", "2021-01-01")));
  strange["metadataStatement"]["description"] = "Blue\033[2J";
  Model model = with_entries(strange).models.front();
  CHECK(model.description == "(unprintable)" && model.status == "(unprintable)");
  std::string longer(254, 'x');
  strange["metadataStatement"]["description"] = longer + "\u00fc and so on";
  model = with_entries(strange).models.front();
  CHECK(model.description == longer);
}

void base64_is_what_it_says() {
  for (std::size_t size = 0; size < 40; ++size) {
    const Bytes bytes(size, 0xfb);
    CHECK(from_base64url(to_base64url(bytes)) == bytes);
    CHECK(from_base64(base64(bytes)) == bytes);
  }
  for (const char *wrong : {"A", "AAAAA", "AB", "A=", "AA==", "AA AA", "A+AA", "A/AA", "\xff\xff\xff\xff"})
    CHECK(!from_base64url(wrong));
  for (const char *wrong : {"A", "A-AA", "A_AA", "AA===", "A=AA", "AB=="}) CHECK(!from_base64(wrong));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_good_blob_says_what_it_says),
      TEST(both_algorithms_are_known),
      TEST(a_newline_at_the_end_is_no_part_of_it),
      TEST(no_character_of_it_can_change),
      TEST(who_else_signs_is_not_believed),
      TEST(a_certificate_of_the_same_web_root_for_another_name_does_not_do),
      TEST(an_expired_signer_is_not_believed),
      TEST(no_other_algorithm_is_taken),
      TEST(an_unsigned_blob_is_none),
      TEST(the_header_must_be_one),
      TEST(the_payload_must_be_one),
      TEST(what_would_eat_the_stack_or_the_memory_is_refused),
      TEST(a_warning_recalls_whatever_came_after_it),
      TEST(without_a_warning_the_newest_report_counts),
      TEST(two_entries_for_one_model_are_taken_together),
      TEST(old_keys_are_known_by_key_identifiers),
      TEST(what_concerns_no_key_of_ours_is_passed_over),
      TEST(a_root_that_is_none_is_left_out),
      TEST(what_cannot_be_shown_is_not_shown),
      TEST(base64_is_what_it_says),
  };
  return cmocka_run_group_tests_name("webauthn-metadata", tests, nullptr, nullptr);
}
