/// A try at a PIN or a backup code: whose it is, and the ticket that stands for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/account.h"
#include "common/way.h"
#include "ledger/limit.h"

namespace passkeyd {

/// Tries are counted per account, way and place.
struct TryKey {
  UserName user;
  Way way = Way::Usb;
  Place place = Place::Remote;
};

/// A try that has been counted.
struct Ticket {
  std::int64_t number = 0;
  bool operator==(const Ticket &) const = default;
};

/// A ticket, or how long to wait for one.
struct TryAnswer {
  std::optional<Ticket> ticket = {};
  std::chrono::seconds wait{};  ///< more than zero exactly when there is no ticket
  /// The try before it failed, or, of security keys, anybody's: a key's own count of tries is worth asking for.
  bool after_failure = false;
};

}  // namespace passkeyd
