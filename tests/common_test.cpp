/// The small things everything else stands on: secrets, names, bytes.
#include <fcntl.h>
#include <sys/mman.h>

#include "common/account.h"
#include "common/bytes.h"
#include "common/random.h"
#include "common/secret.h"
#include "common/steps.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

void hexadecimal_survives_the_round_trip() {
  const Bytes bytes = {0x00, 0x7f, 0xff};
  CHECK(to_hex(bytes) == "007fff");
  CHECK(from_hex("007FfF") == bytes);
  CHECK(!from_hex("0"));
  CHECK(!from_hex("0g"));
}

void random_bytes_are_as_many_as_were_asked_for_and_never_the_same() {
  CHECK(MUST(random_bytes(0)).empty() && MUST(random_bytes(256)).size() == 256);
  CHECK(MUST(random_bytes(32)) != MUST(random_bytes(32)));
  const Result<Bytes> too_many = random_bytes(257);  // none, rather than some
  CHECK(!too_many && too_many.error().kind == ErrorKind::Internal);
}

void a_secret_travels_only_in_a_sealed_file() {
  const Secret pin = MUST(Secret::parse("123456"));
  const Fd sealed = MUST(to_memfd(pin));
  CHECK(MUST(from_memfd(sealed)).text() == "123456");
  CHECK(pwrite(sealed.get(), "x", 1, 0) == -1);

  const Fd open_file(memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  CHECK(pwrite(open_file.get(), "123456", 6, 0) == 6);
  CHECK(!from_memfd(open_file));
  const Fd no_memfd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(!from_memfd(no_memfd));
}

void an_oversized_secret_is_refused_not_cut() {
  CHECK(!Secret::parse(std::string(Secret::kMaxBytes + 1, 'x')));
  CHECK(!Secret::parse(std::string_view("a\0b", 3)));
  const Fd big(memfd_create("big", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  CHECK(ftruncate(big.get(), Secret::kMaxBytes + 1) == 0);
  CHECK(fcntl(big.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
  CHECK(!from_memfd(big));
}

void a_moved_secret_leaves_nothing_behind() {
  Secret from = MUST(Secret::parse("hunter22"));
  const char *old = from.c_str();
  const Secret to = std::move(from);
  CHECK(to.text() == "hunter22");
  for (std::size_t at = 0; at <= Secret::kMaxBytes; ++at) CHECK(old[at] == '\0');
}

void user_names_with_odd_bytes_are_refused() {
  for (const char *good : {"alice", "a", "DOMAIN\\anna", "anna@example.org", "zoë", "user.name-1_x$"})
    CHECK(UserName::parse(good));
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("-rf"), std::string_view("+alice"), std::string_view("~root"),
        std::string_view(" alice"), std::string_view("alice "), std::string_view("a:b"),
        std::string_view("../etc"), std::string_view("a\nb"), std::string_view("a\0b", 3),
        std::string_view("\xff\xfe"), std::string_view("0"), std::string_view("1000"),
        std::string_view("\xc0\xaf"),
        std::string_view("a\xe2\x80\xae"
                         "b"),
        std::string_view("."), std::string_view("..")})
    CHECK(!UserName::parse(bad));
  CHECK(UserName::parse(std::string(255, 'a')));
  CHECK(!UserName::parse(std::string(256, 'a')));
}

void every_error_kind_has_a_name_of_its_own() {
  for (int at = 0; at <= static_cast<int>(ErrorKind::Locked); ++at) {
    const auto kind = static_cast<ErrorKind>(at);
    CHECK(error_kind_of(name_of(kind)) == kind);
  }
}

void every_step_has_a_name_of_its_own() {
  for (int at = 0; at <= static_cast<int>(Step::Offer); ++at) {
    const auto step = static_cast<Step>(at);
    CHECK(step_of(name_of(step)) == step);
  }
  CHECK(Step{} == Step::Unavailable);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(hexadecimal_survives_the_round_trip),
      TEST(a_secret_travels_only_in_a_sealed_file),
      TEST(an_oversized_secret_is_refused_not_cut),
      TEST(a_moved_secret_leaves_nothing_behind),
      TEST(user_names_with_odd_bytes_are_refused),
      TEST(every_error_kind_has_a_name_of_its_own),
      TEST(every_step_has_a_name_of_its_own),
      TEST(random_bytes_are_as_many_as_were_asked_for_and_never_the_same),
  };
  return cmocka_run_group_tests_name("common", tests, nullptr, nullptr);
}
