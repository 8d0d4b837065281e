/// What the ledger's file and its disk are like.
#pragma once

#include <cstdint>

namespace passkeyd {

struct LedgerRoom {
  std::uint64_t size = 0;  ///< bytes of the file
  std::uint64_t free = 0;  ///< bytes that we could still write
  bool read_only = false;  ///< the file system is
};

}  // namespace passkeyd
