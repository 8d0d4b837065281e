/// FirstCodes: who has just enrolled a passkey for an account without backup codes may have its first ones
/// made without being asked once more who they are. It is the same connection, once, and soon.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/account.h"
#include "common/clock.h"

namespace passkeyd {

class FirstCodes {
 public:
  static constexpr std::chrono::minutes kWithin{5};
  /// Who waits longest loses theirs, and is asked.
  static constexpr std::size_t kMost = 64;

  /// `bus_name`: a unique name, which the bus never gives twice.
  void allow(std::string bus_name, Account owner, BootTime now) {
    if (open_.size() == kMost) open_.erase(open_.begin());
    open_.push_back({std::move(bus_name), std::move(owner), now + kWithin});
  }

  /// True if it was allowed, which is over now.
  bool take(const std::string &bus_name, const Account &owner, BootTime now) {
    std::erase_if(open_, [&](const Open &each) { return each.until < now; });
    return std::erase_if(
               open_, [&](const Open &each) { return each.bus_name == bus_name && each.owner == owner; }) > 0;
  }

 private:
  struct Open {
    std::string bus_name;
    Account owner;
    BootTime until;
  };
  std::vector<Open> open_;
};

}  // namespace passkeyd
