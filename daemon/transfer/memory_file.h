/// Memory files (memfd_create(2)) that exports travel in, read and written a piece at a time, and the hash
/// that runs along. Sealed, nobody can change or cut them any more, and reading one never waits.
#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "common/handle.h"
#include "common/result.h"
#include "webauthn/hash.h"

namespace passkeyd::transfer {

/// Largest export, in bytes.
inline constexpr std::size_t kMaxFile = 64UL * 1024 * 1024;
/// How much is done before others get their turn, in bytes.
inline constexpr std::size_t kPiece = 256UL * 1024;

Result<Fd> make_memory_file();
/// Errors: Io, StorageFull.
Status write_at(const Fd &file, std::size_t offset, std::string_view piece);
/// From now on it never changes.
Status seal(const Fd &file);

/// How many bytes a file from outside holds. Errors: InvalidInput if it is no sealed memory file, or holds
/// more than kMaxFile.
Result<std::size_t> size_of_sealed(const Fd &file);
/// Appends the next piece to `contents`, whose size says where it begins. Errors: Io.
Status read_piece(const Fd &file, std::size_t size, std::string &contents);

/// SHA-256 of what comes in pieces.
class RunningHash {
 public:
  RunningHash();
  void add(std::string_view piece);
  /// Once.
  Sha256 done();

 private:
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> digest_;
};

}  // namespace passkeyd::transfer
