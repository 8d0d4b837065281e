/// Reading sshd's settings.
#include "cli/doctor/sshd_settings.h"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

namespace passkeyd::cli {
namespace {

constexpr int kMostDepth = 16;

std::string lower(std::string text) {
  for (char &c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// sshd_config(5) before its first Match block: the first value that a keyword gets is the one that counts.
class Reader {
 public:
  explicit Reader(const Machine &machine) : machine_(machine) {}

  Status read(const std::string &path, int depth) {
    const std::string text = TRY(machine_.read(path));
    for (std::string_view rest = text; !rest.empty() && !over_;) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      TRY(take(rest.substr(0, end), depth));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return Ok{};
  }

  [[nodiscard]] std::map<std::string, std::string> values() && { return std::move(values_); }

 private:
  Status take(std::string_view line, int depth) {
    constexpr std::string_view kBetween = " \t=\"\r";
    const std::size_t begin = line.find_first_not_of(kBetween);
    if (begin == std::string_view::npos || line[begin] == '#') return Ok{};
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(kBetween), line.size());
    const std::string keyword = lower(std::string(line.substr(0, end)));
    std::string rest(line.substr(end));
    rest.erase(0, std::min(rest.find_first_not_of(kBetween), rest.size()));
    rest.erase(rest.find_last_not_of(kBetween) + 1);
    if (keyword == "match") over_ = true;
    if (keyword == "include") return include(rest, depth);
    if (values_.size() < 512)
      values_.emplace(keyword == "challengeresponseauthentication" ? "kbdinteractiveauthentication" : keyword,
                      std::move(rest));
    return Ok{};
  }

  /// One pattern in one folder, which is what distributions use.
  Status include(const std::string &pattern, int depth) {
    if (depth == kMostDepth) return Error{ErrorKind::InvalidInput, "files include each other too deeply"};
    const std::string path = pattern.starts_with('/') ? pattern : "/etc/ssh/" + pattern;
    const std::size_t slash = path.find_last_of('/');
    const Result<std::vector<std::string>> names = machine_.list(path.substr(0, slash));
    if (!names) return names.error().kind == ErrorKind::NotFound ? Status(Ok{}) : Status(names.error());
    for (const std::string &name : names.value())
      if (fnmatch(path.substr(slash + 1).c_str(), name.c_str(), FNM_PERIOD) == 0 && !over_)
        TRY(read(path.substr(0, slash + 1) + name, depth + 1));
    return Ok{};
  }

  const Machine &machine_;
  std::map<std::string, std::string> values_;
  bool over_ = false;  ///< a Match block began: what follows holds for some connections only
};

/// A line each: keyword in lower case, a space, the rest.
std::map<std::string, std::string> values_in(std::string_view told) {
  std::map<std::string, std::string> values;
  while (!told.empty() && values.size() < 512) {
    const std::size_t end = std::min(told.find('\n'), told.size());
    const std::string_view line = told.substr(0, end);
    const std::size_t space = std::min(line.find(' '), line.size());
    values.emplace(lower(std::string(line.substr(0, space))),
                   std::string(line.substr(std::min(space + 1, line.size()))));
    told.remove_prefix(std::min(end + 1, told.size()));
  }
  return values;
}

}  // namespace

Result<SshdSettings> SshdSettings::of(const Machine &machine) {
  if (!machine.has(kFile)) return Error{ErrorKind::NotFound, "there is no sshd"};
  if (machine.sshd_settings)
    if (const Result<std::string> told = machine.sshd_settings())
      return SshdSettings(values_in(told.value()));
  Reader reader(machine);
  TRY(reader.read(kFile, 0));
  return SshdSettings(std::move(reader).values());
}

std::string SshdSettings::text(const std::string &keyword, const char *otherwise) const {
  const auto found = values_.find(keyword);
  return found == values_.end() ? otherwise : found->second;
}

std::string SshdSettings::word(const std::string &keyword, const char *otherwise) const {
  return lower(text(keyword, otherwise));
}

std::string SshdSettings::revoked_keys() const {
  const std::string path = text("revokedkeys", "");
  return lower(path) == "none" ? "" : path;
}

std::string SshdSettings::our_command() const {
  const std::string command = text("authorizedkeyscommand", "");
  const std::string program = command.substr(0, command.find_first_of(" \t"));
  return program.starts_with('/') && program.ends_with("/passkey-authorized-keys") ? program : "";
}

}  // namespace passkeyd::cli
