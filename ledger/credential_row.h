/// Credentials as rows: which columns, in what order, and what a sane row looks like. The same rule judges
/// what is to be stored and what is read back, for a file can be damaged or edited.
#pragma once

#include <optional>
#include <string>

#include "ledger/sqlite.h"
#include "webauthn/credential.h"

namespace passkeyd {
struct StateChange;
}

namespace passkeyd::credential_row {

inline constexpr std::size_t kMaxId = 1023;  ///< WebAuthn 6.5.1
inline constexpr std::size_t kMaxPublicKey = 1024;
inline constexpr std::size_t kMaxName = 64;
inline constexpr std::size_t kMaxDevice = 512;
inline constexpr std::size_t kMaxPlatform = 8192;
inline constexpr std::size_t kMaxUserHandle = 64;  ///< WebAuthn 5.4.3
inline constexpr std::size_t kMaxAttestedBy = 255;
inline constexpr std::size_t kMaxCertificates = 16 * 1024;

/// What read() expects to be selected: "SELECT <kColumns> FROM credential".
extern const char *const kColumns;
inline constexpr int kIdColumn = 1;      ///< where the credential's id is among them
inline constexpr int kColumnCount = 26;  ///< how many they are

/// The credential of the current row. Error: Corrupt, with what is wrong (never the content).
Result<Credential> read(const sql::Statement &row);

/// Stores `credential` as it is, under a number of its own, inside the caller's transaction. Gives the
/// number.
Result<std::int64_t> insert(sql::Database &database, const Credential &credential, const StateChange &change);

/// What is wrong with its sizes and texts; nullopt: nothing.
std::optional<std::string> problem_with(const Credential &credential);

/// What is wrong with a passkey's name (printable, 1 to kMaxName bytes); nullopt: nothing.
std::optional<std::string> problem_with_name(std::string_view name);

}  // namespace passkeyd::credential_row
