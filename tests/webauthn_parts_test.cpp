/// The parts the verifier is made of: bytes in and out, challenges, names.
#include <chrono>
#include <set>
#include <string>

#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/base64url.h"
#include "webauthn/cbor.h"
#include "webauthn/cose.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Bytes hex(std::string_view text) {
  const auto bytes = from_hex(text);
  CHECK(bytes);
  return *bytes;
}

void base64url_is_that_of_rfc_4648() {
  const std::pair<const char *, const char *> known[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto &[plain, encoded] : known) CHECK(to_base64url(bytes_of(plain)) == encoded);
  CHECK(to_base64url(hex("fbffbf")) == "-_-_");
}

void a_digest_is_that_of_fips_180() {
  CHECK(to_hex(sha256(bytes_of("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

void a_challenge_says_what_webauthn_makes_it_say() {
  Asked asked;
  CHECK(asked.challenge().client_data() ==
        R"({"type":"webauthn.get","challenge":"WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo",)"
        R"("origin":"https://workstation.example","crossOrigin":false})");
  CHECK(asked.challenge().client_data_hash() == sha256(bytes_of(asked.challenge().client_data())));
  asked.ceremony = Ceremony::Create;
  CHECK(asked.challenge().client_data().starts_with(R"({"type":"webauthn.create",)"));
}

void client_data_of_others_is_read_only_as_we_would_write_it() {
  const Bytes random(32, 9);
  const std::string written = client_data_json(Ceremony::Get, random, "ssh://server.example");
  const std::optional<ClientDataParts> read = read_client_data_json(written);
  CHECK(read && read->ceremony == Ceremony::Get && read->random == random);
  CHECK(read->origin == "ssh://server.example");
  CHECK(read_client_data_json(client_data_json(Ceremony::Create, random, "x"))->ceremony == Ceremony::Create);
  for (std::size_t at = 0; at < written.size(); ++at) {
    CHECK(!read_client_data_json(written.substr(0, at)));
    std::string longer = written;
    longer.insert(at, " ");
    const std::optional<ClientDataParts> other = read_client_data_json(longer);
    CHECK(!other || other->origin.find(' ') != std::string::npos);
  }
  const std::string challenge = to_base64url(random);
  const auto with = [&](const std::string &type, const std::string &middle, const std::string &end) {
    return R"({"type":")" + type + R"(","challenge":")" + challenge + middle + R"(","crossOrigin":false)" +
           end;
  };
  const std::string origin = R"(","origin":"ssh://a)";
  CHECK(read_client_data_json(with("webauthn.get", origin, "}")));
  CHECK(!read_client_data_json(with("webauthn.steal", origin, "}")));
  CHECK(!read_client_data_json(with("webauthn.get", origin, R"(,"origin":"https://a"})")));
  CHECK(!read_client_data_json(with("webauthn.get", R"(","origin":"https://a","origin":"ssh://a)", "}")));
  CHECK(!read_client_data_json(with("webauthn.get", origin, "}}")));
  CHECK(!read_client_data_json(with("webauthn.get", "=" + origin, "}")));
  CHECK(!read_client_data_json(client_data_json(Ceremony::Get, Bytes(15, 1), "ssh://a")));
  CHECK(!read_client_data_json(""));
}

void every_challenge_is_fresh_and_short_lived() {
  std::set<Bytes> seen;
  for (int count = 0; count < 100; ++count) {
    const Challenge challenge =
        MUST(Challenge::make(Ceremony::Get, rp_id(), account(), UserVerification::Required, kMadeAt));
    CHECK(challenge.random().size() == Challenge::kBytes);
    CHECK(seen.insert(challenge.random()).second);
    CHECK(challenge.expires_at() == kMadeAt + std::chrono::minutes(5));
    CHECK(challenge.user() == account() && challenge.user_verification() == UserVerification::Required);
  }
}

void a_short_challenge_is_refused() {
  const auto made = [](std::size_t size) {
    return static_cast<bool>(Challenge::from_bytes(Bytes(size, 1), Ceremony::Get, rp_id(), account(),
                                                   UserVerification::Preferred, kMadeAt));
  };
  CHECK(!made(0) && !made(15) && made(16) && made(1024) && !made(1025));
}

void authenticator_data_survives_the_round_trip() {
  const AttestedCredential attested{kAaguid, Bytes(300, 0x22), key_of(Algorithm::Es256).cose()};
  const Bytes raw =
      make_authenticator_data(rp_id(), flag::kUserPresent | flag::kUserVerified, 0x01020304, attested);
  CHECK(raw.size() == 37 + 16 + 2 + 300 + 77);
  const AuthenticatorData data = MUST(AuthenticatorData::parse(raw));
  CHECK(data.rp_id_hash == sha256(bytes_of("workstation.example")));
  CHECK(data.flags == 0x45 && data.counter == 0x01020304 && data.extensions.empty());
  CHECK(data.has(flag::kUserVerified) && !data.has(flag::kBackedUp));
  CHECK(data.attested && data.attested->aaguid == kAaguid);
  CHECK(data.attested->id == attested.id && data.attested->cose == attested.cose);
}

void the_writer_of_authenticator_data_sets_only_flags_that_are_true() {
  const Bytes plain = make_authenticator_data(rp_id(), 0xff, 5);
  CHECK(plain.size() == 37 && plain[32] == 0x3f);
  CHECK(!MUST(AuthenticatorData::parse(plain)).attested);
  const AttestedCredential attested{kAaguid, {1}, key_of(Algorithm::Es256).cose()};
  CHECK(make_authenticator_data(rp_id(), flag::kUserPresent, 5, attested)[32] == 0x41);
}

void extensions_are_told_from_the_key_before_them() {
  const AttestedCredential attested{kAaguid, {1}, key_of(Algorithm::EdDsa).cose()};
  Bytes raw = make_authenticator_data(rp_id(), flag::kUserPresent, 0, attested);
  raw[32] |= flag::kExtensions;
  CHECK(!AuthenticatorData::parse(raw));
  const Bytes extensions = hex("a16b6372656450726f7465637402");
  raw.insert(raw.end(), extensions.begin(), extensions.end());
  const AuthenticatorData data = MUST(AuthenticatorData::parse(raw));
  CHECK(data.attested->cose == attested.cose && data.extensions == extensions);
}

void our_cose_key_is_canonical() {
  Bytes x(32, 0x11), y(32, 0x22);
  const std::span<const std::uint8_t, 32> px(x.data(), 32), py(y.data(), 32);
  CHECK(to_hex(es256_cose(px, py)) == "a5010203262001215820" + to_hex(x) + "225820" + to_hex(y));
}

void our_attestation_statement_is_canonical() {
  const Bytes signature(70, 0x33);
  CHECK(to_hex(packed_self_attestation(Algorithm::Es256, signature)) ==
        "a263616c67266373696758"
        "46" +
            to_hex(signature));
  CHECK(to_hex(packed_self_attestation(Algorithm::Rs256, {})) ==
        "a263616c67390100637369"
        "6740");
}

void what_is_written_as_cbor_can_be_read() {
  cbor::Writer writer;
  writer.array(2).map(1).text("n").integer(-1).byte_string(Bytes(300, 7));
  const Bytes bytes = writer.take();
  cbor::Reader reader(bytes);
  CHECK(!reader.map() && !reader.integer());  // something else is there
  CHECK(reader.array() == 2);
  CHECK(reader.map() == 1 && reader.text() == "n" && reader.integer() == -1);
  CHECK(reader.byte_string()->size() == 300 && reader.at_end() && !reader.any_item());
}

void integers_of_every_width_are_read() {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{23}, std::int64_t{24}, std::int64_t{255},
                                   std::int64_t{256}, std::int64_t{65536}, std::int64_t{1} << 32, INT64_MAX,
                                   std::int64_t{-1}, std::int64_t{-257}, INT64_MIN}) {
    cbor::Writer writer;
    writer.integer(value);
    const Bytes bytes = writer.take();
    CHECK(cbor::Reader(bytes).integer() == value);
  }
  for (const char *beyond : {"1b8000000000000000", "3b8000000000000000", "1bffffffffffffffff"}) {
    const Bytes bytes = hex(beyond);
    CHECK(!cbor::Reader(bytes).integer());
  }
}

void cbor_that_webauthn_never_uses_is_refused() {
  for (const char *text : {"",
                           "ff",
                           "9fff",
                           "bfff",
                           "5f4101ff",
                           "7f6161ff",
                           "c001",
                           "f90000",
                           "fb0000000000000000",
                           "f7",
                           "f0",
                           "1c",
                           "1a0000",
                           "5affffffff",
                           "9bffffffffffffffff",
                           "bbffffffffffffffff",
                           "bb8000000000000000",
                           "9a00010000",
                           "ba00010000",
                           "a1",
                           "8201",
                           "a101",
                           "818181818101"}) {
    const Bytes bytes = hex(text);
    if (cbor::Reader(bytes).any_item()) fail_at(__FILE__, __LINE__, text);
  }
  const Bytes short_array = hex("8201"), short_map = hex("a101");
  CHECK(!cbor::Reader(short_array).array() && !cbor::Reader(short_map).map());
  for (const char *text : {"f4", "f6", "80", "a0", "8181818101", "a1a1a1a0000000", "826161a16162420102"}) {
    const Bytes bytes = hex(text);
    const auto item = cbor::Reader(bytes).any_item();
    if (!item || item->size() != bytes.size()) fail_at(__FILE__, __LINE__, text);
  }
}

void every_refusal_has_a_name_of_its_own() {
  std::set<std::string_view> names;
  for (int at = 0; at <= static_cast<int>(Refusal::AttestationWrong); ++at)
    CHECK(names.insert(name_of(static_cast<Refusal>(at))).second);
  for (const std::string_view name : names)
    CHECK(!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
}

void every_stored_name_can_be_read_again() {
  for (const auto uv :
       {UserVerification::Discouraged, UserVerification::Preferred, UserVerification::Required})
    CHECK(user_verification_of(name_of(uv)) == uv);
  for (const auto state : {CredentialState::Revoked, CredentialState::Suspended, CredentialState::Active})
    CHECK(credential_state_of(name_of(state)) == state);
  CHECK(!user_verification_of("Required") && !credential_state_of(""));
  CHECK(name_of(static_cast<CredentialState>(99)) == "revoked");
  for (const Algorithm algorithm : kAlgorithms) CHECK(algorithm_of(static_cast<int>(algorithm)) == algorithm);
  for (const int other : {0, -35, -36, -53, -258, -65535, 7}) CHECK(!algorithm_of(other));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(base64url_is_that_of_rfc_4648),
      TEST(a_digest_is_that_of_fips_180),
      TEST(a_challenge_says_what_webauthn_makes_it_say),
      TEST(client_data_of_others_is_read_only_as_we_would_write_it),
      TEST(every_challenge_is_fresh_and_short_lived),
      TEST(a_short_challenge_is_refused),
      TEST(authenticator_data_survives_the_round_trip),
      TEST(the_writer_of_authenticator_data_sets_only_flags_that_are_true),
      TEST(extensions_are_told_from_the_key_before_them),
      TEST(our_cose_key_is_canonical),
      TEST(our_attestation_statement_is_canonical),
      TEST(what_is_written_as_cbor_can_be_read),
      TEST(integers_of_every_width_are_read),
      TEST(cbor_that_webauthn_never_uses_is_refused),
      TEST(every_refusal_has_a_name_of_its_own),
      TEST(every_stored_name_can_be_read_again),
  };
  return cmocka_run_group_tests_name("webauthn-parts", tests, nullptr, nullptr);
}
