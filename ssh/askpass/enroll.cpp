/// Enrolling: read, ask, make, print.
#include "ssh/askpass/enroll.h"

#include <unistd.h>

#include <cstdio>

#include "client/printable.h"
#include "client/terminal.h"
#include "ssh/askpass/hosts.h"
#include "ssh/relay.h"
#include "webauthn/challenge.h"

namespace passkeyd::askpass {
namespace {

constexpr std::uint8_t kEmptyMap = 0xa0;  // CBOR
/// Of another's account name, as much as fits a line.
constexpr std::size_t kShownName = 64;

Error unfit(const char *what) {
  return {ErrorKind::InvalidInput, what};
}

Result<ssh::RegistrationPrompt> read_request() {
  const bool typed = isatty(STDIN_FILENO) == 1;
  const std::string line = TRY(typed ? read_pasted_from_terminal("Paste the line that the server shows: ")
                                     : read_pasted_from_stdin());
  std::optional<ssh::RegistrationPrompt> request = TRY(ssh::read_registration_prompt(line));
  if (!request)
    return unfit("That is no line of passkeyctl enroll --elsewhere: it begins with passkeyd1-new:");
  return *std::move(request);
}

std::string purpose_of(const ssh::RegistrationPrompt &asked) {
  return "A passkey of " + printable(asked.user_name, kShownName) + " for " + asked.rp_id;
}

Result<ssh::MadeRegistration> make(const ssh::RegistrationPrompt &asked, Person &person) {
  const std::optional<std::string> yes = TRY(person.ask("Make it now? (yes/no) "));
  if (yes != "yes" && yes != "y") return Error{ErrorKind::Cancelled, "nobody said yes"};
  const PasskeySources sources = TRY(authenticators_here(ThisComputerIf::Answers));
  std::vector<PasskeySource *> all;
  for (const std::unique_ptr<PasskeySource> &each : sources) all.push_back(each.get());
  PasskeySource *source = TRY(choose_one(all, person));
  const RpId rp_id = TRY(RpId::parse(asked.rp_id));
  RegistrationRequest request{rp_id, client_data_json(Ceremony::Create, asked.challenge, rp_id.origin())};
  request.user_verification = asked.user_verification;
  request.user_name = printable(asked.user_name, kShownName);
  request.user_handle = asked.user_handle;
  request.exclude = asked.exclude;
  return source->enroll(request, person);
}

Status note_host(const std::string &host, const std::string &rp_id) {
  const std::optional<std::string> path = hosts_path();
  if (!path) return Error{ErrorKind::NotFound, "you have no home folder to keep the host's name in"};
  return add_host(*path, {host, rp_id});
}

/// What is left to say, on standard error: standard output has the line and nothing else.
void advise(const std::optional<std::string> &host, const std::string &rp_id) {
  std::fprintf(stderr, "Paste that line where passkeyctl waits for it.\n");
  if (!host) {
    std::fprintf(
        stderr,
        "If you call that server by another name than %s (or one below it), say so once: put the line "
        "\"NAME %s\" into ~/.config/passkeyd/hosts.\n",
        rp_id.c_str(), rp_id.c_str());
    return;
  }
  const Status noted = note_host(*host, rp_id);
  if (!noted)
    std::fprintf(stderr, "passkey-askpass: %s\n", printable(noted.error().sentence, ssh::kMaxAnswer).c_str());
  else
    std::fprintf(stderr, "~/.config/passkeyd/hosts now says that %s is %s.\n", host->c_str(), rp_id.c_str());
}

Status enroll_now(const std::optional<std::string> &host) {
  std::optional<std::string> known_host;
  if (host) known_host = TRY(ssh::host_of(*host));
  const ssh::RegistrationPrompt asked = TRY(read_request());
  Person person(find_next(), purpose_of(asked));
  Result<ssh::MadeRegistration> made = make(asked, person);
  if (!made) {
    TRY(person.tell(Tone::Trouble, words_of(made.error())));
    return Error{made.error().kind, ""};
  }
  const std::string line = TRY(line_of(std::move(made).value()));
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  advise(known_host, asked.rp_id);
  return Ok{};
}

}  // namespace

Result<std::string> line_of(ssh::MadeRegistration made) {
  std::string line = ssh::write(made);
  if (line.size() <= kMaxMadeLine) return line;
  made.registration.format = "none";
  made.registration.attestation = {kEmptyMap};
  line = ssh::write(made);
  if (line.size() > kMaxMadeLine)
    return Error{ErrorKind::Unsupported, "What the authenticator made is too long to be pasted."};
  return line;
}

int enroll(const std::optional<std::string> &host) {
  const Status done = enroll_now(host);
  if (done) return 0;
  if (!done.error().sentence.empty())
    std::fprintf(stderr, "passkey-askpass: %s\n", printable(done.error().sentence, ssh::kMaxAnswer).c_str());
  return 1;
}

}  // namespace passkeyd::askpass
