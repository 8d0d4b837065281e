/// The people of a machine, judged: who cannot do without their password, who will be locked out by one lost
/// key, whose passkeys nobody uses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/doctor/finding.h"
#include "client/people.h"

namespace passkeyd::cli {

/// What is to be said of one account.
struct PersonReport {
  std::string user;
  Findings findings;  ///< never empty
};

struct PeopleQuestion {
  std::int64_t now = 0;
  std::int64_t unused_days = 90;
};

/// `accounts`: names of the people who can sign in here, and their numbers. Who has nothing to be said of is
/// not in it.
std::vector<PersonReport> judge_people(const std::vector<PersonRecord> &people,
                                       const std::map<std::string, std::int64_t> &accounts,
                                       const PeopleQuestion &question);

/// Accounts of people, as login.defs(5) has it (from UID_MIN to UID_MAX, and root), with a shell to sign in
/// to.
std::map<std::string, std::int64_t> accounts_of_people();

}  // namespace passkeyd::cli
