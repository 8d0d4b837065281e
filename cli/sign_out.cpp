/// Ending sessions and saying so.
#include "cli/sign_out.h"

#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "client/printable.h"
#include "client/sessions.h"

namespace passkeyd::cli {
namespace {

ExitCode say_what_goes_on(const std::string &what, const std::string &why) {
  std::fprintf(stderr, "passkeyctl: %s (%s). All else was done.\n", what.c_str(),
               printable(why, 512).c_str());
  return ExitCode::SessionsGoOn;
}

std::string ended_text(const std::string &whose, const SignedOut &out) {
  const std::string count = std::to_string(out.ended);
  if (out.own_goes_on)
    return (out.ended == 0   ? whose + " is signed in nowhere else"
            : out.ended == 1 ? "One other session of " + whose + " was ended"
                             : count + " other sessions of " + whose + " were ended") +
           "; the session that you are in goes on.";
  if (out.ended == 0) return whose + " is signed in nowhere.";
  return out.ended == 1 ? "The session of " + whose + " was ended."
                        : count + " sessions of " + whose + " were ended.";
}

ExitCode end(Bus &bus, const Account &account, const std::string &whose, Patience &patience) {
  const Result<SignedOut> out = end_sessions(bus, account.uid, patience);
  if (!out) return say_what_goes_on("not all sessions of " + whose + " were ended", out.error().sentence);
  std::printf("%s\n", ended_text(whose, out.value()).c_str());
  return ExitCode::Ok;
}

/// Others than root cannot; what sudo remembers is bound to a session, unless its settings say otherwise.
ExitCode forget(const Account &account, const std::string &whose) {
  if (geteuid() != 0) {
    std::printf("What sudo remembers of %s ends with their sessions; in this one, \"sudo -K\" ends it.\n",
                whose.c_str());
    return ExitCode::Ok;
  }
  const Status forgotten = forget_in_sudo(account);
  if (!forgotten) return say_what_goes_on("sudo may still remember " + whose, forgotten.error().sentence);
  std::printf("sudo remembers nothing of %s.\n", whose.c_str());
  return ExitCode::Ok;
}

}  // namespace

Numbers numbers_of(const std::vector<CredentialRecord> &records) {
  Numbers numbers;
  for (const CredentialRecord &each : records)
    if (each.uid) numbers.insert(*each.uid);
  return numbers;
}

void add_sign_out_option(CLI::App &command, bool &wanted) {
  command.add_flag("--end-sessions", wanted, "Also sign them out of this computer, now");
}

ExitCode sign_out(Bus &bus, const UserName &user, Patience &patience, const Numbers &enrolled) {
  const std::string whose = printable(user.str(), UserName::kMaxBytes);
  const passwd *found = getpwnam(user.str().c_str());  // the only thread, and used at once
  if (found == nullptr) return say_what_goes_on("no sessions were ended", "this computer knows no " + whose);
  const Account account{user, found->pw_uid};
  if (!enrolled.empty() && !enrolled.contains(account.uid))
    return say_what_goes_on("no sessions were ended",
                            whose + " is number " + std::to_string(account.uid) + " now, and was " +
                                std::to_string(*enrolled.rbegin()) + " at enrollment: perhaps somebody else");
  const ExitCode ended = end(bus, account, whose, patience);
  const ExitCode forgotten = forget(account, whose);  // afterwards: nobody is left who could renew it
  return ended == ExitCode::Ok ? forgotten : ended;
}

}  // namespace passkeyd::cli
