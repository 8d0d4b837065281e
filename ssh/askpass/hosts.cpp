/// The rule, and the form of the file. See hosts_file.cpp for where it lies and whose it must be.
#include "ssh/askpass/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "ssh/relay.h"

namespace passkeyd::askpass {
namespace {

constexpr std::string_view kWhite = " \t\r";

/// Numbers, in any of the ways in which programs take them for an address.
bool is_address(const std::string &host) {
  in_addr four = {};
  return host.find(':') != std::string::npos || inet_aton(host.c_str(), &four) != 0;
}

/// Takes the next word off the front; empty: there is none.
std::string_view next_word(std::string_view &line) {
  line.remove_prefix(std::min(line.find_first_not_of(kWhite), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kWhite));
  line.remove_prefix(word.size());
  return word;
}

/// nullopt: nothing on it.
Result<std::optional<HostLine>> parse_line(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view host = next_word(line);
  const std::string_view rp_id = next_word(line);
  if (host.empty()) return std::optional<HostLine>();
  if (!next_word(line).empty()) return Error{ErrorKind::InvalidInput, "more than two words"};
  std::string known_host = TRY(ssh::host_of(host));
  const RpId known_rp_id = TRY(RpId::parse(rp_id));
  return std::optional(HostLine{std::move(known_host), known_rp_id.str()});
}

}  // namespace

bool goes_with(const std::string &host, const RpId &rp_id, const Hosts &hosts) {
  const std::string &name = rp_id.str();
  if (std::ranges::find(hosts, HostLine{host, name}) != hosts.end()) return true;
  if (is_address(host) || is_address(name)) return false;
  if (host == name) return true;
  if (host.find('.') == std::string::npos) return name.starts_with(host + ".");
  return name.find('.') != std::string::npos && host.ends_with("." + name);
}

Result<Hosts> parse_hosts(std::string_view text) {
  Hosts hosts;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    Result<std::optional<HostLine>> parsed = parse_line(line);
    if (!parsed)
      return Error{ErrorKind::InvalidInput,
                   "line " + std::to_string(number) + ": " + parsed.error().sentence};
    if (parsed.value()) hosts.push_back(*std::move(parsed).value());
  }
  return hosts;
}

}  // namespace passkeyd::askpass
