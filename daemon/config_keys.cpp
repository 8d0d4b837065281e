/// The table of keys.
#include "daemon/config_keys.h"

#include <algorithm>
#include <charconv>

#include "common/bytes.h"
#include "ssh/relay.h"

namespace passkeyd {
namespace {

using Reach = ConfigKey::Reach;
using Seconds = std::chrono::seconds;

Error must(const std::string &be) {
  return {ErrorKind::NotConfigured, "must be " + be};
}

Result<int> whole_number(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return must("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t,"), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

template <class List, class Show>
std::string joined(const List &list, Show show) {
  std::string all;
  for (const auto &each : list) {
    if (!all.empty()) all += ' ';
    all += show(each);
  }
  return all;
}

Status set_rp_id(Config &config, Policy &, std::string_view text) {
  Result<RpId> parsed = RpId::parse(text);
  if (!parsed) return Error{ErrorKind::NotConfigured, parsed.error().sentence};
  config.rp_id = std::move(parsed).value();
  return Ok{};
}
std::string show_rp_id(const Config &config, const Policy &) {
  return config.rp_id ? config.rp_id->str() : "";
}

Status set_tcti(Config &config, Policy &, std::string_view text) {
  const bool known = text.starts_with("device:/") || text.starts_with("swtpm:path=/");
  if (!known || text.size() > 512) return must("device:/PATH or swtpm:path=/SOCKET");
  config.tcti = text;
  return Ok{};
}
std::string show_tcti(const Config &config, const Policy &) {
  return config.tcti;
}

Status set_tpm_roots(Config &config, Policy &, std::string_view text) {
  if (!text.starts_with('/') || text.size() > 512) return must("the absolute path of a directory");
  config.tpm_roots = text;
  return Ok{};
}
std::string show_tpm_roots(const Config &config, const Policy &) {
  return config.tpm_roots;
}

Status set_accepted_names(Config &config, Policy &, std::string_view text) {
  constexpr std::size_t kMost = 32;
  std::vector<std::string> names;
  for (const std::string_view word : words_of(text)) {
    Result<std::string> name = ssh::host_of(word);
    if (!name) return must("a list of host names, aliases and addresses");
    if (std::ranges::find(names, name.value()) != names.end()) return must("a list of names, each once");
    names.push_back(std::move(name).value());
  }
  if (names.empty() || names.size() > kMost)
    return must("a list of 1 to " + std::to_string(kMost) + " names");
  config.accepted_names = std::move(names);
  return Ok{};
}
std::string show_accepted_names(const Config &config, const Policy &) {
  return joined(config.names(), [](const std::string &name) { return name; });
}

Status set_askpass(Config &, Policy &policy, std::string_view text) {
  if (text != "yes" && text != "no") return must("yes or no");
  policy.askpass = text == "yes";
  return Ok{};
}
std::string show_askpass(const Config &, const Policy &policy) {
  return policy.askpass ? "yes" : "no";
}

constexpr std::string_view kForever = "forever";
Status set_audit_retention(Config &config, Policy &, std::string_view text) {
  constexpr int kHundredYears = 36500;
  const Result<int> days = text == kForever ? Result<int>(0) : whole_number(text, 0, kHundredYears);
  if (!days) return must("forever, or a number of days up to " + std::to_string(kHundredYears));
  config.audit_retention = std::chrono::days(days.value());
  return Ok{};
}
std::string show_audit_retention(const Config &config, const Policy &) {
  const auto days = config.audit_retention.count();
  return days == 0 ? std::string(kForever) : std::to_string(days);
}

/// Whole numbers: where they are kept, and from where to where they may go.
template <std::size_t LimitRule::*member, int least, int most>
constexpr ConfigKey count_key(std::string_view name) {
  return {name, Reach::Everything,
          [](Config &config, Policy &, std::string_view text) -> Status {
            config.limits.*member = static_cast<std::size_t>(TRY(whole_number(text, least, most)));
            return Ok{};
          },
          [](const Config &config, const Policy &) { return std::to_string(config.limits.*member); }};
}
template <Seconds LimitRule::*member, int least, int most>
constexpr ConfigKey wait_key(std::string_view name) {
  return {
      name, Reach::Everything,
      [](Config &config, Policy &, std::string_view text) -> Status {
        config.limits.*member = Seconds(TRY(whole_number(text, least, most)));
        return Ok{};
      },
      [](const Config &config, const Policy &) { return std::to_string((config.limits.*member).count()); }};
}

Status set_user_verification(Config &, Policy &policy, std::string_view text) {
  const std::optional<UserVerification> parsed = user_verification_of(text);
  if (!parsed) return must("required, preferred or discouraged");
  policy.user_verification = *parsed;
  return Ok{};
}
std::string show_user_verification(const Config &, const Policy &policy) {
  return std::string(name_of(policy.user_verification));
}

Status set_ways(Config &, Policy &policy, std::string_view text) {
  std::vector<Way> ways;
  for (const std::string_view word : words_of(text)) {
    const std::optional<Way> way = way_of(word);
    // Passkeys of the person's own computer are asked through sshd only: `askpass` is for those.
    const bool known = way && *way != Way::Client;
    if (!known || std::find(ways.begin(), ways.end(), *way) != ways.end())
      return must("a list of usb, tpm and ssh, each once");
    ways.push_back(*way);
  }
  if (ways.empty()) return must("a list with at least one way");
  policy.ways = std::move(ways);
  return Ok{};
}
std::string show_ways(const Config &, const Policy &policy) {
  return joined(policy.ways, [](Way way) { return name_of(way); });
}

constexpr std::string_view name_of(BackupCodes codes) {
  return codes == BackupCodes::Always         ? "always"
         : codes == BackupCodes::AfterPasskey ? "after-passkey"
                                              : "never";
}
Status set_backup_codes(Config &, Policy &policy, std::string_view text) {
  for (const BackupCodes codes : {BackupCodes::Never, BackupCodes::AfterPasskey, BackupCodes::Always}) {
    if (name_of(codes) != text) continue;
    policy.backup_codes = codes;
    return Ok{};
  }
  return must("never, after-passkey or always");
}
std::string show_backup_codes(const Config &, const Policy &policy) {
  return std::string(name_of(policy.backup_codes));
}

Status set_touch_timeout(Config &, Policy &policy, std::string_view text) {
  policy.touch_timeout = Seconds(TRY(whole_number(text, 5, 60)));
  return Ok{};
}
std::string show_touch_timeout(const Config &, const Policy &policy) {
  return std::to_string(policy.touch_timeout.count());
}

Status set_min_key_retries(Config &, Policy &policy, std::string_view text) {
  policy.min_key_retries = TRY(whole_number(text, 1, 7));
  return Ok{};
}
std::string show_min_key_retries(const Config &, const Policy &policy) {
  return std::to_string(policy.min_key_retries);
}

constexpr const char *kModels = "any, or a list of AAGUIDs such as 2fc0579f-8113-47ea-b116-bb5a8db9202a";
Status set_accepted_aaguids(Config &, Policy &policy, std::string_view text) {
  std::vector<Aaguid> accepted;
  if (text != "any") {
    for (const std::string_view word : words_of(text)) {
      const std::optional<Aaguid> aaguid = aaguid_of(word);
      if (!aaguid) return must(kModels);
      accepted.push_back(*aaguid);
    }
    if (accepted.empty()) return must(kModels);  // nothing at all would mean: any
  }
  policy.accepted_aaguids = std::move(accepted);
  return Ok{};
}
std::string show_accepted_aaguids(const Config &, const Policy &policy) {
  return policy.accepted_aaguids.empty() ? "any" : joined(policy.accepted_aaguids, text_of);
}

Status set_attestation(Config &config, Policy &, std::string_view text) {
  if (text != "required" && text != "optional") return must("optional or required");
  config.attestation = text == "required" ? AttestationRule::Required : AttestationRule::Optional;
  return Ok{};
}
std::string show_attestation(const Config &config, const Policy &) {
  return config.attestation == AttestationRule::Required ? "required" : "optional";
}

/// Files and directories: where their paths are kept.
template <std::string Config::*member>
constexpr ConfigKey path_key(std::string_view name) {
  return {name, Reach::Everything,
          [](Config &config, Policy &, std::string_view text) -> Status {
            if (!text.starts_with('/')) return must("a path from the root, such as /etc/passkeyd/roots");
            config.*member = text;
            return Ok{};
          },
          [](const Config &config, const Policy &) { return config.*member; }};
}

constexpr ConfigKey kKeys[] = {
    {"rp_id", Reach::Everything, set_rp_id, show_rp_id},
    {"accepted_names", Reach::Everything, set_accepted_names, show_accepted_names},
    {"ways", Reach::Service, set_ways, show_ways},
    {"user_verification", Reach::Service, set_user_verification, show_user_verification},
    {"backup_codes", Reach::Service, set_backup_codes, show_backup_codes},
    {"askpass", Reach::Service, set_askpass, show_askpass},
    {"touch_timeout", Reach::Service, set_touch_timeout, show_touch_timeout},
    {"min_key_retries", Reach::Service, set_min_key_retries, show_min_key_retries},
    {"accepted_aaguids", Reach::Service, set_accepted_aaguids, show_accepted_aaguids},
    {"attestation", Reach::Everything, set_attestation, show_attestation},
    path_key<&Config::attestation_roots>("attestation_roots"),
    path_key<&Config::metadata_root>("metadata_root"),
    count_key<&LimitRule::free_in_a_row, 1, 20>("tries_in_a_row"),
    wait_key<&LimitRule::first_wait, 1, 3600>("first_wait"),
    wait_key<&LimitRule::longest_wait, 1, 86400>("longest_wait"),
    count_key<&LimitRule::per_day, 1, 1000>("tries_per_day"),
    {"audit_retention", Reach::Everything, set_audit_retention, show_audit_retention},
    {"tcti", Reach::Everything, set_tcti, show_tcti},
    {"tpm_roots", Reach::Everything, set_tpm_roots, show_tpm_roots},
};

}  // namespace

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

const ConfigKey *config_key(std::string_view name) {
  const auto *found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [&](const ConfigKey &key) { return key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

}  // namespace passkeyd
