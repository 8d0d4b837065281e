/// authenticatorMakeCredential (CTAP 2.1, section 6.1), with credProtect and hmac-secret.
#include <algorithm>

#include "tests/softkey/authenticator.h"

namespace passkeyd::softkey {

struct Authenticator::Wanted {
  Bytes client_data_hash;
  Resident resident;  ///< filled in whether or not it is to be stored
  Algorithm algorithm = Algorithm::Es256;
  std::vector<Bytes> exclude;
  bool store = false;
  std::optional<Protection> protection;
  bool hmac_secret = false;
  Faults faults;
};

namespace {

Algorithm choose_algorithm(const Model &model, const Cbor::Array &offered) {
  for (const Cbor &row : offered) {
    const int number = member::need_number(row, "alg");
    if (member::need_text(row, "type") != "public-key") continue;
    for (const Algorithm ours : model.algorithms)
      if (static_cast<int>(ours) == number) return ours;
  }
  throw Refused{Ctap::UnsupportedAlgorithm};
}

std::string text_or_nothing(const Cbor &map, const char *key) {
  const std::string *text = member::find_text(map, key);
  return text ? *text : std::string();
}

/// Attested credential data: AAGUID, id with its length, public key.
Bytes attested_data(Bytes out, const Bytes &id, const Cbor &public_key) {
  out.push_back(static_cast<std::uint8_t>(id.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(id.size()));
  out.insert(out.end(), id.begin(), id.end());
  const Bytes key = public_key.encode();
  out.insert(out.end(), key.begin(), key.end());
  return out;
}

}  // namespace

Outcome Authenticator::make_credential(const Request &request) {
  const Cbor &map = request.parameters;
  const Cbor &rp = member::need_map(map, 2), &user = member::need_map(map, 3);
  Wanted wanted;
  wanted.client_data_hash = member::need_bytes(map, 1);
  wanted.resident = {{},
                     member::need_text(rp, "id"),
                     text_or_nothing(rp, "name"),
                     member::need_bytes(user, "id"),
                     text_or_nothing(user, "name"),
                     text_or_nothing(user, "displayName")};
  wanted.faults = request.faults;
  refuse_if(wanted.client_data_hash.size() != 32, Ctap::InvalidLength);
  refuse_if(wanted.resident.user_id.empty() || wanted.resident.user_id.size() > 64, Ctap::InvalidLength);
  wanted.algorithm = choose_algorithm(model_, member::need_array(map, 4));
  if (const Cbor::Array *list = member::find_array(map, 5)) {
    refuse_if(list->size() > static_cast<std::size_t>(knobs_.settings.max_list), Ctap::LimitExceeded);
    for (const Cbor &row : *list) wanted.exclude.push_back(member::need_bytes(row, "id"));
  }
  if (const Cbor *extensions = member::find_map(map, 6)) {
    if (const auto level = member::find_number(*extensions, "credProtect")) {
      refuse_if(*level < 1 || *level > 3, Ctap::InvalidOption);
      wanted.protection = static_cast<Protection>(*level);
    }
    const Cbor *hmac = member::find(*extensions, "hmac-secret");
    wanted.hmac_secret = hmac && hmac->boolean() && *hmac->boolean();
  }
  wanted.store = member::option(map, 7, "rk").value_or(false);
  refuse_if(member::option(map, 7, "up") == false, Ctap::InvalidOption);

  return after_verification(
      request, 8, wanted.client_data_hash, kMakeCredential, wanted.resident.rp_id,
      [this, wanted](bool verified) {
        const bool protectable = has_pin() || model_.sensor;
        refuse_if(!verified && (model_.always_uv || (protectable && wanted.store)), Ctap::PuatRequired);
        return after_touch([this, wanted, verified](Moment) { return create(wanted, verified); });
      });
}

Outcome Authenticator::create(const Wanted &wanted, bool user_verified) {
  State &state = storage_.state;
  token_.spend();
  for (const Bytes &id : wanted.exclude) {
    const auto known = open_credential_id(state, id, wanted.resident.rp_id);
    const bool hidden = known && known->protection == Protection::Required && !user_verified;
    refuse_if(known && !hidden, Ctap::CredentialExcluded);
  }

  const Credential credential{wanted.algorithm, wanted.protection.value_or(Protection::Optional),
                              wanted.store, new_private_key(wanted.algorithm)};
  Resident resident = wanted.resident;
  resident.id = make_credential_id(state, credential, resident.rp_id);
  if (wanted.store) {
    std::erase_if(state.residents, [&](const Resident &old) {
      return old.rp_id == resident.rp_id && old.user_id == resident.user_id;
    });
    refuse_if(state.residents.size() >= static_cast<std::size_t>(knobs_.settings.max_resident),
              Ctap::KeyStoreFull);
    state.residents.push_back(resident);
  }

  Cbor::Map extensions;
  if (wanted.protection) extensions.emplace_back("credProtect", static_cast<int>(*wanted.protection));
  if (wanted.hmac_secret) extensions.emplace_back("hmac-secret", true);
  const Bytes attested =
      attested_data(aaguid(), resident.id, public_key(credential.algorithm, credential.private_key));
  const auto flags = static_cast<std::uint8_t>(flag::kUp | (user_verified ? flag::kUv : 0));
  const Bytes data =
      authenticator_data(wanted.faults, resident.rp_id, flags, attested, std::move(extensions));

  const Made made{credential.algorithm,    credential.private_key,           data,
                  wanted.client_data_hash, sha256(bytes_of(resident.rp_id)), resident.id};
  auto [format, attestation] = statement(knobs_.attesting, made, wanted.faults.bad_signature != 0);
  return {Cbor::Map{{1, std::move(format)}, {2, data}, {3, std::move(attestation)}}};
}

}  // namespace passkeyd::softkey
