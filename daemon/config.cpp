/// The configuration: settings in, a checked value out, and back again for whoever asks what is in force.
#include "daemon/config.h"

#include <algorithm>
#include <filesystem>

#include "common/account.h"
#include "daemon/config_files.h"
#include "daemon/config_keys.h"
#include "daemon/roots.h"

namespace passkeyd {
namespace {

constexpr std::string_view kService = "service ";

/// A PAM service's name as PAM will have it: it lowers what its callers say, so another spelling would never
/// match.
Result<std::string> service_of(const Setting &setting) {
  std::string_view name = setting.section;
  if (!name.starts_with(kService)) return refuse(setting.where, "unknown section [" + setting.section + "]");
  name.remove_prefix(kService.size());
  const bool fits = !name.empty() && name.size() <= 255 && is_printable(name) &&
                    name.find_first_of(" \t/[]") == std::string_view::npos;
  if (!fits) return refuse(setting.where, "not the name of a PAM service: \"" + std::string(name) + "\"");
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return refuse(setting.where,
                  "the names of PAM services are in lower case: \"" + std::string(name) + "\"");
  return std::string(name);
}

/// One key of the general part (service "") or of a service. Checked even if a later file overrides it.
Status apply(Config &config, Policy &policy, const std::string &service, const Setting &setting) {
  const ConfigKey *key = config_key(setting.key);
  if (key == nullptr) return refuse(setting.where, "unknown key \"" + setting.key + "\"");
  if (!service.empty() && key->reach == ConfigKey::Reach::Everything)
    return refuse(setting.where,
                  setting.key + ": is the same for every service, so it cannot be in a section");
  const Status set = key->set(config, policy, setting.value);
  if (!set) return refuse(setting.where, setting.key + ": " + set.error().sentence);
  config.sources[{service, setting.key}] = setting.where;
  return Ok{};
}

Status check_together(const Config &config) {
  if (config.limits.longest_wait >= config.limits.first_wait) return Ok{};
  const auto longest = config.sources.find({"", "longest_wait"});
  const auto first = config.sources.find({"", "first_wait"});
  const std::string where = longest != config.sources.end() ? longest->second : first->second;
  return refuse(where, "longest_wait: must not be shorter than first_wait");
}

/// Where one is named, it must be there; the default need not.
Result<bool> is_there(const Config &config, const std::string &key, const std::string &path) {
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return true;
  const auto named = config.sources.find({"", key});
  if (named == config.sources.end()) return false;
  return refuse(named->second, key + ": there is no " + path);
}

/// The files that keys name.
Status read_certificates(Config &config) {
  if (TRY(is_there(config, "attestation_roots", config.attestation_roots)))
    config.trusted_roots = TRY(read_roots(config.attestation_roots));
  if (TRY(is_there(config, "tpm_roots", config.tpm_roots)))
    config.trusted_tpms = TRY(read_roots(config.tpm_roots));
  if (TRY(is_there(config, "metadata_root", config.metadata_root)))
    config.metadata_signers = TRY(read_root_file(config.metadata_root));
  return Ok{};
}

}  // namespace

const Policy &Config::policy_for(std::string_view service) const {
  const auto found = services.find(service);
  return found == services.end() ? general : found->second;
}

std::vector<PolicyLine> Config::describe(std::string_view service) const {
  const auto source_of = [&](std::string_view key) -> std::string {
    for (const std::string_view section : {service, std::string_view()}) {
      const auto found = sources.find({std::string(section), std::string(key)});
      if (found != sources.end()) return found->second;
    }
    return "default";
  };
  std::vector<PolicyLine> lines;
  for (const ConfigKey &key : config_keys())
    lines.push_back({std::string(key.name), key.show(*this, policy_for(service)), source_of(key.name)});
  return lines;
}

/// The general part of all files comes first: a service begins with what that ends up as, wherever its
/// section is.
Result<Config> load_config(const std::string &directory, const std::string &vendor) {
  const std::vector<Setting> settings = TRY(read_settings(directory, vendor));
  Config config;
  for (const Setting &setting : settings)
    if (setting.section.empty()) TRY(apply(config, config.general, "", setting));
  for (const Setting &setting : settings) {
    if (setting.section.empty()) continue;
    const std::string service = TRY(service_of(setting));
    Policy &policy = config.services.try_emplace(service, config.general).first->second;
    if (!setting.key.empty()) TRY(apply(config, policy, service, setting));
  }
  TRY(check_together(config));
  TRY(read_certificates(config));
  config.own_model_names = read_model_names(directory + "/aaguids");
  config.shipped_model_names = read_model_names(kShippedModelNames);
  return config;
}

}  // namespace passkeyd
