/// Requests to a ceremony process, written and read.
#include "daemon/ceremony/fields.h"
#include "daemon/ceremony/wire.h"

namespace passkeyd::wire {
namespace {

Json to_json(const LookUpAccount &op) {
  return {{"op", "account"}, {"user", op.user}};
}
Json to_json(const NameHost &) {
  return {{"op", "name-host"}};
}
Json to_json(const DescribeKey &op) {
  return {{"op", "describe"}, {"device", device_json(op.device)}};
}
Json to_json(const ProbeKey &op) {
  return {{"op", "probe"}, {"device", device_json(op.device)}, {"rp", op.rp_id}, {"ids", list_of(op.ids)}};
}
Json to_json(const AskTpm &op) {
  return {{"op", "ask-tpm"}, {"tcti", op.tcti}};
}

Json to_json(const Prove &op) {
  Json allowed = Json::array();
  for (const auto &entry : op.request.allowed)
    allowed.push_back(
        {{"id", blob(entry.id)}, {"platform", blob(entry.platform)}, {"max", entry.max_allow_list}});
  return {{"op", "prove"},
          {"way", name_of(op.way)},
          {"device", device_json(op.device)},
          {"rp", op.request.rp_id.str()},
          {"data", op.request.client_data},
          {"uv", name_of(op.request.user_verification)},
          {"allowed", std::move(allowed)},
          {"timeout", op.request.timeout.count()},
          {"min", op.request.min_pin_tries},
          {"tries-first", op.request.read_tries_first}};
}

Json to_json(const Enroll &op) {
  return {{"op", "enroll"},
          {"way", name_of(op.way)},
          {"device", device_json(op.device)},
          {"rp", op.request.rp_id.str()},
          {"data", op.request.client_data},
          {"uv", name_of(op.request.user_verification)},
          {"user", op.request.user_name},
          {"handle", blob(op.request.user_handle)},
          {"exclude", list_of(op.request.exclude)},
          {"discoverable", op.request.discoverable},
          {"timeout", op.request.timeout.count()},
          {"min", op.request.min_pin_tries}};
}

Json to_json(const Discover &op) {
  return {{"op", "discover"},       {"device", device_json(op.device)}, {"rp", op.rp_id},
          {"data", op.client_data}, {"timeout", op.timeout.count()},    {"min", op.min_pin_tries}};
}
Json to_json(const ChangePin &op) {
  return {{"op", "change-pin"}, {"tcti", op.tcti}, {"platform", blob(op.platform)}};
}
Json to_json(const Activate &op) {
  return {{"op", "activate"},
          {"tcti", op.tcti},
          {"kind", name_of(op.kind)},
          {"blob", blob(op.wrapped.blob)},
          {"seed", blob(op.wrapped.seed)}};
}
Json to_json(const ExamineTpm &op) {
  return {{"op", "examine-tpm"}, {"tcti", op.tcti}, {"platforms", list_of(op.platforms)}};
}
Json to_json(const MakeCodes &) {
  return {{"op", "make-codes"}};
}
Json to_json(const CheckCode &op) {
  return {{"op", "check-code"}, {"codes", codes_json(op.codes)}, {"always-hash", op.always_hash}};
}

Json to_json(const ReadMetadata &op) {
  return {{"op", "read-metadata"}, {"roots", list_of(op.roots)}, {"now", op.now.time_since_epoch().count()}};
}

Json to_json(const ListAgentKeys &op) {
  return {{"op", "list-agent"}, {"hashes", list_of(op.hashes)}, {"timeout", op.timeout.count()}};
}
Json to_json(const SignByAgent &op) {
  return {
      {"op", "sign-agent"}, {"key", blob(op.key)}, {"text", blob(op.text)}, {"timeout", op.timeout.count()}};
}

std::chrono::milliseconds timeout(const Json &map) {
  constexpr std::int64_t kMaxTimeout = 600'000;  // milliseconds
  return std::chrono::milliseconds(number(map, "timeout", 1, kMaxTimeout));
}

int min_tries(const Json &map) {
  return static_cast<int>(number(map, "min", 0, 255));
}

Prove prove_from(const Json &map) {
  Prove op{named(way_of(text(map, "way")), "way"), device(map), {unwrap(RpId::parse(text(map, "rp")))}};
  op.request.client_data = text(map, "data");
  op.request.user_verification = named(user_verification_of(text(map, "uv")), "uv");
  for (const Json &entry : list(map, "allowed", kMaxList))
    op.request.allowed.push_back({bytes(entry, "id"), bytes(entry, "platform"),
                                  static_cast<std::uint32_t>(number(entry, "max", 0, UINT32_MAX))});
  op.request.timeout = timeout(map);
  op.request.min_pin_tries = min_tries(map);
  op.request.read_tries_first = flag(map, "tries-first");
  return op;
}

Enroll enroll_from(const Json &map) {
  Enroll op{named(way_of(text(map, "way")), "way"), device(map), {unwrap(RpId::parse(text(map, "rp")))}};
  op.request.client_data = text(map, "data");
  op.request.user_verification = named(user_verification_of(text(map, "uv")), "uv");
  op.request.user_name = text(map, "user");
  op.request.user_handle = handle(map, "handle");
  op.request.exclude = bytes_list(map, "exclude");
  op.request.discoverable = flag(map, "discoverable");
  op.request.timeout = timeout(map);
  op.request.min_pin_tries = min_tries(map);
  return op;
}

Activate activate_from(const Json &map) {
  return {text(map, "tcti"),
          named(endorsement_kind_of(text(map, "kind")), "kind"),
          {bytes(map, "blob"), bytes(map, "seed")}};
}

ExamineTpm examine_from(const Json &map) {
  list(map, "platforms", kMaxPlatforms);
  return {text(map, "tcti"), bytes_list(map, "platforms")};
}

Request request_from(const Json &map) {
  const std::string op = text(map, "op");
  if (op == "account") return LookUpAccount{text(map, "user")};
  if (op == "name-host") return NameHost{};
  if (op == "describe") return DescribeKey{device(map)};
  if (op == "probe") return ProbeKey{device(map), text(map, "rp"), bytes_list(map, "ids")};
  if (op == "ask-tpm") return AskTpm{text(map, "tcti")};
  if (op == "prove") return prove_from(map);
  if (op == "enroll") return enroll_from(map);
  if (op == "discover")
    return Discover{device(map), text(map, "rp"), text(map, "data"), timeout(map), min_tries(map)};
  if (op == "change-pin") return ChangePin{text(map, "tcti"), bytes(map, "platform")};
  if (op == "activate") return activate_from(map);
  if (op == "examine-tpm") return examine_from(map);
  if (op == "make-codes") return MakeCodes{};
  if (op == "check-code") return CheckCode{codes(map), flag(map, "always-hash")};
  if (op == "read-metadata")
    return ReadMetadata{bytes_list(map, "roots"),
                        WallTime(std::chrono::seconds(number(map, "now", 0, INT64_MAX)))};
  if (op == "list-agent") return ListAgentKeys{bytes_list(map, "hashes"), timeout(map)};
  if (op == "sign-agent") return SignByAgent{bytes(map, "key"), bytes(map, "text"), timeout(map)};
  throw Bad{"unknown operation"};
}

}  // namespace

Bytes encode(const Request &request) {
  return std::visit([](const auto &op) { return encoded(to_json(op)); }, request);
}

Result<Request> decode_request(ByteView message) {
  return decoded<Request>(message, request_from);
}

}  // namespace passkeyd::wire
