/// What a ceremony process does with what it is asked: backup codes, and the PIN of a platform credential in
/// a real TPM. Keys are in the tests of usb/.
#include <crypt.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include "daemon/ceremony/operations.h"
#include "webauthn/authenticator_data.h"

#include "tests/tpm_fixture.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Fd file_of(std::string_view text) {
  return MUST(to_memfd(MUST(Secret::parse(text))));
}

LastWord asked(const wire::Request &request, const std::vector<std::string> &secrets) {
  std::vector<Fd> files;
  for (const std::string &one : secrets) files.push_back(file_of(one));
  return perform(request, reach_for(request), std::move(files), [](const wire::Event &) {});
}

Error failure(const LastWord &last) {
  CHECK(last.files.empty());
  const auto *error = std::get_if<Error>(&last.event);
  if (error == nullptr) throw Failed("no error where one was due");
  return *error;
}

/// A set of codes, as its owner sees it and as the ledger will have it.
struct Codes {
  std::vector<std::string> texts;
  std::vector<CodeHash> hashes;
};

Codes make() {
  const LastWord last = asked(wire::MakeCodes{}, {});
  CHECK(last.files.size() == 1);
  Codes codes{{}, std::get<wire::CodesMade>(last.event).hashes};
  std::istringstream lines{std::string(MUST(from_memfd(last.files.front())).text())};
  for (std::string line; std::getline(lines, line);) codes.texts.push_back(line);
  return codes;
}

/// One set for all tests that only read it: making one takes ten hashes.
const Codes &made() {
  static const Codes codes = make();
  return codes;
}

std::optional<int> checked(const std::vector<CodeHash> &hashes, const std::string &typed) {
  const LastWord last = asked(wire::CheckCode{hashes}, {typed});
  CHECK(last.files.empty());
  if (const auto *error = std::get_if<Error>(&last.event)) throw Failed(error->sentence);
  return std::get<wire::CodeChecked>(last.event).number;
}

void ten_codes_are_made_each_with_a_yescrypt_hash_of_its_own() {
  const auto &[texts, hashes] = made();
  CHECK(texts.size() == BackupCode::kCount && hashes.size() == BackupCode::kCount);
  std::set<std::string> salts;
  for (int at = 0; at < BackupCode::kCount; ++at) {
    const auto &[number, hash] = hashes[static_cast<std::size_t>(at)];
    const std::string &text = texts[static_cast<std::size_t>(at)];
    CHECK(number == at + 1 && text.starts_with(std::to_string(number) + "-"));
    CHECK(hash.starts_with("$y$"));
    CHECK(hash == crypt(text.c_str(), hash.c_str()));
    salts.insert(hash.substr(0, hash.rfind('$')));
  }
  CHECK(salts.size() == hashes.size());
}

void what_was_made_survives_the_wire() {
  const wire::Event event =
      MUST(wire::decode_event(wire::encode(wire::Event(wire::CodesMade{made().hashes}))));
  CHECK(std::get<wire::CodesMade>(event).hashes == made().hashes);
}

