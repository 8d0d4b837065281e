/// Events of a ceremony process, written and read. Hostile until read: the process talks to devices.
#include "daemon/ceremony/fields.h"
#include "daemon/ceremony/wire.h"

namespace passkeyd::wire {
namespace {

Json to_json(const Error &error) {
  Json map = {{"event", "failed"}, {"kind", name_of(error.kind)}, {"sentence", error.sentence}};
  if (error.tries_left) map["tries"] = *error.tries_left;
  return map;
}
Json to_json(const TouchCue &) {
  return {{"event", "touch"}};
}
Json to_json(const VerifyCue &) {
  return {{"event", "verify"}};
}
Json to_json(const AccountFound &found) {
  return {{"event", "account"}, {"uid", found.uid}, {"name", found.name}};
}
Json to_json(const HostNamed &host) {
  return {{"event", "host-named"}, {"name", host.name}};
}
Json to_json(const KeyDescribed &key) {
  return {{"event", "described"}, {"pin", key.has_pin}, {"uv", key.has_uv}};
}
Json to_json(const KeyProbed &key) {
  return {{"event", "probed"}, {"holds", key.holds}};
}
Json to_json(const TpmHasRoom &) {
  return {{"event", "tpm-ready"}};
}
Json assertion_json(const Assertion &assertion) {
  return {{"id", blob(assertion.credential_id)},
          {"auth", blob(assertion.authenticator_data)},
          {"signature", blob(assertion.signature)},
          {"data", assertion.client_data},
          {"handle", blob(assertion.user_handle)}};
}
Json to_json(const Proved &proved) {
  if (!proved.assertion) return {{"event", "holds-none"}};
  Json map = assertion_json(*proved.assertion);
  map["event"] = "proved";
  return map;
}
Json proof_json(const PlatformProof &proof) {
  return {{"key", blob(proof.key)},
          {"witness", blob(proof.witness)},
          {"statement", blob(proof.statement)},
          {"signature", blob(proof.signature)},
          {"kind", name_of(proof.endorsement)},
          {"certificate", blob(proof.certificate)},
          {"point", blob(proof.point)},
          {"problem", proof.problem}};
}
Json to_json(const Enrolled &enrolled) {
  const Registration &made = enrolled.registration;
  Json map = {{"event", "enrolled"},
              {"format", made.format},
              {"auth", blob(made.authenticator_data)},
              {"attestation", blob(made.attestation)},
              {"data", made.client_data},
              {"device", made.device},
              {"max", made.max_allow_list},
              {"platform", blob(made.platform)}};
  map["proof"] = Json::array();  // none, or one
  if (made.proof) map["proof"].push_back(proof_json(*made.proof));
  return map;
}

Json to_json(const Discovered &discovered) {
  Json all = Json::array();
  for (const Assertion &one : discovered.assertions) all.push_back(assertion_json(one));
  return {{"event", "discovered"}, {"assertions", std::move(all)}};
}
Json to_json(const PinChanged &changed) {
  return {{"event", "pin-changed"}, {"platform", blob(changed.platform)}};
}
Json to_json(const Activated &activated) {
  return {{"event", "activated"}, {"secret", blob(activated.secret)}};
}
Json to_json(const TpmExamined &tpm) {
  return {{"event", "tpm-examined"},
          {"maker", tpm.maker},
          {"vendor", tpm.vendor},
          {"firmware", tpm.firmware},
          {"software", tpm.software},
          {"owner-auth", tpm.owner_auth_set},
          {"endorsement-auth", tpm.endorsement_auth_set},
          {"lockout-auth", tpm.lockout_auth_set},
          {"in-lockout", tpm.in_lockout},
          {"counter", tpm.counter},
          {"max", tpm.max_tries},
          {"interval", tpm.interval},
          {"recovery", tpm.recovery},
          {"root-key", tpm.root_key},
          {"loads", tpm.loads},
          {"parent-changed", tpm.parent_changed},
          {"foreign", tpm.foreign},
          {"broken", tpm.broken}};
}
Json to_json(const CodesMade &made) {
  return {{"event", "codes-made"}, {"codes", codes_json(made.hashes)}};
}
Json to_json(const CodeChecked &checked) {
  if (!checked.number) return {{"event", "code-unknown"}};
  return {{"event", "code-known"}, {"number", *checked.number}};
}
Json to_json(const MetadataRead &) {
  return {{"event", "metadata-read"}};
}

Json to_json(const AgentKeysListed &listed) {
  return {{"event", "agent-keys"}, {"hashes", list_of(listed.hashes)}};
}
Json to_json(const AgentSigned &made) {
  return {{"event", "agent-signed"}, {"signature", blob(made.signature)}};
}

Assertion assertion_from(const Json &map) {
  return {bytes(map, "id"), bytes(map, "auth"), bytes(map, "signature"), text(map, "data"),
          handle(map, "handle")};
}

Discovered discovered_from(const Json &map) {
  Discovered found;
  for (const Json &one : list(map, "assertions", kMaxDiscovered))
    found.assertions.push_back(assertion_from(one));
  return found;
}

PlatformProof proof_from(const Json &map) {
  PlatformProof proof;
  proof.key = bytes(map, "key");
  proof.witness = bytes(map, "witness");
  proof.statement = bytes(map, "statement");
  proof.signature = bytes(map, "signature");
  proof.endorsement = named(endorsement_kind_of(text(map, "kind")), "kind");
  proof.certificate = bytes(map, "certificate");
  proof.point = bytes(map, "point");
  proof.problem = shown(map, "problem");
  return proof;
}

Enrolled enrolled_from(const Json &map) {
  Registration made;
  made.format = text(map, "format");
  made.authenticator_data = bytes(map, "auth");
  made.attestation = bytes(map, "attestation");
  made.client_data = text(map, "data");
  made.device = shown(map, "device");
  made.max_allow_list = static_cast<std::uint32_t>(number(map, "max", 0, UINT32_MAX));
  made.platform = bytes(map, "platform");
  for (const Json &proof : list(map, "proof", 1)) made.proof = proof_from(proof);
  return {std::move(made)};
}

TpmExamined examined_from(const Json &map) {
  const auto count = [&](const char *key) {
    return static_cast<std::uint32_t>(number(map, key, 0, UINT32_MAX));
  };
  TpmExamined tpm;
  tpm.maker = shown(map, "maker");
  tpm.vendor = shown(map, "vendor");
  tpm.firmware = shown(map, "firmware");
  tpm.software = flag(map, "software");
  tpm.owner_auth_set = flag(map, "owner-auth");
  tpm.endorsement_auth_set = flag(map, "endorsement-auth");
  tpm.lockout_auth_set = flag(map, "lockout-auth");
  tpm.in_lockout = flag(map, "in-lockout");
  tpm.counter = count("counter");
  tpm.max_tries = count("max");
  tpm.interval = count("interval");
  tpm.recovery = count("recovery");
  tpm.root_key = shown(map, "root-key");
  tpm.loads = count("loads");
  tpm.parent_changed = count("parent-changed");
  tpm.foreign = count("foreign");
  tpm.broken = count("broken");
  return tpm;
}

Error failure_from(const Json &map) {
  Error error{error_kind_of(text(map, "kind")).value_or(ErrorKind::Internal), shown(map, "sentence")};
  if (map.contains("tries")) error.tries_left = static_cast<int>(number(map, "tries", 0, 255));
  return error;
}

Event event_from(const Json &map) {
  const std::string event = text(map, "event");
  if (event == "failed") return failure_from(map);
  if (event == "touch") return TouchCue{};
  if (event == "verify") return VerifyCue{};
  if (event == "account")
    return AccountFound{static_cast<uid_t>(number(map, "uid", 0, UINT32_MAX - 1)), text(map, "name")};
  if (event == "host-named") return HostNamed{unwrap(RpId::parse(text(map, "name"))).str()};
  if (event == "described") return KeyDescribed{flag(map, "pin"), flag(map, "uv")};
  if (event == "probed") return KeyProbed{flag(map, "holds")};
  if (event == "tpm-ready") return TpmHasRoom{};
  if (event == "holds-none") return Proved{};
  if (event == "proved") return Proved{assertion_from(map)};
  if (event == "enrolled") return enrolled_from(map);
  if (event == "discovered") return discovered_from(map);
  if (event == "pin-changed") return PinChanged{bytes(map, "platform")};
  if (event == "activated") return Activated{bytes(map, "secret")};
  if (event == "tpm-examined") return examined_from(map);
  if (event == "codes-made") return CodesMade{codes(map)};
  if (event == "code-unknown") return CodeChecked{};
  if (event == "code-known")
    return CodeChecked{static_cast<int>(number(map, "number", 1, BackupCode::kCount))};
  if (event == "metadata-read") return MetadataRead{};
  if (event == "agent-keys") return AgentKeysListed{bytes_list(map, "hashes")};
  if (event == "agent-signed") return AgentSigned{bytes(map, "signature")};
  throw Bad{"unknown event"};
}

}  // namespace

Bytes encode(const Event &event) {
  return std::visit([](const auto &what) { return encoded(to_json(what)); }, event);
}

Result<Event> decode_event(ByteView message) {
  return decoded<Event>(message, event_from);
}

}  // namespace passkeyd::wire
