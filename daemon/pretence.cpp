/// Making ids up: HMAC-SHA256 of the name, stretched to a key's lengths.
#include "daemon/pretence.h"

#include <openssl/hmac.h>

#include <array>

#include "common/random.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

constexpr std::string_view kSetting = "pretence-secret";
constexpr std::size_t kSecretBytes = 32;

/// Security keys that wrap what they know into the id have 64 bytes mostly, some of them 48; of those that
/// keep it, ids are shorter.
constexpr std::array<std::size_t, 4> kLengths = {64, 64, 48, 32};
/// One name in so many has two passkeys.
constexpr unsigned kOneInSo = 3;
/// And one in so many has them without verification.
constexpr unsigned kOneInSoIsNotVerified = 4;

/// 32 bytes that depend on all of the arguments.
Result<Sha256> drawn(const Secret &secret, const UserName &user, std::uint8_t which) {
  Bytes what = {which};
  const ByteView name = bytes_of(user.str());
  what.insert(what.end(), name.begin(), name.end());
  Sha256 made{};
  if (HMAC(EVP_sha256(), secret.bytes().data(), static_cast<int>(secret.size()), what.data(), what.size(),
           made.data(), nullptr) == nullptr)
    return Error{ErrorKind::Internal, "HMAC"};
  return made;
}

/// `size` is at most that of two draws.
Result<Bytes> id_of(const Secret &secret, const UserName &user, std::uint8_t first, std::size_t size) {
  Bytes id;
  for (std::uint8_t part = 0; id.size() < size; ++part) {
    const Sha256 piece = TRY(drawn(secret, user, static_cast<std::uint8_t>(first + part)));
    id.insert(id.end(), piece.begin(), piece.end());
  }
  id.resize(size);
  return id;
}

}  // namespace

Result<Secret> pretence_secret(Ledger &ledger) {
  std::optional<std::string> kept = TRY(ledger.setting(kSetting));
  if (!kept) {
    kept = to_base64url(TRY(random_bytes(kSecretBytes)));
    TRY(ledger.set_setting(kSetting, *kept));
  }
  return Secret::parse(*kept);
}

Result<MadeUp> make_up(const Secret &secret, const UserName &user) {
  constexpr std::uint8_t kPerId = 16;  // numbers of draws, more than an id takes
  const Sha256 lot = TRY(drawn(secret, user, 0));
  const std::size_t count = lot[0] % kOneInSo == 0 ? 2 : 1;
  MadeUp made;
  made.enrolled_with_verification = lot[3] % kOneInSoIsNotVerified != 0;
  for (std::size_t at = 0; at < count; ++at)
    made.ids.push_back(TRY(id_of(secret, user, static_cast<std::uint8_t>((at + 1) * kPerId),
                                 kLengths[lot[at + 1] % kLengths.size()])));
  return made;
}

}  // namespace passkeyd