void the_file_of_codes_cannot_be_changed() {
  const LastWord last = asked(wire::MakeCodes{}, {});
  const int file = last.files.front().get();
  CHECK((fcntl(file, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) ==
        (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
  CHECK(pwrite(file, "x", 1, 0) < 0);
  CHECK(ftruncate(file, 0) != 0);
}

void each_code_is_known_by_its_number_however_it_is_typed() {
  const auto &[texts, hashes] = made();
  CHECK(checked(hashes, texts[0]) == 1);
  CHECK(checked(hashes, texts[9]) == 10);
  std::string sloppy = texts[6];
  std::ranges::transform(sloppy, sloppy.begin(), [](char c) {
    return c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  CHECK(checked(hashes, sloppy) == 7);
}

void a_code_of_another_set_is_not_known() {
  const Codes other = make();
  CHECK(!checked(made().hashes, other.texts[3]));
}

void a_code_that_is_no_longer_there_is_not_known() {
  std::vector<CodeHash> left = made().hashes;
  left.erase(left.begin() + 4);
  CHECK(!checked(left, made().texts[4]));
  CHECK(checked(left, made().texts[5]) == 6);
  CHECK(!checked({}, made().texts[0]));
}

void a_hash_under_another_number_is_not_known() {
  CHECK(!checked({{2, made().hashes[0].hash}}, made().texts[1]));
  CHECK(!checked({{1, made().hashes[1].hash}}, made().texts[0]));
}

void what_cannot_be_a_code_is_not_tried_and_not_repeated() {
  std::string mistyped = made().texts[2];
  mistyped.back() = mistyped.back() == 'A' ? 'B' : 'A';
  for (const std::string &typed : {std::string("hunter2 my password"), std::string(), mistyped}) {
    const Error error = failure(asked(wire::CheckCode{made().hashes}, {typed}));
    CHECK(error.kind == ErrorKind::CodeInvalid);
    CHECK(typed.empty() || error.sentence.find(typed) == std::string::npos);
    CHECK(error.sentence.find("hunter2") == std::string::npos);
  }
}

void a_stored_hash_that_is_none_is_corrupt_and_not_a_wrong_code() {
  const Error error = failure(asked(wire::CheckCode{{{1, "$y$"}}}, {made().texts[0]}));
  CHECK(error.kind == ErrorKind::Corrupt);
}

/// Processor time of one check.
std::chrono::nanoseconds price(const std::vector<CodeHash> &hashes, const std::string &typed) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto begun = now();
  checked(hashes, typed);
  return now() - begun;
}

void a_code_that_is_not_there_takes_as_long_as_one_that_is_wrong() {
  std::vector<std::chrono::nanoseconds> wrong, absent;
  const std::vector<CodeHash> other{{1, made().hashes[1].hash}};
  for (int round = 0; round < 5; ++round) {
    wrong.push_back(price(other, made().texts[0]));
    absent.push_back(price({}, made().texts[0]));
  }
  std::ranges::sort(wrong);
  std::ranges::sort(absent);
  std::printf("one check: %lld us, of a number that is not there %lld us\n",
              static_cast<long long>(wrong[2].count() / 1000),
              static_cast<long long>(absent[2].count() / 1000));
  CHECK(absent[2] * 3 > wrong[2] * 2 && absent[2] * 2 < wrong[2] * 3);
}

void a_check_takes_exactly_one_code() {
  CHECK(failure(asked(wire::CheckCode{made().hashes}, {})).kind == ErrorKind::InvalidInput);
  const auto two = asked(wire::CheckCode{made().hashes}, {made().texts[0], made().texts[1]});
  CHECK(failure(two).kind == ErrorKind::InvalidInput);
  std::vector<Fd> unsealed;
  unsealed.emplace_back(memfd_create("unsealed", MFD_CLOEXEC));
  const LastWord last =
      perform(wire::CheckCode{made().hashes}, Reach{}, std::move(unsealed), [](const wire::Event &) {});
  CHECK(failure(last).kind == ErrorKind::InvalidInput);
}

// --- the PIN of a platform credential ---

const std::string kOld = "472913", kNew = "805162";

/// A TPM with room for tries, and one credential in it.
struct Enrolled {
  explicit Enrolled(std::uint32_t max_tries = 32) {
    const auto connect = [this] { return tpm::open_line(swtpm.tcti(), std::chrono::seconds(20)); };
    {
      const tpm::Conversation admin = MUST(tpm::Conversation::open(connect));
      CHECK_RC(Esys_DictionaryAttackParameters(admin.esys(), ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD,
                                               ESYS_TR_NONE, ESYS_TR_NONE, max_tries, 600, 86400));
    }
    const KeyInfo place{swtpm.tcti(), "TPM"};
    RegistrationRequest request{rp_id};
    request.client_data = "{}";
    request.user_handle = Bytes(32, 1);
    const LastWord last = asked(wire::Enroll{Way::Tpm, place, request}, {kOld, kOld});
    platform = std::get<wire::Enrolled>(last.event).registration.platform;
    const auto &data = std::get<wire::Enrolled>(last.event).registration.authenticator_data;
    id = MUST(AuthenticatorData::parse(data)).attested->id;
  }

  LastWord change(const std::vector<std::string> &secrets) const {
    return asked(wire::ChangePin{swtpm.tcti(), platform}, secrets);
  }
  bool opens(const Bytes &blob, const std::string &pin) const {
    AssertionRequest request{rp_id, "{}"};
    request.allowed = {{id, blob}};
    const LastWord last = asked(wire::Prove{Way::Tpm, {swtpm.tcti(), "TPM"}, request}, {pin});
    return std::holds_alternative<wire::Proved>(last.event);
  }

  ListeningSwtpm swtpm;
  RpId rp_id = MUST(RpId::parse("workstation"));
  Bytes platform, id;
};

void a_changed_pin_opens_and_the_old_one_does_not() {
  const Enrolled own;
  const LastWord last = own.change({kOld, kNew, kNew});
  CHECK(last.files.empty());
  const Bytes fresh = std::get<wire::PinChanged>(last.event).platform;
  CHECK(fresh != own.platform);
  CHECK(own.opens(fresh, kNew));
  CHECK(!own.opens(fresh, kOld));
}

void a_repetition_that_differs_changes_nothing_and_costs_no_try() {
  const Enrolled own;
  const Error error = failure(own.change({"111111", kNew, "805163"}));
  CHECK(error.kind == ErrorKind::PinMismatch);
  for (const std::string &pin : {std::string("111111"), kNew, std::string("805163")})
    CHECK(error.sentence.find(pin) == std::string::npos);
  CHECK(own.opens(own.platform, kOld));
}

void a_wrong_old_pin_is_wrong_and_says_nothing_of_itself() {
  const Enrolled own;
  const Error error = failure(own.change({"111111", kNew, kNew}));
  CHECK(error.kind == ErrorKind::PinWrong);
  CHECK(error.sentence.find("111111") == std::string::npos && error.sentence.find(kNew) == std::string::npos);
}

void a_pin_is_not_changed_where_the_tpm_has_no_room_for_a_try() {
  const Enrolled own(3);  // one try, and then the rest is for others
  CHECK(failure(own.change({"111111", kNew, kNew})).kind == ErrorKind::PinWrong);
  CHECK(failure(own.change({kOld, kNew, kNew})).kind == ErrorKind::TpmNearLockout);
}

void a_pin_change_takes_exactly_three_pins() {
  for (const std::vector<std::string> &secrets :
       {std::vector<std::string>{}, std::vector{kOld, kNew}, std::vector{kOld, kNew, kNew, kNew}}) {
    const LastWord last = asked(wire::ChangePin{"swtpm:path=/nowhere", Bytes(10)}, secrets);
    CHECK(failure(last).kind == ErrorKind::InvalidInput);
  }
}

void a_platform_credential_is_never_discoverable() {
  RegistrationRequest request{MUST(RpId::parse("workstation"))};
  request.discoverable = true;
  const LastWord last = asked(wire::Enroll{Way::Tpm, {"swtpm:path=/nowhere", "TPM"}, request}, {kOld, kOld});
  CHECK(failure(last).kind == ErrorKind::Unsupported);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(ten_codes_are_made_each_with_a_yescrypt_hash_of_its_own),
      TEST(what_was_made_survives_the_wire),
      TEST(the_file_of_codes_cannot_be_changed),
      TEST(each_code_is_known_by_its_number_however_it_is_typed),
      TEST(a_code_of_another_set_is_not_known),
      TEST(a_code_that_is_no_longer_there_is_not_known),
      TEST(a_hash_under_another_number_is_not_known),
      TEST(what_cannot_be_a_code_is_not_tried_and_not_repeated),
      TEST(a_stored_hash_that_is_none_is_corrupt_and_not_a_wrong_code),
      TEST(a_code_that_is_not_there_takes_as_long_as_one_that_is_wrong),
      TEST(a_check_takes_exactly_one_code),
      TEST(a_changed_pin_opens_and_the_old_one_does_not),
      TEST(a_repetition_that_differs_changes_nothing_and_costs_no_try),
      TEST(a_wrong_old_pin_is_wrong_and_says_nothing_of_itself),
      TEST(a_pin_is_not_changed_where_the_tpm_has_no_room_for_a_try),
      TEST(a_pin_change_takes_exactly_three_pins),
      TEST(a_platform_credential_is_never_discoverable),
  };
  return cmocka_run_group_tests_name("ceremony operations", tests, nullptr, nullptr);
}
