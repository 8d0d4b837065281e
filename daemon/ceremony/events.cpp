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
Json to_json(const Enrolled &enrolled) {
  const Registration &made = enrolled.registration;
  return {{"event", "enrolled"},
          {"format", made.format},
          {"auth", blob(made.authenticator_data)},
          {"attestation", blob(made.attestation)},
          {"data", made.client_data},
          {"device", made.device},
          {"max", made.max_allow_list},
          {"platform", blob(made.platform)}};
}

Json to_json(const Discovered &discovered) {
  Json all = Json::array();
  for (const Assertion &one : discovered.assertions) all.push_back(assertion_json(one));
  return {{"event", "discovered"}, {"assertions", std::move(all)}};
}
Json to_json(const PinChanged &changed) {
  return {{"event", "pin-changed"}, {"platform", blob(changed.platform)}};
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
  if (event == "described") return KeyDescribed{flag(map, "pin"), flag(map, "uv")};
  if (event == "probed") return KeyProbed{flag(map, "holds")};
  if (event == "tpm-ready") return TpmHasRoom{};
  if (event == "holds-none") return Proved{};
  if (event == "proved") return Proved{assertion_from(map)};
  if (event == "enrolled")
    return Enrolled{Registration{text(map, "format"), bytes(map, "auth"), bytes(map, "attestation"),
                                 text(map, "data"), shown(map, "device"),
                                 static_cast<std::uint32_t>(number(map, "max", 0, UINT32_MAX)),
                                 bytes(map, "platform")}};
  if (event == "discovered") return discovered_from(map);
  if (event == "pin-changed") return PinChanged{bytes(map, "platform")};
  if (event == "codes-made") return CodesMade{codes(map)};
  if (event == "code-unknown") return CodeChecked{};
  if (event == "code-known")
    return CodeChecked{static_cast<int>(number(map, "number", 1, BackupCode::kCount))};
  if (event == "metadata-read") return MetadataRead{};
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
