/// Challenge: what one ceremony asks an authenticator to sign. Fresh, bound to this relying party and one
/// user, and used up by the one verification it is meant for. Where nobody said who wants in, the user is
/// bound afterwards, once the key has named a credential and before anything is verified.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/account.h"
#include "common/bytes.h"
#include "common/clock.h"
#include "common/result.h"
#include "webauthn/hash.h"
#include "webauthn/rp_id.h"

namespace passkeyd {

enum class Ceremony { Create, Get };  ///< webauthn.create, webauthn.get

/// What the policy says of one ceremony. The order matters: a stricter policy is a larger value.
enum class UserVerification { Discouraged, Preferred, Required };

std::string_view name_of(UserVerification uv);
std::optional<UserVerification> user_verification_of(std::string_view name);

class Challenge {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::chrono::seconds kLifetime{300};

  /// A fresh challenge from the system's random source, good for kLifetime from `now` on.
  /// `user_verification`: Required makes the verifier insist on the UV flag; Preferred does so for
  /// credentials that were enrolled with it; for Discouraged a touch is enough, whatever the credential.
  /// Errors: Internal if the random source fails.
  static Result<Challenge> make(Ceremony ceremony, RpId rp_id, Account user,
                                UserVerification user_verification, BootTime now);

  /// The same from given bytes (published test vectors). `random`: 16 to 1024 bytes (at least 16:
  /// WebAuthn 13.4.3). Errors: InvalidInput.
  static Result<Challenge> from_bytes(ByteView random, Ceremony ceremony, RpId rp_id, Account user,
                                      UserVerification user_verification, BootTime now);

  /// As make(), for a login of which it is not known yet whose it will be. Nothing verifies against it until
  /// bind() has said.
  static Result<Challenge> make_for_anyone(RpId rp_id, UserVerification user_verification, BootTime now);

  /// What is signed where an authenticator does not take client data: whatever `statement` makes of fresh
  /// random bytes. The verifier wants it back byte for byte. Errors: Internal, also if what the statement
  /// makes is the same for other random bytes, for then it would not be fresh.
  using Statement = std::function<std::string(ByteView random)>;
  static Result<Challenge> make_stated(RpId rp_id, Account user, UserVerification user_verification,
                                       const Statement &statement, BootTime now);
  /// For a registration that was made before anybody asked for it here: what it was made over, fresh or not.
  static Result<Challenge> over(std::string text, RpId rp_id, Account user,
                                UserVerification user_verification, BootTime now);

  /// From now on the client data may name any of these origins, and no longer the relying party's own: who
  /// asks the authenticator for us is elsewhere and knows this machine by these names.
  void expect_origins(std::vector<std::string> origins) { origins_ = std::move(origins); }

  /// Says whose login it is. Once: a challenge that belongs to somebody already, even to the same account,
  /// is nobody's afterwards, and is refused by the verifier for good.
  Challenge bind(Account user) &&;

  Challenge(Challenge &&) = default;
  Challenge &operator=(Challenge &&) = default;
  Challenge(const Challenge &) = delete;  // single use: verify() takes it away
  Challenge &operator=(const Challenge &) = delete;

  [[nodiscard]] Ceremony ceremony() const { return ceremony_; }
  [[nodiscard]] const Bytes &random() const { return random_; }
  [[nodiscard]] const RpId &rp_id() const { return rp_id_; }
  /// nullopt: nobody's, see make_for_anyone().
  [[nodiscard]] const std::optional<Account> &user() const { return user_; }
  [[nodiscard]] UserVerification user_verification() const { return user_verification_; }
  [[nodiscard]] BootTime made_at() const { return made_at_; }
  [[nodiscard]] BootTime expires_at() const { return made_at_ + kLifetime; }

  /// Origins that the client data may name; never empty.
  [[nodiscard]] const std::vector<std::string> &origins() const { return origins_; }
  /// nullopt: client data is wanted, not a statement.
  [[nodiscard]] const std::optional<std::string> &statement() const { return statement_; }

  /// What is to be signed: the statement; or our client data (client_data_json) with the first origin.
  [[nodiscard]] std::string client_data() const;
  /// SHA-256 of client_data(): what the authenticator signs beside its own data.
  [[nodiscard]] Sha256 client_data_hash() const;

 private:
  Challenge(Bytes random, Ceremony ceremony, RpId rp_id, std::optional<Account> user, UserVerification uv,
            BootTime now);
  static Result<Challenge> fresh(Ceremony ceremony, RpId rp_id, std::optional<Account> user,
                                 UserVerification uv, BootTime now);

  Bytes random_;
  Ceremony ceremony_;
  RpId rp_id_;
  std::optional<Account> user_;
  bool was_bound_ = false;  ///< to whomever: there is no second time
  UserVerification user_verification_;
  BootTime made_at_;
  std::vector<std::string> origins_;
  std::optional<std::string> statement_;
};

/// Client data as JSON in the serialization of WebAuthn 5.8.1.1: type, challenge, origin, crossOrigin.
/// `origin`: holds nothing that JSON would escape.
std::string client_data_json(Ceremony ceremony, ByteView random, std::string_view origin);

/// What such client data says.
struct ClientDataParts {
  Ceremony ceremony;
  Bytes random;
  std::string origin;
};
/// nullopt for whatever client_data_json() would not have written byte for byte: so it can mean nothing else
/// to anybody. For who signs client data of somebody else's making; the verifier takes every serialization.
std::optional<ClientDataParts> read_client_data_json(std::string_view text);

}  // namespace passkeyd
