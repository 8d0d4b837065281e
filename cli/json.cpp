/// Keys are those of the bus (docs/dbus.md), with '_' for '-'. What was not said is null, or an empty text.
#include "cli/json.h"

#include <algorithm>
#include <cstdio>

namespace passkeyd::cli {
namespace {

template <class T>
nlohmann::json or_null(const std::optional<T> &value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json or_null(const std::string &text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

const char *name_of(Ending ending) {
  switch (ending) {
    case Ending::Granted:
      return "granted";
    case Ending::Denied:
      return "denied";
    case Ending::Password:
    case Ending::Unavailable:
      break;
  }
  return "unavailable";
}

/// The keys of GetStatus that are stable.
constexpr const char *kStatusKeys[] = {"version",  "rp-id",           "config",
                                       "attempts", "metadata-number", "metadata-next-update"};

std::string underscored(std::string key) {
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

}  // namespace

nlohmann::json json_of(const CredentialRecord &record) {
  return {{"id", record.id},
          {"user", record.user},
          {"uid", or_null(record.uid)},
          {"name", record.name},
          {"way", record.way},
          {"ssh_key", or_null(record.ssh_key)},
          {"device", record.device},
          {"state", record.state},
          {"reason", record.reason},
          {"changed_by", or_null(record.changed_by)},
          {"changed", or_null(record.changed)},
          {"created", record.created},
          {"last_used", or_null(record.last_used)},
          {"user_verification", record.user_verification},
          {"sensor", record.sensor},
          {"discoverable", record.discoverable},
          {"synced", record.synced},
          {"aaguid", record.aaguid},
          {"attestation", record.attestation.empty() ? "unknown" : record.attestation},
          {"attested_by", record.attested_by},
          {"model", record.model},
          {"recalled", record.recalled}};
}

nlohmann::json json_of(const std::vector<CredentialRecord> &records) {
  nlohmann::json all = nlohmann::json::array();
  for (const CredentialRecord &record : records) all.push_back(json_of(record));
  return all;
}

nlohmann::json json_of_test(const Outcome &outcome) {
  return {{"verdict", name_of(outcome.ending)},
          {"message", or_null(outcome.details.message)},
          {"id", or_null(outcome.details.credential)}};
}

nlohmann::json json_of_enrollment(const Outcome &outcome) {
  return {{"id", or_null(outcome.details.credential)},
          {"name", or_null(outcome.details.name)},
          {"device", or_null(outcome.details.device)}};
}

nlohmann::json json_of(const StatusReport &report, const std::vector<CredentialRecord> &passkeys) {
  nlohmann::json all = {{"passkeys", json_of(passkeys)}};
  for (const char *key : kStatusKeys) {
    nlohmann::json &into = all[underscored(key)];
    if (const auto found = report.find(key); found != report.end())
      into = std::visit([](const auto &held) { return nlohmann::json(held); }, found->second);
  }
  return all;
}

void print_json(const nlohmann::json &value) {
  std::printf("%s\n", value.dump(2).c_str());
}

}  // namespace passkeyd::cli
