/// passkeyctl: enroll, look at and try passkeys, from a terminal or a script. All the work is the daemon's.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/complete.h"
#include "cli/face.h"
#include "cli/verb.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"enroll", "Make a new passkey", declare_enroll},
    {"list", "Show the passkeys of an account, or of everybody", declare_list},
    {"show", "Show everything about one passkey", declare_show},
    {"rename", "Give a passkey another name", declare_rename},
    {"test", "Try a sign-in, without signing in", declare_test},
    {"pin", "Change the PIN of the passkey in this computer", declare_pin},
    {"backup-codes", "Make new backup codes; the earlier ones become void", declare_backup_codes},
    {"revoke", "Take a passkey away, for ever", declare_revoke},
    {"resume", "Open a suspended passkey again (for administrators)", declare_resume},
    {"reset-limits", "Forget somebody's failed tries (for administrators)", declare_reset_limits},
    {"lock", "Keep somebody out (for administrators)", declare_lock},
    {"unlock", "Let them in again (for administrators)", declare_unlock},
    {"policy", "Show what holds for a PAM service, and where it was set", declare_policy},
    {"status", "Show how the passkey service is doing", declare_status},
    {"audit", "Show what happened: sign-ins, and what was done to passkeys and accounts", declare_audit},
    {"doctor", "Look whether all is well with this machine, or with its people", declare_doctor},
    {"metadata", "What the FIDO Alliance says of models of security keys (only administrators import)",
     declare_metadata},
    {"guest-keys", "Show the keys that this computer holds for accounts on other machines", declare_guest_keys},
    {"export", "Write down everything, signed, for a safe place or another machine", declare_export},
    {"import", "Take in what \"export\" wrote", declare_import},
};

/// One line, whatever was typed. Of a verb that it does not know, CLI11 only says that one is missing.
std::string complaint(const CLI::App &app, const CLI::ParseError &stop) {
  const std::vector<std::string> unknown = app.remaining();
  if (app.get_subcommands().empty() && !unknown.empty()) return printable("no such verb: " + unknown[0], 96);
  return printable(stop.what(), 512);
}

ExitCode run(int argc, char **argv) {
  CLI::App app("Passkeys for signing in to this computer");
  app.name("passkeyctl");
  app.set_version_flag("--version", "passkeyctl " PASSKEYD_VERSION);
  app.require_subcommand(1);
  app.add_flag_callback("--no-ask-password", forbid_questions,
                        "Do not let polkit ask who you are: what it would ask about is refused");
  app.footer(
      "Exit status: 0 done, 1 passkey or code not accepted, 2 wrong usage, 3 no verdict (service, key or\n"
      "person not there), 4 not allowed or locked, 5 no such passkey (or lock), 6 too many failed tries,\n"
      "7 enrolled, but the trial sign-in did not work, 8 done, but sessions go on,\n"
      "10 something should be seen to, 11 something is broken.");
  std::vector<std::pair<const CLI::App *, Run>> runs;
  for (const Verb &verb : kVerbs) {
    CLI::App &command = *app.add_subcommand(verb.name, verb.summary);
    command.fallthrough();  // what is said of all verbs may follow the verb
    runs.emplace_back(&command, verb.declare(command));
  }
  if (argc > 1 && std::string_view(argv[1]) == kComplete) return complete(app, {argv + 2, argv + argc});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &stop) {
    if (stop.get_exit_code() == 0) return app.exit(stop), ExitCode::Ok;  // --help and --version stop it, too
    std::fprintf(stderr, "passkeyctl: %s\nSee passkeyctl --help.\n", complaint(app, stop).c_str());
    return ExitCode::Usage;
  }
  for (const auto &[command, run_it] : runs)
    if (command->parsed()) return run_it();
  return ExitCode::Usage;
}

}  // namespace
}  // namespace passkeyd::cli

int main(int argc, char **argv) {
  std::setlocale(LC_ALL, "");          // the person's language
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // PINs and codes pass through here: none shall be in a core dump
  try {
    return static_cast<int>(passkeyd::cli::run(argc, argv));
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "passkeyctl: %s\n", problem.what());
    return static_cast<int>(passkeyd::cli::ExitCode::Unavailable);
  }
}
