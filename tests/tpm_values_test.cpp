/// The parts of the TPM room that need no TPM: response codes, PINs, blobs, the reserve of tries, the line.
#include <openssl/ecdsa.h>
#include <sys/socket.h>
#include <tss2/tss2_mu.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "tests/check.h"
#include "tpm/areas.h"
#include "tpm/conversation.h"
#include "tpm/errors.h"
#include "tpm/line.h"
#include "tpm/lockout.h"
#include "tpm/pin.h"
#include "tpm/platform_key.h"
#include "tpm/process.h"

using namespace passkeyd;
using passkeyd::tpm::Stage;
using std::chrono::milliseconds;

namespace {

void every_code_that_was_met_has_its_name() {
  struct Met {
    TSS2_RC code;
    Stage stage;
    ErrorKind kind;
  };
  for (const Met &met : {
           Met{0x98E, Stage::Key, ErrorKind::PinWrong},
           Met{0x98E, Stage::Load, ErrorKind::TpmParentChanged},
           Met{0x98E, Stage::Create, ErrorKind::TpmParentChanged},
           Met{0x98E, Stage::Owner, ErrorKind::NotConfigured},
           Met{0x9A2, Stage::Load, ErrorKind::TpmParentChanged},
           Met{0x9A2, Stage::Create, ErrorKind::TpmParentChanged},
           Met{0x9A2, Stage::Owner, ErrorKind::NotConfigured},
           Met{0x9A2, Stage::Key, ErrorKind::TpmBroken},
           Met{0x921, Stage::Key, ErrorKind::TpmLockout},
           Met{0x921, Stage::Load, ErrorKind::TpmLockout},
           Met{0x18B, Stage::Session, ErrorKind::TpmKeyForeign},
           Met{0x18B, Stage::Load, ErrorKind::TpmKeyForeign},
           Met{0x1DF, Stage::Load, ErrorKind::TpmKeyForeign},
           Met{0x2DF, Stage::Load, ErrorKind::TpmKeyForeign},
           Met{0x1D5, Stage::Load, ErrorKind::TpmKeyForeign},
           Met{0x2CA, Stage::Create, ErrorKind::Unsupported},
           Met{0x2C4, Stage::Session, ErrorKind::Unsupported},
           Met{0x922, Stage::Key, ErrorKind::Busy},
           Met{0x90A, Stage::Key, ErrorKind::Busy},
           Met{0x908, Stage::Key, ErrorKind::Busy},
           Met{0x920, Stage::Key, ErrorKind::Busy},
           Met{0x923, Stage::Key, ErrorKind::Busy},
           Met{0x902, Stage::Load, ErrorKind::Busy},
           Met{0x903, Stage::Session, ErrorKind::Busy},
           Met{0x905, Stage::Session, ErrorKind::Busy},
           Met{0x14B, Stage::Owner, ErrorKind::NotConfigured},
           Met{0x101, Stage::Query, ErrorKind::TpmBroken},
           Met{0x100, Stage::Query, ErrorKind::TpmBroken},
           Met{0x7001B, Stage::Key, ErrorKind::TpmBroken},
           Met{0x80007, Stage::Key, ErrorKind::TpmBroken},
           Met{0x70007, Stage::Key, ErrorKind::TpmBroken},
           Met{0xA000A, Stage::Session, ErrorKind::NoDevice},
           Met{tpm::kDeadlinePassed, Stage::Key, ErrorKind::Timeout},
           Met{0xB0143, Stage::Key, ErrorKind::Unsupported},
       }) {
    const Error error = tpm::error_of(met.code, met.stage);
    if (error.kind != met.kind) test::fail_at(__FILE__, __LINE__, error.sentence);
  }
}

void every_row_of_the_table_is_reached_and_says_something() {
  std::set<std::pair<TSS2_RC, Stage>> seen;
  for (const tpm::Meaning &row : tpm::meanings()) {
    CHECK(seen.insert({row.code, row.stage}).second);
    CHECK(!seen.contains({row.code, Stage::Any}) || row.stage == Stage::Any);  // none comes too late
    const Error error = tpm::error_of(row.code, row.stage);
    CHECK(error.kind == row.kind && error.sentence.starts_with(row.sentence));
    CHECK(error.sentence.ends_with(")"));
  }
}

void the_layer_is_looked_at_before_the_code() {
  // The same low bits are a wrong PIN, a lockout or an absent key only when the TPM itself says so.
  for (const TSS2_RC layer :
       {TSS2_FEATURE_RC_LAYER, TSS2_ESAPI_RC_LAYER, TSS2_SYS_RC_LAYER, TSS2_MU_RC_LAYER, TSS2_TCTI_RC_LAYER,
        TSS2_RESMGR_RC_LAYER, TSS2_RESMGR_TPM_RC_LAYER, TSS2_RC{0xee0000}})
    for (const TSS2_RC code : {0x98EU, 0x921U, 0x18BU, 0x1DFU, 0x1D5U}) {
      const std::set<ErrorKind> expected = {ErrorKind::TpmBroken, ErrorKind::Io, ErrorKind::Unsupported};
      CHECK(expected.contains(tpm::error_of(layer | code, Stage::Key).kind));
      CHECK(expected.contains(tpm::error_of(layer | code, Stage::Load).kind));
    }
}

void a_pin_has_six_to_sixty_three_bytes_of_utf8() {
  const auto is_good = [](std::string_view text) {
    return static_cast<bool>(tpm::check_pin(MUST(Secret::parse(text))));
  };
  CHECK(!is_good("") && !is_good("12345") && is_good("123456"));
  CHECK(is_good(std::string(63, 'x')) && !is_good(std::string(64, 'x')));
  CHECK(is_good("höhle") && !is_good("h\xf6hlen"));
}

void the_authorization_value_is_hkdf_and_loses_its_trailing_zeros() {
  Bytes salt(tpm::kSaltBytes);
  for (std::size_t at = 0; at < salt.size(); ++at) salt[at] = static_cast<std::uint8_t>(at);
  // Computed with another implementation of RFC 5869.
  CHECK(to_hex(MUST(tpm::auth_value(salt, MUST(Secret::parse("472913")))).bytes()) ==
        "68a35d300d2da0236bad912c452f79ced9b74807276925b14575736b77edb643");
  CHECK(to_hex(MUST(tpm::auth_value(salt, MUST(Secret::parse("000514")))).bytes()) ==
        "2253a52da41f3d95272c0a338ef6111978c41021eda96fe4cce0bcd9d5362a");
}

void a_try_is_refused_while_there_is_still_room_for_others() {
  const auto kind = [](std::uint32_t counter, std::uint32_t max_tries, bool in_lockout = false) {
    const Status room =
        tpm::room_for_a_try({.in_lockout = in_lockout, .counter = counter, .max_tries = max_tries});
    return room ? std::nullopt : std::optional(room.error().kind);
  };
  CHECK(!kind(0, 32) && !kind(23, 32));
  CHECK(kind(24, 32) == ErrorKind::TpmNearLockout && kind(31, 32) == ErrorKind::TpmNearLockout);
  CHECK(!kind(0, 3) && kind(1, 3) == ErrorKind::TpmNearLockout);
  for (const std::uint32_t few : {0U, 1U, 2U}) CHECK(kind(0, few) == ErrorKind::TpmNearLockout);
  CHECK(kind(0, 32, true) == ErrorKind::TpmLockout);
  CHECK(kind(0xffffffff, 0xffffffff) == ErrorKind::TpmNearLockout);
  CHECK(!tpm::room_for_a_try({}));  // a state that nobody read
}

void short_numbers_make_a_proper_signature() {
  TPMT_SIGNATURE raw = {};
  raw.sigAlg = TPM2_ALG_ECDSA;
  raw.signature.ecdsa.hash = TPM2_ALG_SHA256;
  raw.signature.ecdsa.signatureR = {.size = 2, .buffer = {0x80, 0x01}};
  raw.signature.ecdsa.signatureS = {.size = 32, .buffer = {0x00, 0x00, 0x7f}};
  const Bytes der = MUST(tpm::der_of(raw));
  CHECK(to_hex(der).starts_with("302502030080010"));  // R is positive
  CHECK(to_hex(der).substr(14, 6) == "021e7f");       // S lost its zeros
  raw.signature.ecdsa.signatureS.size = 33;
  CHECK(!tpm::der_of(raw));
  raw.signature.ecdsa.signatureS.size = 32;
  raw.sigAlg = TPM2_ALG_RSASSA;
  CHECK(!tpm::der_of(raw));
}

void short_coordinates_are_padded() {
  TPM2B_PUBLIC area = tpm::platform_key_template();
  area.publicArea.unique.ecc.x = {.size = 1, .buffer = {5}};
  area.publicArea.unique.ecc.y = {.size = 32, .buffer = {9}};
  const tpm::Point point = tpm::point_of(area);
  CHECK(point.x[31] == 5 && point.x[0] == 0 && point.y[0] == 9 && point.y[31] == 0);
}

tpm::PlatformKey some_key() {
  tpm::PlatformKey key;
  key.wrapped.size = 100;
  key.area = tpm::platform_key_template();
  key.area.publicArea.unique.ecc.x.size = 32;
  key.area.publicArea.unique.ecc.y.size = 32;
  key.parent = {tpm::kSharedRootKey, tpm::root_key_template()};
  return key;
}

void a_platform_blob_survives_the_round_trip() {
  const Bytes blob = MUST(some_key().serialize());
  const tpm::PlatformKey key = MUST(tpm::PlatformKey::parse(blob));
  CHECK(MUST(key.serialize()) == blob);
  CHECK(blob[0] == 1 && blob.size() <= tpm::PlatformKey::kMaxBytes);
  CHECK(MUST(key.credential_id()).size() == 48);
}

void only_our_kind_of_key_under_a_proper_parent_is_taken() {
  const auto taken = [](auto change) {
    tpm::PlatformKey key = some_key();
    change(key);
    const Result<tpm::PlatformKey> parsed = tpm::PlatformKey::parse(MUST(key.serialize()));
    CHECK(parsed || parsed.error().kind == ErrorKind::Corrupt);
    return static_cast<bool>(parsed);
  };
  using Key = tpm::PlatformKey;
  CHECK(taken([](Key &) {}));
  CHECK(!taken([](Key &key) { key.area.publicArea.objectAttributes |= TPMA_OBJECT_NODA; }));
  CHECK(!taken([](Key &key) { key.area.publicArea.objectAttributes &= ~TPMA_OBJECT_FIXEDTPM; }));
  CHECK(!taken([](Key &key) { key.area.publicArea.objectAttributes |= TPMA_OBJECT_DECRYPT; }));
  CHECK(!taken([](Key &key) { key.area.publicArea.authPolicy.size = 32; }));
  CHECK(!taken([](Key &key) { key.area.publicArea.parameters.eccDetail.curveID = TPM2_ECC_NIST_P384; }));
  CHECK(!taken([](Key &key) { key.area.publicArea.unique.ecc.x.size = 33; }));
  CHECK(!taken([](Key &key) { key.area = key.parent.area; }));
  CHECK(!taken([](Key &key) { key.parent.area = key.area; }));
  CHECK(!taken([](Key &key) { key.parent.area.publicArea.objectAttributes &= ~TPMA_OBJECT_NODA; }));
  CHECK(!taken([](Key &key) { key.parent.area.publicArea.objectAttributes &= ~TPMA_OBJECT_RESTRICTED; }));
  CHECK(!taken([](Key &key) { key.parent.area.publicArea.objectAttributes |= TPMA_OBJECT_SIGN_ENCRYPT; }));
  CHECK(!taken([](Key &key) { key.parent.area.publicArea.nameAlg = TPM2_ALG_SHA1; }));
  for (const TPM2_HANDLE handle : {0x80000000U, 0x40000001U, 0x81800000U, 0x01000000U, 0xffffffffU})
    CHECK(!taken([handle](Key &key) { key.parent.handle = handle; }));
}

void another_version_of_the_blob_is_refused() {
  Bytes blob = MUST(some_key().serialize());
  for (const std::uint8_t version : Bytes{0, 2, 255}) {
    blob[0] = version;
    CHECK(tpm::PlatformKey::parse(blob).error().kind == ErrorKind::Corrupt);
  }
  CHECK(tpm::PlatformKey::parse({}).error().kind == ErrorKind::Corrupt);
}

void a_credential_id_tells_its_parent() {
  const tpm::PlatformKey key = some_key();
  const Bytes id = MUST(key.credential_id());
  CHECK(MUST(tpm::lives_under(key.parent, id)));
  tpm::Parent other = key.parent;
  other.area.publicArea.unique.ecc.x.buffer[0] = 1;
  CHECK(!MUST(tpm::lives_under(other, id)));
  CHECK(!MUST(tpm::lives_under(key.parent, ByteView(id).first(47))));
  tpm::PlatformKey sibling = key;
  sibling.area.publicArea.unique.ecc.x.buffer[0] = 1;
  CHECK(MUST(sibling.credential_id()) != id);
}

void only_the_two_forms_of_a_tpms_name_are_known() {
  for (const char *name : {"", "device", "device:", "device:relative", "tabrmd:", "mssim:host=a,port=1",
                           "swtpm:host=127.0.0.1,port=2321", "swtpm:path=relative",
                           "libtss2-tcti-device.so:/x", "cmd:/bin/true", "device:/dev/null/x"}) {
    const auto line = tpm::open_line(name, milliseconds(100));
    CHECK(!line && (line.error().kind == ErrorKind::NotConfigured || line.error().kind == ErrorKind::Io));
  }
  CHECK(tpm::open_line("device:/dev/no-such-tpm", milliseconds(100)).error().kind == ErrorKind::NoDevice);
  CHECK(tpm::open_line("device:/etc/hostname", milliseconds(100)).error().kind == ErrorKind::NotConfigured);
  CHECK(tpm::open_line("swtpm:path=/no/such/socket", milliseconds(100)).error().kind == ErrorKind::NoDevice);
  CHECK(tpm::open_line("swtpm:path=/" + std::string(200, 'x'), milliseconds(100)).error().kind ==
        ErrorKind::NotConfigured);
}

/// A line whose other end is in the test's hands.
struct Pair {
  Fd other_end;
  std::unique_ptr<tpm::Line> line;
  Pair() {
    int ends[2] = {-1, -1};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    other_end.reset(ends[0]);
    line = tpm::line_over(Fd(ends[1]), true, milliseconds(50));
  }
  void say(const Bytes &bytes) const {
    CHECK(write(other_end.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
};

void a_line_waits_until_its_deadline_and_no_longer() {
  const Bytes command = {0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x7a};
  Bytes answer;
  const Pair silent;
  CHECK(silent.line->send(command) == TSS2_RC_SUCCESS);
  CHECK(silent.line->receive(answer) == tpm::kDeadlinePassed);

  const Pair half;
  half.say({0x80, 0x01, 0, 0});
  CHECK(half.line->receive(answer) == tpm::kDeadlinePassed);

  const Pair deaf;
  TSS2_RC code = TSS2_RC_SUCCESS;
  for (int number = 0; number < 10'000 && code == TSS2_RC_SUCCESS; ++number)
    code = deaf.line->send(Bytes(tpm::Line::kMaxBytes, 0));
  CHECK(code == tpm::kDeadlinePassed);
}

void a_line_takes_answers_only_of_possible_size() {
  Bytes answer;
  for (const Bytes &lie :
       {Bytes{0x80, 0x01, 0, 0, 0, 9, 0, 0, 0, 0}, Bytes{0x80, 0x01, 0, 0, 0x10, 1, 0, 0, 0, 0},
        Bytes{0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, Bytes(10, 0)}) {
    const Pair pair;
    pair.say(lie);
    CHECK(pair.line->receive(answer) == TSS2_TCTI_RC_MALFORMED_RESPONSE);
  }
  const Pair pair;
  const Bytes good = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 7, 8};
  pair.say(good);
  pair.say(good);
  for (int turn = 0; turn < 2; ++turn) {
    CHECK(pair.line->receive(answer) == TSS2_RC_SUCCESS);
    CHECK(answer == good);
  }
  CHECK(pair.line->send(Bytes(tpm::Line::kMaxBytes + 1, 0)) == TSS2_TCTI_RC_BAD_VALUE);
}

void a_line_that_breaks_says_so() {
  Bytes answer;
  Pair pair;
  pair.say({0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 7});
  pair.other_end.reset();
  CHECK(pair.line->receive(answer) == TSS2_TCTI_RC_IO_ERROR);
  CHECK(pair.line->send(Bytes(10, 0)) == TSS2_TCTI_RC_IO_ERROR);  // and no SIGPIPE
}

}  // namespace

int main() {
  tpm::harden_process();
  const CMUnitTest tests[] = {
      TEST(every_code_that_was_met_has_its_name),
      TEST(every_row_of_the_table_is_reached_and_says_something),
      TEST(the_layer_is_looked_at_before_the_code),
      TEST(a_pin_has_six_to_sixty_three_bytes_of_utf8),
      TEST(the_authorization_value_is_hkdf_and_loses_its_trailing_zeros),
      TEST(a_try_is_refused_while_there_is_still_room_for_others),
      TEST(short_numbers_make_a_proper_signature),
      TEST(short_coordinates_are_padded),
      TEST(a_platform_blob_survives_the_round_trip),
      TEST(only_our_kind_of_key_under_a_proper_parent_is_taken),
      TEST(another_version_of_the_blob_is_refused),
      TEST(a_credential_id_tells_its_parent),
      TEST(only_the_two_forms_of_a_tpms_name_are_known),
      TEST(a_line_waits_until_its_deadline_and_no_longer),
      TEST(a_line_takes_answers_only_of_possible_size),
      TEST(a_line_that_breaks_says_so),
  };
  return cmocka_run_group_tests_name("tpm-values", tests, nullptr, nullptr);
}
