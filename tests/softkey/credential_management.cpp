/// authenticatorCredentialManagement (CTAP 2.1, section 6.8): what resident credentials there are.
#include <algorithm>
#include <set>

#include "tests/softkey/authenticator.h"

namespace passkeyd::softkey {
namespace {

enum Subcommand {
  kGetMetadata = 1,
  kRpsBegin = 2,
  kRpsNext = 3,
  kCredentialsBegin = 4,
  kCredentialsNext = 5,
  kDelete = 6,
  kUpdateUser = 7,
};

Cbor user_of(const Resident &one) {
  return Cbor::Map{{"id", one.user_id}, {"name", one.user_name}, {"displayName", one.user_display_name}};
}

Cbor::Map listed_rp(const Resident &one) {
  return {{3, Cbor::Map{{"id", one.rp_id}, {"name", one.rp_name}}}, {4, sha256(bytes_of(one.rp_id))}};
}

Cbor::Map listed_credential(const State &state, const Resident &one) {
  const auto opened = open_credential_id(state, one.id, one.rp_id);
  refuse_if(!opened, Ctap::NoCredentials);
  return {{6, user_of(one)},
          {7, Cbor::Map{{"id", one.id}, {"type", "public-key"}}},
          {8, public_key(opened->algorithm, opened->private_key)},
          {10, static_cast<int>(opened->protection)}};
}

/// What the platform's MAC covers: the subcommand, then its parameters where it has any.
Bytes signed_part(const Cbor &map, int subcommand) {
  Bytes out = {static_cast<std::uint8_t>(subcommand)};
  if (const Cbor *parameters = member::find_map(map, 2)) {
    const Bytes encoded = parameters->encode();
    out.insert(out.end(), encoded.begin(), encoded.end());
  }
  return out;
}

}  // namespace

Outcome Authenticator::read_list(std::vector<Cbor::Map> rows) {
  Outcome out{rows.front()};
  rows.erase(rows.begin());
  if (!rows.empty()) next_listed_ = [this, rows] { return read_list(rows); };
  return out;
}

Outcome Authenticator::manage_credentials(const Request &request) {
  const Cbor &map = request.parameters;
  State &state = storage_.state;
  const int subcommand = member::need_number(map, 1);
  const auto next = std::exchange(next_listed_, nullptr);
  if (subcommand == kRpsNext || subcommand == kCredentialsNext) {
    refuse_if(!next, Ctap::NotAllowed);
    return next();
  }

  refuse_if(!member::find(map, 4), Ctap::PuatRequired);
  check_token(request, member::need_bytes(map, 4), 3, signed_part(map, subcommand), kManageCredentials, "");
  const auto parameter_id = [&]() -> const Bytes & {
    return member::need_bytes(member::need_map(member::need_map(map, 2), 2), "id");
  };
  const auto resident = [&](const Bytes &id) {
    const auto at = std::find_if(state.residents.begin(), state.residents.end(),
                                 [&](const Resident &one) { return one.id == id; });
    refuse_if(at == state.residents.end(), Ctap::NoCredentials);
    return at;
  };

  std::vector<Cbor::Map> rows;
  switch (subcommand) {
    case kGetMetadata: {
      const auto room = static_cast<std::size_t>(knobs_.settings.max_resident);
      return {Cbor::Map{{1, state.residents.size()}, {2, room - std::min(room, state.residents.size())}}};
    }
    case kRpsBegin: {
      std::set<std::string> seen;
      for (const Resident &one : state.residents)
        if (seen.insert(one.rp_id).second) rows.push_back(listed_rp(one));
      refuse_if(rows.empty(), Ctap::NoCredentials);
      rows.front().emplace_back(5, rows.size());
      return read_list(std::move(rows));
    }
    case kCredentialsBegin: {
      const Bytes &hash = member::need_bytes(member::need_map(map, 2), 1);
      for (const Resident &one : state.residents)
        if (sha256(bytes_of(one.rp_id)) == hash) rows.push_back(listed_credential(state, one));
      refuse_if(rows.empty(), Ctap::NoCredentials);
      rows.front().emplace_back(9, rows.size());
      return read_list(std::move(rows));
    }
    case kDelete:
      state.residents.erase(resident(parameter_id()));
      storage_.save();
      return {};
    case kUpdateUser: {
      const auto one = resident(parameter_id());
      const Cbor &user = member::need_map(member::need_map(map, 2), 3);
      refuse_if(member::need_bytes(user, "id") != one->user_id, Ctap::InvalidParameter);
      const std::string *name = member::find_text(user, "name");
      const std::string *display_name = member::find_text(user, "displayName");
      one->user_name = name ? *name : std::string();
      one->user_display_name = display_name ? *display_name : std::string();
      storage_.save();
      return {};
    }
    default:
      throw Refused{Ctap::InvalidParameter};
  }
}

}  // namespace passkeyd::softkey
