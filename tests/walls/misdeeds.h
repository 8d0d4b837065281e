/// Misdeeds: what a ceremony that somebody has taken over would try, one by one.
#pragma once

#include <span>
#include <string_view>

namespace passkeyd::test {

/// Where each misdeed reaches for what it must not have; the tests put something there.
inline constexpr const char *kLedger = "/var/lib/passkeyd/ledger.db";
inline constexpr const char *kLedgerFolder = "/var/lib/passkeyd";
inline constexpr const char *kLoot =
    "/var/lib/misc/loot";  ///< to be written; sources of names look in the folder

struct Misdeed {
  std::string_view name;
  int (*commit)();  ///< 0: it was done; otherwise errno
};

/// All of them.
std::span<const Misdeed> misdeeds();
/// nullptr: there is none of that name.
const Misdeed *misdeed_of(std::string_view name);

}  // namespace passkeyd::test
