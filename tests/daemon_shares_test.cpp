/// Whose a sign-in is, how much room there is for one more, and who has to make way.
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "daemon/on_behalf.h"
#include "daemon/shares.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr uid_t kAlice = 1000;
constexpr uid_t kBob = 1001;

/// So many at once.
struct Crowd {
  Crowd(Shares &shares, const Share &share, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at) claims.emplace_back(shares, share);
  }
  std::vector<Shares::Claim> claims;
};

Shares nobody_cares() {
  return Shares([] {});
}

void a_person_is_one_through_whatever_program() {
  Shares shares = nobody_cares();
  const Crowd own(shares, share_of_person(kAlice, kAlice), Shares::kMostOfOnePerson / 2);
  const Crowd by_su(shares, share_of_person(0, kAlice), Shares::kMostOfOnePerson / 2);
  CHECK(shares.room_for(share_of_person(kAlice, kAlice)) == Room::None);
  CHECK(shares.room_for(share_of_person(0, kAlice)) == Room::None);
  CHECK(shares.room_for(share_of_person(0, kBob)) == Room::Yes);
}

void the_machine_finds_room_whatever_people_and_the_network_do() {
  Shares shares = nobody_cares();
  const Crowd network(shares, share_of_source("192.0.2.1"), Shares::kMostAtADoor);
  std::vector<Crowd> people;
  for (uid_t uid = 1000; shares.at(Door::People) < Shares::kMostAtADoor; ++uid)
    people.emplace_back(shares, share_of_person(uid, uid), Shares::kMostOfOnePerson);
  CHECK(shares.room_for(share_of_source("192.0.2.1")) == Room::IfOneMakesWay);
  CHECK(shares.room_for(share_of_person(5, 5)) == Room::IfOneMakesWay);
  CHECK(shares.room_for(share_of_person(0, 0)) == Room::Yes);
  CHECK(shares.room_for(share_of_person(0, kBob)) == Room::None);  // has 16 of their own
  CHECK(shares.room_for(share_of_person(0, 5)) == Room::Yes);
}

void at_a_full_door_whoever_has_more_makes_way() {
  Shares shares = nobody_cares();
  const Share crowd = share_of_source("192.0.2.1");
  const Share one = share_of_source("192.0.2.2");
  const Crowd many(shares, crowd, Shares::kMostAtADoor - 1);
  const Crowd first(shares, one, 1);
  CHECK(shares.yields(crowd, one));
  CHECK(!shares.yields(one, crowd));
  CHECK(!shares.yields(one, share_of_person(0, 0)));
}

void strangers_behind_one_address_make_way_for_each_other_and_a_persons_own_do_not() {
  Shares shares = nobody_cares();
  const Crowd strangers(shares, share_of_source("192.0.2.1"), 2);
  const Crowd own(shares, share_of_person(kAlice, kAlice), 2);
  CHECK(shares.yields(share_of_source("192.0.2.1"), share_of_source("192.0.2.1")));
  CHECK(!shares.yields(share_of_person(kAlice, kAlice), share_of_person(kAlice, kAlice)));
}

void an_ended_claim_counts_no_more_and_says_so_once() {
  int freed = 0;
  Shares shares([&] { ++freed; });
  Shares::Claim claim(shares, share_of_person(kAlice, kAlice));
  Shares::Claim moved = std::move(claim);
  CHECK(shares.count(share_of_person(kAlice, kAlice)) == 1);
  moved.release();
  moved.release();
  CHECK(freed == 1);
  CHECK(shares.count(share_of_person(kAlice, kAlice)) == 0);
  CHECK(shares.at(Door::People) == 0);
}

void an_address_counts_however_it_is_written() {
  CHECK(share_of_source("192.0.2.1") == share_of_source("::ffff:192.0.2.1"));
  CHECK(share_of_source("2001:db8:1:2::1") == share_of_source("2001:0db8:0001:0002:ffff::9"));
  CHECK(!(share_of_source("2001:db8:1:2::1") == share_of_source("2001:db8:1:3::1")));
  CHECK(share_of_source("fe80::1%eth0") == share_of_source("fe80::2"));
  CHECK(share_of_source("Host.Example") == share_of_source("host.example"));
  CHECK(share_of_source("") == share_of_source(""));
  CHECK(share_of_source(std::string(4000, 'a')).member.size() < 300);
}

void who_is_nobody_in_particular_is_the_machine() {
  CHECK(OnBehalf::now().door == Door::Machine);
  {
    const OnBehalf alice(share_of_person(0, kAlice));
    CHECK(OnBehalf::now() == share_of_person(0, kAlice));
    const OnBehalf bob(share_of_person(kBob, kBob));
    CHECK(OnBehalf::now() == share_of_person(kBob, kBob));
  }
  CHECK(OnBehalf::now().door == Door::Machine);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_person_is_one_through_whatever_program),
      TEST(the_machine_finds_room_whatever_people_and_the_network_do),
      TEST(at_a_full_door_whoever_has_more_makes_way),
      TEST(strangers_behind_one_address_make_way_for_each_other_and_a_persons_own_do_not),
      TEST(an_ended_claim_counts_no_more_and_says_so_once),
      TEST(an_address_counts_however_it_is_written),
      TEST(who_is_nobody_in_particular_is_the_machine),
  };
  return cmocka_run_group_tests_name("shares", tests, nullptr, nullptr);
}
