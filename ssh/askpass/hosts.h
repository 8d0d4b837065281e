/// Which relying party ids go with a host: a server can ask for a passkey of its own name, not for one of
/// another's. The person's file ~/.config/passkeyd/hosts names what else goes together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "webauthn/rp_id.h"

namespace passkeyd::askpass {

/// One line of the file: this host may ask for passkeys of this relying party.
struct HostLine {
  std::string host;  ///< lower case
  std::string rp_id;
  bool operator==(const HostLine &) const = default;
};
using Hosts = std::vector<HostLine>;

/// Largest file that is read, in bytes.
inline constexpr std::size_t kMaxHostsFile = 64UL * 1024;

/// True if `host`, in lower case as the ssh client calls it, may ask for a passkey of `rp_id`: it has the
/// same name, or one below it (web.example.com and example.com, which must have two labels); or it was
/// written with one label, and that is the first of `rp_id` (web and web.example.com); or the file says so.
/// An address goes with what the file says only.
bool goes_with(const std::string &host, const RpId &rp_id, const Hosts &hosts);

/// Lines of HOST and relying party id with white space between them; '#' begins a comment. One line that is
/// none spoils the file. Errors: InvalidInput, with the number of the line.
Result<Hosts> parse_hosts(std::string_view text);

/// "~/.config/passkeyd/hosts"; nullopt: nobody knows where this person is at home.
std::optional<std::string> hosts_path();
/// What the file says; a file that is not there says nothing. Errors: NotAllowed (not this person's own, or
/// others may write to it), InvalidInput (as parse_hosts, too large, no plain file), Io.
Result<Hosts> read_hosts(const std::string &path);
/// Adds a line, and what folders it takes. Errors: as read_hosts; nothing is changed then.
Status add_host(const std::string &path, const HostLine &line);

}  // namespace passkeyd::askpass
