/// "^\(([A-Za-z0-9._-]+)@([A-Za-z0-9.:_%-]+)\) ", by hand: std::regex recurses once a character, and prompts
/// are long.
#include "ssh/askpass/prompt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ssh/askpass/hosts.h"

namespace passkeyd::askpass {
namespace {

constexpr std::size_t kMaxUser = 255;

bool is_user(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kMaxUser && std::ranges::all_of(text, allowed);
}

/// Who and where, and what comes behind.
std::optional<std::pair<Target, std::string_view>> split(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::size_t end = text.find(") ");
  if (!text.starts_with('(') || at == std::string_view::npos || end == std::string_view::npos || end < at)
    return std::nullopt;
  const std::string_view user = text.substr(1, at - 1);
  Result<std::string> host = ssh::host_of(text.substr(at + 1, end - at - 1));
  if (!is_user(user) || !host) return std::nullopt;
  return std::pair(Target{std::string(user), std::move(host).value()}, text.substr(end + 2));
}

}  // namespace

Prompt read_prompt(std::string_view text) {
  std::optional<std::pair<Target, std::string_view>> parts = split(text);
  if (!parts) return Foreign{};
  auto &[target, behind] = *parts;
  if (behind == ssh::kFirstPrompt) return First{std::move(target)};
  Result<std::optional<ssh::AssertionPrompt>> challenge = ssh::read_assertion_prompt(behind);
  if (!challenge) return Senseless{std::move(target)};
  if (!challenge.value()) return Foreign{};
  return Challenged{std::move(target), *std::move(challenge).value()};
}

bool asks_about_a_host_key(std::string_view text) {
  // As confirm() of OpenSSH's sshconnect.c has it. A server's prompt has the client's prefix before it.
  return !split(text) && (text.ends_with("(yes/no/[fingerprint])? ") || text.ends_with("(yes/no)? ") ||
                          text.starts_with("Please type 'yes'"));
}

}  // namespace passkeyd::askpass
