/// BackupCode: the form of a backup code, and how one is made and read. What is stored is a hash of it; who
/// hashes and who stores is elsewhere.
///
/// A code is its number, a hyphen, and three groups of five symbols of Crockford's Base32 (no I, L, O, U):
/// fourteen random ones, 70 bits, and a last one that checks the rest. "7-K3M9X-0TQ4Z-P8RWS". Nearly no
/// password has that form, so what was mistyped, or meant for another prompt, is told apart without trying
/// it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/result.h"
#include "common/secret.h"

namespace passkeyd {

struct BackupCode {
  /// How many a set has; they are numbered from 1.
  static constexpr int kCount = 10;
  static constexpr std::size_t kRandomSymbols = 14;

  int number = 0;
  Secret text;  ///< the canonical spelling, which is what is hashed

  /// A new code from the system's random source. Errors: Internal.
  static Result<BackupCode> make(int number);
  /// Reads what a person typed: any case, with or without hyphens and spaces, O for 0 and I or L for 1.
  /// Errors: CodeInvalid for anything that is not of the form, number 1 to kCount and check symbol included;
  /// the sentence never holds any of it.
  static Result<BackupCode> parse(const Secret &typed);
};

/// The codes as people get them: a line each. Errors: InvalidInput for more than fit a Secret; a set does.
Result<Secret> lines_of(std::span<const BackupCode> codes);

/// A stored code: its number and its hash, crypt(5).
struct CodeHash {
  int number = 0;
  std::string hash;
  bool operator==(const CodeHash &) const = default;
};

}  // namespace passkeyd
