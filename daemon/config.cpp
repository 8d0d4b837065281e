/// Reading the configuration: a table of keys, each with its own parser.
#include "daemon/config.h"

#include <libeconf.h>
#include <libeconf_ext.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>

namespace passkeyd {
namespace {

void free_file(econf_file *file) {
  econf_freeFile(file);
}
void free_value(econf_ext_value *value) {
  econf_freeExtValue(value);
}
void free_names(char **names) {
  econf_freeArray(names);
}
using ConfigFile = Handle<econf_file, free_file>;
using Value = Handle<econf_ext_value, free_value>;
using Names = Handle<char *, free_names>;

/// Defaults of the distribution, below those of the administrator. libeconf reads passkeyd.conf.d only when
/// given one.
constexpr const char *kVendorDirectory = "/usr/lib/passkeyd";

Error bad_value(const std::string &reason) {
  return {ErrorKind::NotConfigured, reason};
}

Result<int> whole_number(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return bad_value("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
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

Status set_rp_id(Config &config, std::string_view text) {
  Result<RpId> parsed = RpId::parse(text);
  if (!parsed) return bad_value(parsed.error().sentence);
  config.rp_id = std::move(parsed).value();
  return Ok{};
}

Status set_user_verification(Config &config, std::string_view text) {
  const std::optional<UserVerification> parsed = user_verification_of(text);
  if (!parsed) return bad_value("must be required, preferred or discouraged");
  config.user_verification = *parsed;
  return Ok{};
}

Status set_ways(Config &config, std::string_view text) {
  std::vector<Way> ways;
  for (const std::string_view word : words_of(text)) {
    const std::optional<Way> way = way_of(word);
    if (!way || std::find(ways.begin(), ways.end(), *way) != ways.end())
      return bad_value("must be a list of usb and tpm, each once");
    ways.push_back(*way);
  }
  if (ways.empty()) return bad_value("must name at least one way");
  config.ways = std::move(ways);
  return Ok{};
}

Status set_touch_timeout(Config &config, std::string_view text) {
  config.touch_timeout = std::chrono::seconds(TRY(whole_number(text, 5, 60)));
  return Ok{};
}

Status set_min_key_retries(Config &config, std::string_view text) {
  config.min_key_retries = TRY(whole_number(text, 1, 7));
  return Ok{};
}

Status set_tcti(Config &config, std::string_view text) {
  const bool known = text.starts_with("device:/") || text.starts_with("swtpm:path=/");
  if (!known || text.size() > 512) return bad_value("must be device:/PATH or swtpm:path=/SOCKET");
  config.tcti = text;
  return Ok{};
}

struct Key {
  std::string_view name;
  Status (*set)(Config &, std::string_view);
};

constexpr std::array kKeys = {
    Key{"rp_id", set_rp_id},
    Key{"user_verification", set_user_verification},
    Key{"ways", set_ways},
    Key{"touch_timeout", set_touch_timeout},
    Key{"min_key_retries", set_min_key_retries},
    Key{"tcti", set_tcti},
};

/// "passkeyd.conf:3: touch_timeout: must be ..."
Error at(const std::string &path, std::uint64_t line, const std::string &what) {
  return {ErrorKind::NotConfigured, path + ":" + std::to_string(line) + ": " + what};
}

Status apply_key(Config &config, econf_file *file, const std::string &path, const char *name) {
  econf_ext_value *held = nullptr;
  const econf_err failed = econf_getExtValue(file, nullptr, name, &held);
  const Value value(held);
  if (failed != ECONF_SUCCESS) return at(path, 0, std::string(name) + ": " + econf_errString(failed));
  const auto key = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key &row) { return row.name == name; });
  if (key == kKeys.end()) return at(path, value->line_number, std::string("unknown key \"") + name + "\"");
  if (value->values == nullptr || value->values[0] == nullptr)
    return at(path, value->line_number, std::string(name) + ": has no value");
  if (value->values[1] != nullptr)
    return at(path, value->line_number, std::string(name) + ": must be on one line");
  const Status set = key->set(config, value->values[0]);
  if (!set) return at(path, value->line_number, std::string(name) + ": " + set.error().sentence);
  return Ok{};
}

/// Sections would be silently without effect, so they are refused.
Status refuse_sections(econf_file *file, const std::string &path) {
  std::size_t count = 0;
  char **held = nullptr;
  econf_getGroups(file, &count, &held);
  const Names groups(held);
  if (count > 0) return at(path, 0, std::string("unknown section [") + groups.get()[0] + "]");
  return Ok{};
}

Status apply_file(Config &config, econf_file *file) {
  char *held_path = econf_getPath(file);
  const std::string path = held_path != nullptr ? held_path : "(configuration)";
  std::free(held_path);
  TRY(refuse_sections(file, path));
  std::size_t count = 0;
  char **held = nullptr;
  econf_getKeys(file, nullptr, &count, &held);
  const Names names(held);
  for (std::size_t at_key = 0; at_key < count; ++at_key)
    TRY(apply_key(config, file, path, names.get()[at_key]));
  return Ok{};
}

}  // namespace

Result<Config> load_config(const std::string &directory) {
  econf_file **files = nullptr;
  std::size_t count = 0;
  const econf_err failed = econf_readDirsHistory(&files, &count, kVendorDirectory, directory.c_str(),
                                                 "passkeyd", "conf", "=", "#");
  if (failed == ECONF_NOFILE) return Config{};
  if (failed != ECONF_SUCCESS) {
    char *path = nullptr;
    std::uint64_t line = 0;
    econf_errLocation(&path, &line);
    Error error = at(path != nullptr ? path : directory, line, econf_errString(failed));
    std::free(path);
    return error;
  }
  std::vector<ConfigFile> owned;
  for (std::size_t each = 0; each < count; ++each) owned.emplace_back(files[each]);
  std::free(files);
  Config config;
  for (const ConfigFile &file : owned) TRY(apply_file(config, file.get()));
  return config;
}

}  // namespace passkeyd
