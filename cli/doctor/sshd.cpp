/// sshd's own settings decide whether PAM, and with it the module, is asked at all.
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "cli/doctor/checks.h"
#include "cli/doctor/pam_stack.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kFile = "/etc/ssh/sshd_config";
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

  /// In lower case.
  [[nodiscard]] std::string value(const std::string &keyword, const char *otherwise) const {
    const auto found = values_.find(keyword);
    return found == values_.end() ? otherwise : found->second;
  }

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
                      lower(rest));
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

bool has_module(const PamStack &stack, PamGroup group) {
  const std::vector<const PamEntry *> lines = flattened(stack.of(group));
  return std::any_of(lines.begin(), lines.end(), [](const PamEntry *line) { return line->is_ours(); });
}

/// Ways in without PAM's auth part: "publickey" alone, among the lists that sshd accepts.
bool insists_on_keys(const std::string &methods) {
  return !methods.empty() && methods != "any" && methods.find("keyboard-interactive") == std::string::npos &&
         methods.find("password") == std::string::npos;
}

}  // namespace

Findings check_sshd(const Machine &machine) {
  if (!machine.has(kFile)) return {};
  Reader settings(machine);
  if (const Status done = settings.read(kFile, 0); !done) return {unseen("sshd", kFile, done.error())};
  const std::optional<PamStack> stack = read_pam_stack(machine, "sshd");
  const bool auth = stack && has_module(*stack, PamGroup::Auth);
  const bool account = stack && has_module(*stack, PamGroup::Account);
  if (!auth && !account) return {{"sshd", Level::Good, "sshd's PAM stack does not ask for passkeys."}};
  Findings found;
  const std::string restart = "in " + std::string(kFile) + ", then: systemctl reload ssh";
  if (settings.value("usepam", "no") != "yes")
    return {{"sshd", Level::Warning,
             "sshd does not ask PAM (UsePAM no): neither backup codes nor a lock of an account count there.",
             "UsePAM yes " + restart}};
  const bool keyboard = settings.value("kbdinteractiveauthentication", "yes") == "yes";
  const bool password = settings.value("passwordauthentication", "yes") == "yes";
  const std::string methods = settings.value("authenticationmethods", "any");
  if (auth && (insists_on_keys(methods) || (!keyboard && !password)))
    found.push_back({"sshd", Level::Note,
                     "sshd takes SSH keys only: its PAM stack never asks for a backup code.", "",
                     "AuthenticationMethods " + printable(methods, 255)});
  else if (auth && !keyboard)
    found.push_back(
        {"sshd", Level::Note,
         "sshd's method \"password\" gives one answer to every question: no backup code can be typed there.",
         "KbdInteractiveAuthentication yes " + restart});
  if (!account)
    found.push_back(
        {"sshd", Level::Note,
         "sshd's account stack does not ask about locks: who is locked still gets in with an SSH key.",
         "account [perm_denied=die default=ignore] pam_passkey.so always, first in /etc/pam.d/sshd"});
  if (found.empty()) found.push_back({"sshd", Level::Good, "sshd asks PAM."});
  return found;
}

}  // namespace passkeyd::cli
