/// Good assertions are granted; change one thing and they are refused, by the rule that is there for it.
/// Where a rule must catch the change alone, the changed assertion is signed again.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/cbor.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr std::uint8_t kUp = flag::kUserPresent;
constexpr std::uint8_t kUv = flag::kUserVerified;
constexpr std::uint8_t kBe = flag::kBackupEligible;
constexpr std::uint8_t kBs = flag::kBackedUp;

/// What came of it, in one word: "granted" or the refusal.
std::string outcome(const Login &login) {
  const Verification verification = login.verify();
  const bool granted = verification.verdict == Verdict::Granted;
  CHECK(granted == (verification.refusal == Refusal::None));
  return granted ? "granted" : std::string(name_of(verification.refusal));
}

void must(const Login &login, std::string_view expected, const std::string &what) {
  const std::string seen = outcome(login);
  if (seen != expected)
    fail_at(__FILE__, __LINE__, what + ": " + seen + ", expected " + std::string(expected));
}

using Change = std::function<void(Login &)>;

/// Changes a good login, signs it again and expects the refusal.
void resigned(std::string_view expected, const Change &change, const std::string &what = "") {
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    change(login);
    login.sign();
    must(login, expected, what);
  }
}

/// The same with the signature that was good before the change.
void unsigned_(std::string_view expected, const Change &change) {
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    change(login);
    must(login, expected, "");
  }
}

void a_good_assertion_is_granted_under_each_algorithm() {
  for (const Algorithm algorithm : kAlgorithms) {
    const Verification verification = Login(key_of(algorithm)).verify();
    CHECK(verification.verdict == Verdict::Granted && verification.refusal == Refusal::None);
    CHECK(verification.counter == 8 && !verification.user_verified && !verification.backed_up);
  }
}

void nothing_verified_means_denied() {
  CHECK(Verification{}.verdict == Verdict::Denied);
  CHECK(Verdict{} == Verdict::Denied);
  CHECK(Verification{}.refusal != Refusal::None);
}

/// What a flipped bit of unsigned authenticator data runs into.
std::string_view refusal_of_flipped(std::size_t at, unsigned bit) {
  if (at < 32) return "rp-id-wrong";
  if (at > 32) return "signature-wrong";  // counter
  switch (bit) {
    case flag::kUserPresent:
      return "no-user-presence";
    case flag::kBackupEligible:
    case flag::kBackedUp:
      return "backup-flags-wrong";
    case flag::kAttested:
    case flag::kExtensions:
      return "malformed";  // announced and not there
    default:
      return "signature-wrong";
  }
}

void no_bit_of_authenticator_data_can_change() {
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    Bytes &data = login.assertion.authenticator_data;
    CHECK(data.size() == 37);
    for (std::size_t at = 0; at < data.size(); ++at)
      for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
        data[at] ^= static_cast<std::uint8_t>(bit);
        must(login, refusal_of_flipped(at, bit), "byte " + std::to_string(at));
        data[at] ^= static_cast<std::uint8_t>(bit);
      }
    must(login, "granted", "restored");
  }
}

void no_bit_of_a_signature_can_change() {
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    for (std::uint8_t &byte : login.assertion.signature)
      for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
        byte ^= static_cast<std::uint8_t>(bit);
        must(login, "signature-wrong", "");
        byte ^= static_cast<std::uint8_t>(bit);
      }
    must(login, "granted", "restored");
  }
}

void no_bit_of_client_data_can_change() {
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    for (char &c : login.assertion.client_data)
      for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
        c = static_cast<char>(static_cast<unsigned char>(c) ^ bit);
        CHECK(login.verify().verdict == Verdict::Denied);
        c = static_cast<char>(static_cast<unsigned char>(c) ^ bit);
      }
    must(login, "granted", "restored");
  }
}

void client_data_is_read_as_json_and_covered_by_the_signature() {
  const Change space = [](Login &login) { login.assertion.client_data += ' '; };
  unsigned_("signature-wrong", space);
  resigned("granted", space);
  resigned("granted", [](Login &login) {
    login.assertion.client_data.insert(1, R"("another":{"type":"webauthn.create"},)");
  });
}

void replace(std::string &text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  CHECK(at != std::string::npos);
  text.replace(at, from.size(), to);
}

