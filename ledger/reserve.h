/// Reserve: room on the disk that is held for the day when there is none. Revoking and locking are what must
/// work then.
#pragma once

#include <string>
#include <utility>

#include "common/error.h"

namespace passkeyd {

/// A file beside the ledger that holds nothing but its place. Never an error: without it a full disk is only
/// as bad as it is anyway.
class Reserve {
 public:
  /// Enough for the log of a transaction that revokes all that one account may have.
  static constexpr long kBytes = 1024L * 1024;

  explicit Reserve(std::string path) : path_(std::move(path)) {}

  /// Takes the room if it is to be had.
  void keep() const;
  /// Gives it up. True if there was some.
  [[nodiscard]] bool let_go() const;
  /// Whether it is held and the disk has as much again: what the ledger needs to be opened anew without giving
  /// up anything of it.
  [[nodiscard]] bool is_ample() const;

 private:
  std::string path_;
};

/// What `act` gives; where that is StorageFull, once more without the reserve.
template <class Act>
auto despite_full_disk(const Reserve &reserve, Act act) {
  auto done = act();
  if (done || done.error().kind != ErrorKind::StorageFull || !reserve.let_go()) return done;
  return act();
}

}  // namespace passkeyd
