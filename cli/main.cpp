/// passkeyctl: enroll, look at and try passkeys, from a terminal or a script. All the work is the daemon's.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <utility>
#include <vector>

#include "cli/verb.h"

namespace passkeyd::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"enroll", "Make a new passkey (only root may)", declare_enroll},
    {"list", "Show the passkeys of an account", declare_list},
    {"test", "Try a sign-in, without signing in", declare_test},
    {"pin", "Change the PIN of the passkey in this computer", declare_pin},
    {"backup-codes", "Make new backup codes; the earlier ones become void (only root may)",
     declare_backup_codes},
    {"lock", "Keep somebody out (only root may)", declare_lock},
    {"unlock", "Let them in again (only root may)", declare_unlock},
    {"export", "Write down everything, signed, for a safe place or another machine", declare_export},
    {"import", "Take in what \"export\" wrote", declare_import},
    {"policy", "Show what holds for a PAM service, and where it was set", declare_policy},
    {"status", "Show how the passkey service is doing", declare_status},
};

ExitCode run(int argc, char **argv) {
  CLI::App app("Passkeys for signing in to this computer");
  app.name("passkeyctl");
  app.set_version_flag("--version", "passkeyctl " PASSKEYD_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done, 1 passkey or code not accepted, 2 wrong usage, 3 no verdict (service, key or\n"
      "person not there), 4 not allowed or locked, 5 no passkey (or no lock), 6 too many failed tries.");
  std::vector<std::pair<const CLI::App *, Run>> runs;
  for (const Verb &verb : kVerbs) {
    CLI::App &command = *app.add_subcommand(verb.name, verb.summary);
    runs.emplace_back(&command, verb.declare(command));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &stop) {
    return app.exit(stop) == 0 ? ExitCode::Ok : ExitCode::Usage;  // --help and --version stop it, too
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
