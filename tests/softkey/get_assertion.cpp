/// authenticatorGetAssertion and GetNextAssertion (CTAP 2.1, sections 6.2 and 6.3), with hmac-secret.
#include <algorithm>

#include "tests/softkey/authenticator.h"

namespace passkeyd::softkey {

struct Authenticator::Asked {
  std::string rp_id;
  Bytes client_data_hash;
  std::optional<std::vector<Bytes>> allowed;
  bool presence = true;
  Faults faults;
  struct Hmac {
    Bytes shared, salts;
    const PinProtocol *protocol;
  };
  std::optional<Hmac> hmac;
};

Outcome Authenticator::get_assertion(const Request &request) {
  const Cbor &map = request.parameters;
  Asked asked;
  asked.rp_id = member::need_text(map, 1);
  asked.client_data_hash = member::need_bytes(map, 2);
  asked.faults = request.faults;
  refuse_if(asked.client_data_hash.size() != 32, Ctap::InvalidLength);
  if (const Cbor::Array *list = member::find_array(map, 3)) {
    refuse_if(list->empty(), Ctap::InvalidParameter);
    refuse_if(list->size() > static_cast<std::size_t>(knobs_.settings.max_list), Ctap::LimitExceeded);
    asked.allowed.emplace();
    for (const Cbor &row : *list) asked.allowed->push_back(member::need_bytes(row, "id"));
  }
  refuse_if(member::option(map, 5, "rk").has_value(), Ctap::UnsupportedOption);
  asked.presence = member::option(map, 5, "up").value_or(true);

  const Cbor *extensions = member::find_map(map, 4);
  if (const Cbor *input = extensions ? member::find_map(*extensions, "hmac-secret") : nullptr) {
    refuse_if(!asked.presence, Ctap::UnsupportedOption);
    const PinProtocol &protocol = member::find(*input, 4) ? protocol_of(*input, 4) : one_;
    const auto shared = protocol.shared_secret(member::need_map(*input, 1));
    refuse_if(!shared, Ctap::InvalidParameter);
    const Bytes &sealed = member::need_bytes(*input, 2);
    refuse_if(!protocol.verify(*shared, sealed, member::need_bytes(*input, 3)), Ctap::PinAuthInvalid);
    const auto salts = protocol.decrypt(*shared, sealed);
    refuse_if(!salts || (salts->size() != 32 && salts->size() != 64), Ctap::InvalidLength);
    asked.hmac = Asked::Hmac{*shared, *salts, &protocol};
  }

  return after_verification(request, 6, asked.client_data_hash, kGetAssertion, asked.rp_id,
                            [this, asked](bool verified) {
                              refuse_if(!verified && model_.always_uv && asked.presence, Ctap::PuatRequired);
                              return assert_with_list(asked, verified);
                            });
}

Outcome Authenticator::assert_with_list(const Asked &asked, bool user_verified) {
  std::vector<Match> found;
  const auto consider = [&](const Bytes &id, const Resident *resident) {
    const auto credential = open_credential_id(storage_.state, id, asked.rp_id);
    if (!credential) return;
    const bool listed = asked.allowed.has_value();
    if (credential->protection == Protection::Required && !user_verified) return;
    if (credential->protection == Protection::OptionalWithList && !user_verified && !listed) return;
    found.push_back({id, *credential, resident});
  };
  const std::vector<Resident> &residents = storage_.state.residents;
  if (asked.allowed) {
    for (const Bytes &id : *asked.allowed) {
      const auto resident =
          std::find_if(residents.begin(), residents.end(), [&](const Resident &one) { return one.id == id; });
      consider(id, resident == residents.end() ? nullptr : &*resident);
      if (!found.empty()) break;  // with a list, one is enough and no more are announced
    }
  } else {
    for (auto one = residents.rbegin(); one != residents.rend(); ++one)  // newest first
      if (one->rp_id == asked.rp_id) consider(one->id, &*one);
  }
  refuse_if(found.empty(), Ctap::NoCredentials);

  auto go = [this, asked, found, user_verified](Moment) {
    if (asked.presence) token_.spend();
    const auto more = static_cast<std::size_t>(asked.faults.more_assertions);
    return first_of(asked, found, user_verified, found.size() + more);
  };
  return asked.presence ? after_touch(std::move(go)) : go({});
}

Outcome Authenticator::first_of(const Asked &asked, std::vector<Match> found, bool user_verified,
                                std::size_t announced) {
  Outcome out = assertion(asked, found.front(), user_verified, announced);
  if (found.size() > 1 || asked.faults.more_assertions == 0) found.erase(found.begin());
  if (!found.empty())
    next_assertion_ = [this, asked, found, user_verified] {
      return first_of(asked, found, user_verified, 1);
    };
  return out;
}

Outcome Authenticator::assertion(const Asked &asked, const Match &match, bool user_verified,
                                 std::size_t announced) {
  Cbor::Map extensions;
  if (asked.hmac) {
    const Bytes random = credential_random(storage_.state, match.id, user_verified);
    Bytes outputs;
    for (std::size_t at = 0; at < asked.hmac->salts.size(); at += 32) {
      const Bytes one = hmac_sha256(random, ByteView(asked.hmac->salts).subspan(at, 32));
      outputs.insert(outputs.end(), one.begin(), one.end());
    }
    extensions.emplace_back("hmac-secret", asked.hmac->protocol->encrypt(asked.hmac->shared, outputs));
  }
  const auto flags =
      static_cast<std::uint8_t>((asked.presence ? flag::kUp : 0) | (user_verified ? flag::kUv : 0));
  const Bytes data = authenticator_data(asked.faults, asked.rp_id, flags, {}, std::move(extensions));

  Bytes message = data;
  message.insert(message.end(), asked.client_data_hash.begin(), asked.client_data_hash.end());
  Bytes signature = sign(match.credential.algorithm, match.credential.private_key, message);
  if (asked.faults.bad_signature) signature.back() ^= 1;

  Bytes shown_id = match.id;
  if (asked.faults.wrong_credential) shown_id.back() ^= 1;
  Cbor::Map reply = {{2, data}, {3, signature}};
  const bool obvious = asked.allowed && asked.allowed->size() == 1;
  if (!(obvious && knobs_.settings.omit_credential))
    reply.emplace_back(1, Cbor::Map{{"id", shown_id}, {"type", "public-key"}});
  if (match.resident) {
    Bytes shown_user = match.resident->user_id;
    if (asked.faults.wrong_user_handle) shown_user.back() ^= 1;
    Cbor::Map user = {{"id", shown_user}};
    if (user_verified && !asked.allowed) {  // names only for people who proved who they are
      user.emplace_back("name", match.resident->user_name);
      user.emplace_back("displayName", match.resident->user_display_name);
    }
    reply.emplace_back(4, user);
  }
  if (announced > 1) reply.emplace_back(5, announced);
  return {std::move(reply)};
}

}  // namespace passkeyd::softkey
