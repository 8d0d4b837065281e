/// What is made up for names that mean nothing: the same every time, of the form of what is real, and not to
/// be had without the secret.
#include <set>

#include "daemon/pretence.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;

namespace {

UserName name(const std::string &text) {
  return MUST(UserName::parse(text));
}

Secret secret(const char *text) {
  return MUST(Secret::parse(text));
}

void a_name_has_the_same_ones_every_time() {
  const Secret ours = secret("a secret");
  const MadeUp once = MUST(make_up(ours, name("alice")));
  const MadeUp again = MUST(make_up(ours, name("alice")));
  CHECK(once.ids == again.ids && once.enrolled_with_verification == again.enrolled_with_verification);
  CHECK(MUST(make_up(secret("another secret"), name("alice"))).ids != once.ids);
}

void no_two_names_share_an_id_and_all_forms_occur() {
  const Secret ours = secret("a secret");
  std::set<Bytes> ids;
  std::set<std::size_t> lengths, counts;
  std::set<bool> verified;
  std::size_t all = 0;
  for (int at = 0; at < 300; ++at) {
    const MadeUp made = MUST(make_up(ours, name("user" + std::to_string(at))));
    for (const Bytes &id : made.ids) ids.insert(id), lengths.insert(id.size());
    all += made.ids.size();
    counts.insert(made.ids.size());
    verified.insert(made.enrolled_with_verification);
  }
  CHECK(ids.size() == all);
  CHECK((lengths == std::set<std::size_t>{32, 48, 64}));
  CHECK((counts == std::set<std::size_t>{1, 2}) && verified.size() == 2);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_name_has_the_same_ones_every_time),
      TEST(no_two_names_share_an_id_and_all_forms_occur),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
