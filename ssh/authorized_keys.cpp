/// passkey-authorized-keys: what sshd starts, for each key that a client offers, to learn which keys open an
/// account (AuthorizedKeysCommand of sshd_config(5); config/sshd.conf). One call of the daemon's, and its
/// answer printed, or nothing at all.
///
/// usage: passkey-authorized-keys USER [TYPE BASE64]
///
/// Whoever has no such key, and whoever there is not, gets no line and exit status 0. Where the daemon cannot
/// be asked there is no line either, exit status 1, and a sentence on standard error, which sshd keeps as
/// long as it has one itself, and in the system's log.
#include <syslog.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "client/bus.h"
#include "client/printable.h"
#include "common/account.h"
#include "ssh/key.h"

namespace passkeyd {
namespace {

/// Somebody is waiting at a client, and sshd for us: what has not come by then does not come.
constexpr Patience::Time kPatience = std::chrono::seconds(3);
constexpr std::size_t kMostLines = 64;
constexpr std::size_t kMaxSentence = 200;

/// sshd asks about whatever a client has; only keys of security keys can be in the ledger, and no
/// certificates.
bool may_be_enrolled(std::string_view type) {
  return type.starts_with("sk-") && type.find("-cert-") == std::string_view::npos;
}

/// A line is printed only if it is one of ours: whatever else stood there, sshd would obey.
bool is_sound(std::string_view line) {
  for (const std::string_view rule : {"verify-required ", "touch-required "}) {
    if (!line.starts_with(rule)) continue;
    return line.find('\n') == std::string_view::npos && is_printable(line) &&
           ssh::key_from_line(line.substr(rule.size()));
  }
  return false;
}

Result<std::string> lines_in(sd_bus_message *reply) {
  const Error malformed{ErrorKind::Malformed, "the daemon's answer is no list of keys"};
  if (sd_bus_message_has_signature(reply, "as") <= 0 || sd_bus_message_enter_container(reply, 'a', "s") < 0)
    return malformed;
  std::string lines;
  const char *line = nullptr;
  int more = 0;
  for (std::size_t count = 0; (more = sd_bus_message_read(reply, "s", &line)) > 0; ++count) {
    if (count == kMostLines || !is_sound(line)) return malformed;
    lines.append(line).append("\n");
  }
  if (more < 0) return malformed;
  return lines;
}

/// `key`: "TYPE BASE64", or empty for all of them.
Result<std::string> ask(const UserName &user, const std::string &key) {
  Patience patience(kPatience);
  Bus bus = TRY(Bus::open(patience));
  const auto fill = [&](sd_bus_message *call) {
    return sd_bus_message_append(call, "ss", user.str().c_str(), key.c_str());
  };
  const Message reply = TRY(bus.call_manager("GetAuthorizedKeys", fill, patience));
  return lines_in(reply.get());
}

int complain(const std::string &why) {
  const std::string sentence = printable(why, kMaxSentence);
  std::fprintf(stderr, "passkey-authorized-keys: %s\n", sentence.c_str());
  openlog("passkey-authorized-keys", LOG_PID, LOG_AUTHPRIV);
  syslog(LOG_ERR, "no key can sign in by SSH: %s", sentence.c_str());
  return 1;
}

int run(const std::vector<std::string> &arguments) {
  if (arguments.size() != 1 && arguments.size() != 3) {
    std::fputs("usage: passkey-authorized-keys USER [TYPE BASE64]\n", stderr);
    return 2;
  }
  const Result<UserName> user = UserName::parse(arguments[0]);
  std::string key;
  if (arguments.size() == 3) key = arguments[1] + " " + arguments[2];
  // Neither such a name nor such a key can be in the ledger.
  if (!user || (!key.empty() && !may_be_enrolled(arguments[1])) || key.size() > ssh::kMaxLine) return 0;
  const Result<std::string> lines = ask(user.value(), key);
  if (!lines) return complain(lines.error().sentence);
  if (std::fputs(lines->c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    return complain("the keys cannot be passed on");
  return 0;
}

}  // namespace
}  // namespace passkeyd

int main(int argc, char **argv) {
  try {
    return passkeyd::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception &error) {
    return passkeyd::complain(error.what());
  }
}
