/// Backup codes: making a set, and trying one. Hashing takes its time on purpose, which the daemon does not
/// have.
#include <crypt.h>
#include <openssl/crypto.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "daemon/ceremony/performing.h"

namespace passkeyd {
namespace {

constexpr const char *kYescrypt = "$y$";
/// libcrypt's own default. The codes have 70 random bits: the hash need not be dear, it must only be there.
constexpr unsigned long kCost = 0;

void wipe_and_free(crypt_data *data) {
  explicit_bzero(data, sizeof *data);  // the text and all that was made of it
  delete data;
}
using CryptData = Handle<crypt_data, wipe_and_free>;

/// What a new hash begins with: method, cost, random salt. See crypt_gensalt(3).
Result<std::string> new_setting() {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn(kYescrypt, kCost, nullptr, 0, setting.data(), setting.size()) == nullptr)
    return errno_error("crypt_gensalt", errno);
  return std::string(setting.data());
}

/// `text` hashed as `setting` says: a hash, or what new_setting() gives. Errors: Corrupt if it is neither.
Result<std::string> hash_of(const Secret &text, const std::string &setting) {
  const CryptData data(new crypt_data{});
  const char *hash = crypt_rn(text.c_str(), setting.c_str(), data.get(), sizeof(crypt_data));
  if (hash == nullptr) return Error{ErrorKind::Corrupt, "a backup code's hash is none"};
  return std::string(hash);
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

Result<LastWord> make_codes() {
  wire::CodesMade made;
  std::vector<BackupCode> codes;
  codes.reserve(BackupCode::kCount);
  for (int number = 1; number <= BackupCode::kCount; ++number) {
    const BackupCode &code = codes.emplace_back(TRY(BackupCode::make(number)));
    const std::string setting = TRY(new_setting());
    std::string hash = TRY(hash_of(code.text, setting));
    made.hashes.push_back({number, std::move(hash)});
  }
  const Secret lines = TRY(lines_of(codes));
  LastWord last{std::move(made)};
  last.files.push_back(TRY(to_memfd(lines)));
  return last;
}

namespace {

/// What was typed, if it can be a code. The time of a hash goes by in any case where it shall.
Result<BackupCode> typed_code(const Secret &text, bool always_hash) {
  Result<BackupCode> typed = BackupCode::parse(text);
  if (typed || !always_hash) return typed;
  const BackupCode other = TRY(BackupCode::make(1));  // what was typed may be longer than can be hashed
  const std::string setting = TRY(new_setting());
  TRY(hash_of(other.text, setting));
  return typed;
}

}  // namespace

Result<wire::Event> check_code(const wire::CheckCode &op, const Secrets &secrets) {
  if (secrets.size() != 1) return Error{ErrorKind::InvalidInput, "one backup code is tried at a time"};
  const BackupCode typed = TRY(typed_code(secrets.front(), op.always_hash));
  const auto stored = std::ranges::find(op.codes, typed.number, &CodeHash::number);
  // A number that is spent or was never there takes as long as a wrong code does.
  const bool there = stored != op.codes.end();
  const std::string setting = there ? stored->hash : TRY(new_setting());
  const std::string hash = TRY(hash_of(typed.text, setting));
  if (there && equal_in_constant_time(hash, stored->hash))
    return wire::Event(wire::CodeChecked{typed.number});
  return wire::Event(wire::CodeChecked{});
}

}  // namespace passkeyd
