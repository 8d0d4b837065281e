/// Client data, checked member by member.
#include "webauthn/client_data.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

using Json = nlohmann::json;

/// The object in `text`; a discarded value if it is none, or names a member twice: two readers could then
/// see two different messages in one signed text.
Json parse_object(std::string_view text) {
  std::set<std::string> seen;
  bool twice = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::key && depth == 1)
      if (!seen.insert(parsed.get<std::string>()).second) twice = true;
    return true;
  };
  Json object = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (twice || !object.is_object()) return Json(Json::value_t::discarded);
  return object;
}

/// The text under `name`; nullptr if there is none.
const std::string *text_at(const Json &object, const char *name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string *>();
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

/// A passkey for this machine's login is never used from inside another page.
bool is_cross_origin(const Json &object) {
  const auto cross = object.find("crossOrigin");
  const bool own = cross == object.end() || *cross == false;
  return !own || object.contains("topOrigin");
}

}  // namespace

Refusal check_client_data(std::string_view client_data, const Challenge &challenge, Ceremony ceremony,
                          BootTime now) {
  if (client_data.empty() || client_data.size() > kMaxClientData) return Refusal::Malformed;
  if (challenge.ceremony() != ceremony) return Refusal::ClientData;
  if (now < challenge.made_at() || now >= challenge.expires_at()) return Refusal::ChallengeExpired;

  if (challenge.statement())
    return equal_in_constant_time(client_data, *challenge.statement()) ? Refusal::None
                                                                       : Refusal::ChallengeWrong;

  // nlohmann::json takes a zero byte for the end of its input and would not see what follows.
  if (client_data.find('\0') != std::string_view::npos) return Refusal::Malformed;
  const Json object = parse_object(client_data);
  if (object.is_discarded()) return Refusal::Malformed;
  const std::string *type = text_at(object, "type");
  const std::string *random = text_at(object, "challenge");
  const std::string *origin = text_at(object, "origin");
  if (type == nullptr || random == nullptr || origin == nullptr) return Refusal::Malformed;

  if (*type != (ceremony == Ceremony::Create ? "webauthn.create" : "webauthn.get"))
    return Refusal::ClientData;
  if (!equal_in_constant_time(*random, to_base64url(challenge.random()))) return Refusal::ChallengeWrong;
  if (std::ranges::find(challenge.origins(), *origin) == challenge.origins().end())
    return Refusal::OriginWrong;
  if (is_cross_origin(object)) return Refusal::ClientData;
  return Refusal::None;
}

}  // namespace passkeyd
