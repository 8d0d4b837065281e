/// Everybody, and whether their accounts are still who they were.
#include "daemon/people.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/models.h"
#include "daemon/reply.h"

namespace passkeyd {
namespace {

/// Longest that all look-ups take together. Who is left by then, or cannot be looked up, is unknown.
constexpr std::chrono::seconds kLookUpTime{60};

/// One after the other: a directory is not asked a hundred things at once. Accounts come in the order of
/// their names, so that one that had several uids is looked up once.
Task<std::vector<Person>> look_up_all(House &house, std::vector<AccountSummary> accounts) {
  std::vector<Person> people;
  people.reserve(accounts.size());
  const BootTime begun = house.clock.boot();
  for (AccountSummary &each : accounts) {
    Person person{std::move(each)};
    const UserName name = person.summary.account.name;
    if (!people.empty() && people.back().summary.account.name == name) {
      person.uid_now = people.back().uid_now;
      person.unknown = people.back().unknown;
    } else if (house.clock.boot() - begun > kLookUpTime) {
      person.unknown = true;
    } else {
      const Result<Account> now = co_await look_up(house, name);
      if (now) person.uid_now = now->uid;
      person.unknown = !now && now.error().kind != ErrorKind::NotFound;
    }
    people.push_back(std::move(person));
  }
  co_return people;
}

/// Which models are warned of is more than the ledger's to say: some are known by a certificate's key only.
Status count_recalled(House &house, std::vector<Person> &people) {
  const Credentials stored = TRY(house.ledger.all_credentials());
  for (const Credential &each : stored.rows) {
    if (each.state != CredentialState::Active || recall_of(house, each).empty()) continue;
    const auto owner = std::ranges::find_if(
        people, [&](const Person &person) { return person.summary.account == each.owner; });
    if (owner != people.end()) ++owner->recalled;
  }
  return Ok{};
}

}  // namespace

Task<Status> get_people(House &house, Call call) {
  const Status allowed = co_await admit_to_all(house, call);
  if (!allowed) co_return allowed;
  Result<std::vector<AccountSummary>> accounts = house.ledger.people();
  if (!accounts) co_return accounts.error();
  std::vector<Person> people = co_await look_up_all(house, std::move(accounts).value());
  const Status counted = count_recalled(house, people);
  if (!counted) co_return counted;
  co_return reply(call.message.get(), people);
}

}  // namespace passkeyd
