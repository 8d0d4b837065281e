/// Fresh challenges, and the client data that carries them.
#include "webauthn/challenge.h"

#include <array>
#include <utility>

#include "common/random.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMinRandom = 16;
constexpr std::size_t kMaxRandom = 1024;
constexpr std::string_view kCreate = "webauthn.create", kGet = "webauthn.get";

struct Name {
  UserVerification uv;
  std::string_view name;
};

constexpr std::array kNames = {
    Name{UserVerification::Discouraged, "discouraged"},
    Name{UserVerification::Preferred, "preferred"},
    Name{UserVerification::Required, "required"},
};

}  // namespace

std::string_view name_of(UserVerification uv) {
  for (const Name &row : kNames)
    if (row.uv == uv) return row.name;
  return "required";
}

std::optional<UserVerification> user_verification_of(std::string_view name) {
  for (const Name &row : kNames)
    if (row.name == name) return row.uv;
  return std::nullopt;
}

Challenge::Challenge(Bytes random, Ceremony ceremony, RpId rp_id, std::optional<Account> user,
                     UserVerification uv, BootTime now)
    : random_(std::move(random)),
      ceremony_(ceremony),
      rp_id_(std::move(rp_id)),
      user_(std::move(user)),
      was_bound_(user_.has_value()),
      user_verification_(uv),
      made_at_(now),
      origins_{rp_id_.origin()} {}

Result<Challenge> Challenge::fresh(Ceremony ceremony, RpId rp_id, std::optional<Account> user,
                                   UserVerification uv, BootTime now) {
  Bytes random = TRY(random_bytes(kBytes));
  return Challenge(std::move(random), ceremony, std::move(rp_id), std::move(user), uv, now);
}

Result<Challenge> Challenge::make(Ceremony ceremony, RpId rp_id, Account user,
                                  UserVerification user_verification, BootTime now) {
  return fresh(ceremony, std::move(rp_id), std::move(user), user_verification, now);
}

Result<Challenge> Challenge::make_for_anyone(RpId rp_id, UserVerification user_verification, BootTime now) {
  return fresh(Ceremony::Get, std::move(rp_id), std::nullopt, user_verification, now);
}

Challenge Challenge::bind(Account user) && {
  Challenge bound = std::move(*this);
  if (std::exchange(bound.was_bound_, true))
    bound.user_.reset();
  else
    bound.user_ = std::move(user);
  return bound;
}

Result<Challenge> Challenge::from_bytes(ByteView random, Ceremony ceremony, RpId rp_id, Account user,
                                        UserVerification user_verification, BootTime now) {
  if (random.size() < kMinRandom || random.size() > kMaxRandom)
    return Error{ErrorKind::InvalidInput, "a challenge must have 16 to 1024 bytes"};
  return Challenge(copy_of(random), ceremony, std::move(rp_id), std::move(user), user_verification, now);
}

Result<Challenge> Challenge::make_stated(RpId rp_id, Account user, UserVerification user_verification,
                                         const Statement &statement, BootTime now) {
  Challenge made = TRY(fresh(Ceremony::Get, std::move(rp_id), std::move(user), user_verification, now));
  const Challenge other = TRY(fresh(Ceremony::Get, made.rp_id_, std::nullopt, user_verification, now));
  made.statement_ = statement(made.random_);
  if (*made.statement_ == statement(other.random_))
    return Error{ErrorKind::Internal, "a statement that does not depend on its challenge"};
  return made;
}

Result<Challenge> Challenge::over(std::string text, RpId rp_id, Account user,
                                  UserVerification user_verification, BootTime now) {
  Challenge made = TRY(fresh(Ceremony::Create, std::move(rp_id), std::move(user), user_verification, now));
  made.statement_ = std::move(text);
  return made;
}

std::string Challenge::client_data() const {
  return statement_ ? *statement_ : client_data_json(ceremony_, random_, origins_.front());
}

Sha256 Challenge::client_data_hash() const {
  return sha256(bytes_of(client_data()));
}

std::string client_data_json(Ceremony ceremony, ByteView random, std::string_view origin) {
  const std::string_view type = ceremony == Ceremony::Create ? kCreate : kGet;
  std::string json = R"({"type":")";
  json.append(type).append(R"(","challenge":")").append(to_base64url(random));
  json.append(R"(","origin":")").append(origin).append(R"(","crossOrigin":false})");
  return json;
}

std::optional<ClientDataParts> read_client_data_json(std::string_view text) {
  std::string_view rest = text;
  /// What stands behind `before`, up to the next quotation mark.
  const auto take = [&](std::string_view before) -> std::optional<std::string_view> {
    const std::size_t end = rest.starts_with(before) ? rest.find('"', before.size()) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view taken = rest.substr(before.size(), end - before.size());
    rest.remove_prefix(end);
    return taken;
  };
  const auto type = take(R"({"type":")");
  const auto challenge = type ? take(R"(","challenge":")") : std::nullopt;
  const auto origin = challenge ? take(R"(","origin":")") : std::nullopt;
  std::optional<Bytes> random = origin ? from_base64url(*challenge) : std::nullopt;
  if (!random || random->size() < kMinRandom || random->size() > kMaxRandom) return std::nullopt;
  const Ceremony ceremony = *type == kCreate ? Ceremony::Create : Ceremony::Get;
  ClientDataParts parts{ceremony, *std::move(random), std::string(*origin)};
  if (client_data_json(parts.ceremony, parts.random, parts.origin) != text) return std::nullopt;
  return parts;
}

}  // namespace passkeyd