/// A change that replaces one thing in the client data.
Change in_client_data(std::string from, std::string to) {
  return [=](Login &login) { replace(login.assertion.client_data, from, to); };
}

void client_data_that_breaks_a_rule_is_refused_by_that_rule() {
  resigned("client-data", in_client_data("webauthn.get", "webauthn.create"));
  resigned("client-data", in_client_data("webauthn.get", "webauthn.gett"));
  resigned("client-data", in_client_data(":false", ":true"));
  resigned("client-data", in_client_data(":false", ":null"));
  resigned("client-data", in_client_data(":false", ":0"));
  resigned("client-data", in_client_data(":false", R"(:"false")"));
  resigned("client-data", in_client_data(":false", R"(:false,"topOrigin":"https://workstation.example")"));
  resigned("client-data", in_client_data(":false", R"(:false,"topOrigin":null)"));
  resigned("granted", in_client_data(R"(,"crossOrigin":false)", ""));
  for (const char *origin :
       {"http://workstation.example", "https://workstation.example.org", "https://workstation.example:443",
        "https://workstation.example/", "https://WORKSTATION.example", "https://evil.example", ""})
    resigned("origin-wrong", in_client_data("https://workstation.example", origin));
  resigned("challenge-wrong", in_client_data("Wlpa", "Wlpb"));
  resigned("challenge-wrong", in_client_data("Wlpa", ""));
  resigned("challenge-wrong", in_client_data(R"(lo","origin)", R"(lo=","origin)"));  // padded
  resigned("challenge-wrong", in_client_data(R"(lo","origin)", R"(lp","origin)"));   // same bytes, other text
  resigned("challenge-wrong", in_client_data(R"(lo","origin)", R"(lo\u0000","origin)"));
  for (const char *name : {"\"type\"", "\"challenge\"", "\"origin\""})
    resigned("malformed", in_client_data(name, "\"other\""), name);
  resigned("malformed", in_client_data(R"("webauthn.get")", "1"));
  resigned("malformed",
           in_client_data(R"("https://workstation.example")", R"(["https://workstation.example"])"));
}

void client_data_that_says_a_thing_twice_is_refused() {
  for (const char *again :
       {R"({"type":"webauthn.get",)", R"({"origin":"https://workstation.example",)",
        R"({"crossOrigin":true,)", R"({"crossOrigin":false,)", R"({"ty\u0070e":"webauthn.get",)"})
    resigned("malformed", in_client_data("{", again), again);
}

void client_data_that_is_no_json_object_is_refused() {
  const std::string deep(8000, '[');
  for (const std::string &text :
       {std::string(), std::string("{}"), std::string("null"), std::string("[]"), std::string("\"x\""),
        std::string("{\"type\":\"\xff\xfe\"}"), deep, "{\"a\":" + deep, std::string(64, '\0')})
    resigned("malformed", [&](Login &login) { login.assertion.client_data = text; });
  const std::string nested = "{\"a\":" + std::string(3900, '[') + std::string(3900, ']') + ",";
  resigned("granted", in_client_data("{", nested));
}

void each_flag_is_held_to_its_rule_even_when_signed() {
  const auto with = [](std::uint8_t flags) { return [=](Login &login) { login.set_data(flags, 8); }; };
  resigned("no-user-presence", with(0));
  resigned("no-user-presence", with(kUv));
  resigned("granted", with(kUp | kUv));
  resigned("granted", with(kUp | 0x02));  // reserved bits say nothing
  resigned("granted", with(kUp | 0x20));
  const auto raw = [](std::uint8_t flags) {
    return [=](Login &login) { login.assertion.authenticator_data[32] = flags; };
  };
  resigned("malformed", raw(kUp | flag::kAttested));
  resigned("malformed", raw(kUp | flag::kExtensions));
}

void user_verification_is_insisted_on_when_required() {
  const auto challenge_asks = [](UserVerification uv, std::uint8_t flags) {
    return [=](Login &login) {
      login.asked.user_verification = uv;
      login.set_data(flags, 8);
    };
  };
  resigned("no-user-verification", challenge_asks(UserVerification::Required, kUp));
  resigned("granted", challenge_asks(UserVerification::Required, kUp | kUv));
  resigned("granted", challenge_asks(UserVerification::Preferred, kUp));
  resigned("granted", challenge_asks(UserVerification::Discouraged, kUp));
  const auto enrolled_with_it = [](UserVerification uv, std::uint8_t flags) {
    return [=](Login &login) {
      login.credential.user_verification = true;
      login.asked.user_verification = uv;
      login.set_data(flags, 8);
    };
  };
  resigned("no-user-verification", enrolled_with_it(UserVerification::Required, kUp));
  resigned("no-user-verification", enrolled_with_it(UserVerification::Preferred, kUp));
  resigned("granted", enrolled_with_it(UserVerification::Preferred, kUp | kUv));
  // A policy that asks for a touch only is an administrator's word, and stands above the enrollment.
  resigned("granted", enrolled_with_it(UserVerification::Discouraged, kUp));
  resigned("granted", enrolled_with_it(UserVerification::Discouraged, kUp | kUv));
  Login login(key_of(Algorithm::Es256));
  login.set_data(kUp | kUv, 8);
  login.sign();
  CHECK(login.verify().user_verified);
}

void backup_flags_must_be_those_that_were_enrolled() {
  const auto backup = [](bool enrolled, std::uint8_t flags) {
    return [=](Login &login) {
      login.credential.backup_eligible = enrolled;
      login.set_data(kUp | flags, 8);
    };
  };
  resigned("granted", backup(false, 0));
  resigned("granted", backup(true, kBe));
  resigned("granted", backup(true, kBe | kBs));
  resigned("backup-flags-wrong", backup(false, kBs));
  resigned("backup-flags-wrong", backup(true, kBs));
  resigned("backup-flags-wrong", backup(false, kBe));
  resigned("backup-flags-wrong", backup(false, kBe | kBs));
  resigned("backup-flags-wrong", backup(true, 0));
  Login login(key_of(Algorithm::EdDsa));
  backup(true, kBe | kBs)(login);
  login.sign();
  CHECK(login.verify().backed_up);
}

void extensions_nobody_asked_for_are_refused() {
  for (const std::string_view map : {"a0", "a16b6372656450726f7465637402", "a16b686d61632d736563726574f5"})
    resigned("extensions-wrong", [=](Login &login) {
      Bytes &data = login.assertion.authenticator_data;
      data[32] |= flag::kExtensions;
      const Bytes extensions = *from_hex(map);
      data.insert(data.end(), extensions.begin(), extensions.end());
    });
}

void a_login_attests_no_key() {
  resigned("malformed", [](Login &login) {
    const AttestedCredential attested{kAaguid, login.credential.id, login.key->cose()};
    login.assertion.authenticator_data = make_authenticator_data(rp_id(), kUp, 8, attested);
  });
}

void an_answer_for_another_relying_party_is_refused() {
  resigned("rp-id-wrong", [](Login &login) {
    login.assertion.authenticator_data = make_authenticator_data(rp_id("other.example"), kUp, 8);
  });
  resigned("rp-id-wrong", [](Login &login) { login.credential.rp_id = rp_id("other.example"); });
  resigned("rp-id-wrong", [](Login &login) { login.asked.rp = rp_id("other.example"); });
}

void an_answer_to_another_challenge_is_refused() {
  resigned("challenge-wrong", [](Login &login) { login.asked.random.back() ^= 1; });
  resigned("challenge-wrong", [](Login &login) { login.asked.random.push_back(0x5a); });
  resigned("challenge-wrong", [](Login &login) { login.asked.random.pop_back(); });
  resigned("client-data", [](Login &login) { login.asked.ceremony = Ceremony::Create; });
  resigned("client-data", [](Login &login) {
    login.asked.ceremony = Ceremony::Create;
    login.assertion.client_data = login.asked.challenge().client_data();
  });
}

void a_challenge_is_good_for_its_lifetime_only() {
  const auto at = [](BootTime now) { return [=](Login &login) { login.now = now; }; };
  const BootTime tick(1);
  resigned("granted", at(kMadeAt));
  resigned("granted", at(kMadeAt + Challenge::kLifetime - tick));
  resigned("challenge-expired", at(kMadeAt + Challenge::kLifetime));
  resigned("challenge-expired", at(kMadeAt + std::chrono::hours(1000)));
  resigned("challenge-expired", at(kMadeAt - tick));
  resigned("challenge-expired", at(BootTime::zero()));
}

void a_credential_opens_its_owners_account_only() {
  resigned("user-wrong", [](Login &login) { login.credential.owner = account("mallory", 1000); });
  resigned("user-wrong", [](Login &login) { login.credential.owner = account("alice", 1001); });
  resigned("user-wrong", [](Login &login) { login.asked.user = account("root", 0); });
  resigned("user-wrong", [](Login &login) { login.asked.user = account("Alice", 1000); });
}

void another_credentials_answer_is_refused() {
  resigned("credential-wrong", [](Login &login) { login.assertion.credential_id.back() ^= 1; });
  resigned("credential-wrong", [](Login &login) { login.assertion.credential_id.pop_back(); });
  resigned("credential-wrong", [](Login &login) { login.assertion.credential_id.push_back(0xc1); });
  for (const Algorithm algorithm : kAlgorithms) {
    Login login(key_of(algorithm));
    const TestKey other(algorithm);
    login.key = &other;
    login.sign();
    must(login, "signature-wrong", "another key of the same kind");
  }
}

void suspended_and_revoked_credentials_open_nothing() {
  resigned("credential-inactive", [](Login &login) { login.credential.state = CredentialState::Suspended; });
  resigned("credential-inactive", [](Login &login) { login.credential.state = CredentialState::Revoked; });
  resigned("credential-inactive", [](Login &login) { login.credential.state = CredentialState{}; });
}

void a_key_serves_its_own_algorithm_only() {
  for (const Algorithm signer : kAlgorithms)
    for (const Algorithm other : kAlgorithms) {
      if (signer == other) continue;
      Login login(key_of(signer));
      login.credential.key.algorithm = other;
      must(login, "algorithm-wrong", "said to be another");
      login.credential.key = {other, key_of(other).cose()};
      must(login, "signature-wrong", "key swapped");
      login.credential.key = {signer, key_of(other).cose()};
      must(login, "algorithm-wrong", "bytes swapped");
    }
}

void a_stored_key_that_is_none_opens_nothing() {
  resigned("malformed", [](Login &login) { login.credential.key.cose.clear(); });
  resigned("malformed", [](Login &login) { login.credential.key.cose.push_back(0); });
  for (const Algorithm algorithm : kAlgorithms) {
    const Bytes whole = key_of(algorithm).cose();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Login login(key_of(algorithm));
      login.credential.key.cose.resize(size);
      CHECK(login.verify().verdict == Verdict::Denied);
    }
  }
}

void the_counter_must_grow() {
  const auto counters = [](std::uint32_t stored, std::uint32_t shown) {
    return [=](Login &login) {
      login.credential.counter = stored;
      login.set_data(kUp, shown);
    };
  };
  resigned("granted", counters(0, 0));
  resigned("granted", counters(0, 1));
  resigned("granted", counters(7, 8));
  resigned("granted", counters(7, 0xffffffff));
  resigned("counter-went-back", counters(7, 7));
  resigned("counter-went-back", counters(7, 6));
  resigned("counter-went-back", counters(7, 0));
  resigned("counter-went-back", counters(0xffffffff, 0));
  resigned("counter-went-back", counters(0x80000000, 0x7fffffff));
  Login login(key_of(Algorithm::Es256));
  counters(7, 5)(login);
  login.sign();
  CHECK(login.verify().counter == 5);
}

void only_a_good_signature_can_accuse_a_key_of_being_a_clone() {
  unsigned_("signature-wrong", [](Login &login) { login.set_data(kUp, 1); });
}

void an_answer_cut_short_anywhere_is_refused() {
  for (const Algorithm algorithm : kAlgorithms) {
    const Login whole(key_of(algorithm));
    for (std::size_t size = 0; size < whole.assertion.authenticator_data.size(); ++size) {
      Login login = whole;
      login.assertion.authenticator_data.resize(size);
      login.sign();
      must(login, "malformed", "authenticator data of " + std::to_string(size));
    }
    for (std::size_t size = 0; size < whole.assertion.signature.size(); ++size) {
      Login login = whole;
      login.assertion.signature.resize(size);
      must(login, size == 0 ? "malformed" : "signature-wrong", "signature of " + std::to_string(size));
    }
    for (std::size_t size = 0; size < whole.assertion.client_data.size(); ++size) {
      Login login = whole;
      login.assertion.client_data.resize(size);
      login.sign();
      must(login, "malformed", "client data of " + std::to_string(size));
    }
    for (std::size_t size = 0; size < whole.assertion.credential_id.size(); ++size) {
      Login login = whole;
      login.assertion.credential_id.resize(size);
      must(login, size == 0 ? "malformed" : "credential-wrong", "id of " + std::to_string(size));
    }
  }
}

void bytes_too_many_at_the_end_are_refused() {
  for (const std::uint8_t byte : Bytes{0x00, 0x01, 0xa0, 0xff}) {
    resigned("malformed", [=](Login &login) { login.assertion.authenticator_data.push_back(byte); });
    unsigned_("signature-wrong", [=](Login &login) { login.assertion.signature.push_back(byte); });
    resigned("malformed", [=](Login &login) { login.assertion.client_data += static_cast<char>(byte); });
  }
  resigned("malformed", in_client_data("}", "}{}"));
  resigned("malformed", in_client_data("}", std::string("}\0{}", 4)));
}

void oversized_parts_are_refused() {
  unsigned_("malformed", [](Login &login) { login.assertion.signature.resize(1025); });
  unsigned_("signature-wrong", [](Login &login) { login.assertion.signature.resize(1024); });
  // Well-formed up to its last byte: only the length is wrong, or only the extension.
  const auto with_extension_up_to = [](std::size_t total) {
    return [=](Login &login) {
      Bytes &data = login.assertion.authenticator_data;
      data[32] |= flag::kExtensions;
      cbor::Writer writer;
      writer.map(1).text("x").byte_string(Bytes(total - data.size() - 6));
      const Bytes extension = writer.take();
      data.insert(data.end(), extension.begin(), extension.end());
      CHECK(data.size() == total);
    };
  };
  resigned("extensions-wrong", with_extension_up_to(4096));
  resigned("malformed", with_extension_up_to(4097));
  resigned("malformed", [](Login &login) { login.assertion.client_data.resize(8193, ' '); });
  resigned("granted", [](Login &login) { login.assertion.client_data.resize(8192, ' '); });
  const auto with_id = [](std::size_t size) {
    return [=](Login &login) { login.credential.id = login.assertion.credential_id = Bytes(size, 0xc1); };
  };
  resigned("granted", with_id(1));
  resigned("granted", with_id(1023));
  resigned("malformed", with_id(1024));
  resigned("malformed", with_id(0));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_good_assertion_is_granted_under_each_algorithm),
      TEST(nothing_verified_means_denied),
      TEST(no_bit_of_authenticator_data_can_change),
      TEST(no_bit_of_a_signature_can_change),
      TEST(no_bit_of_client_data_can_change),
      TEST(client_data_is_read_as_json_and_covered_by_the_signature),
      TEST(client_data_that_breaks_a_rule_is_refused_by_that_rule),
      TEST(client_data_that_says_a_thing_twice_is_refused),
      TEST(client_data_that_is_no_json_object_is_refused),
      TEST(each_flag_is_held_to_its_rule_even_when_signed),
      TEST(user_verification_is_insisted_on_when_required),
      TEST(backup_flags_must_be_those_that_were_enrolled),
      TEST(extensions_nobody_asked_for_are_refused),
      TEST(a_login_attests_no_key),
      TEST(an_answer_for_another_relying_party_is_refused),
      TEST(an_answer_to_another_challenge_is_refused),
      TEST(a_challenge_is_good_for_its_lifetime_only),
      TEST(a_credential_opens_its_owners_account_only),
      TEST(another_credentials_answer_is_refused),
      TEST(suspended_and_revoked_credentials_open_nothing),
      TEST(a_key_serves_its_own_algorithm_only),
      TEST(a_stored_key_that_is_none_opens_nothing),
      TEST(the_counter_must_grow),
      TEST(only_a_good_signature_can_accuse_a_key_of_being_a_clone),
      TEST(an_answer_cut_short_anywhere_is_refused),
      TEST(bytes_too_many_at_the_end_are_refused),
      TEST(oversized_parts_are_refused),
  };
  return cmocka_run_group_tests_name("webauthn-mutations", tests, nullptr, nullptr);
}
