/// passkeyctl import: take in an export. What would change is always shown first.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/face.h"
#include "cli/table.h"
#include "client/terminal.h"
#include "cli/verb.h"
#include "client/printable.h"
#include "client/transfer.h"

namespace passkeyd::cli {
namespace {

using Records = std::vector<ImportRecord>;

struct Options {
  std::string file;
  std::string signer;
  bool dry_run = false;
  bool yes = false;
  bool json = false;
};

struct Word {
  std::string_view why;
  const char *text;
};

/// What a reason means for people. A newer daemon's word is shown as it is.
constexpr Word kWords[] = {
    {"known", "is here already"},
    {"revoked", "was revoked here, and stays so"},
    {"differs", "another passkey or account has its id here: left alone"},
    {"unreadable", "its entry here is damaged: left alone"},
    {"tpm", "enroll again: its key is in the other computer's TPM"},
    {"no-account", "there is no such account here"},
    {"too-many", "the account has too many passkeys"},
    {"rp-id", "was made for another relying party"},
    {"suspended", "comes along, and stays suspended"},
    {"locked", "comes along, but the account is locked"},
};

std::string meaning_of(const ImportRecord &row) {
  std::string text = row.why;
  for (const Word &word : kWords)
    if (row.why == word.why) text = word.text;
  if (row.what == "add" && row.works) text = "will work here";
  if (row.what == "revoke") text = "was revoked there";
  if (row.what == "lock") text = "the account is locked there, and will be here";
  if (row.what == "rp-id") text = "relying party of this machine from now on";
  if (row.uid_was && row.uid)
    text += " (uid " + std::to_string(*row.uid) + ", was " + std::to_string(*row.uid_was) + ")";
  return text;
}

bool changes_nothing(const Records &rows) {
  return std::ranges::all_of(rows, [](const ImportRecord &row) { return row.what == "skip"; });
}

/// First what changes, then what somebody must do something about, then the rest.
int rank_of(const ImportRecord &row) {
  if (row.what != "skip") return 0;
  if (row.why == "known") return 3;
  return row.why == "tpm" ? 1 : 2;
}

void print_table(Records rows, std::FILE *to) {
  std::ranges::stable_sort(rows, {}, rank_of);
  Table table({"WHAT", "USER", "NAME", "WAY", "ID", ""});
  for (const ImportRecord &row : rows)
    table.add({row.what, row.user, row.name, row.way, row.id, meaning_of(row)});
  if (!rows.empty()) std::fputs(table.text().c_str(), to);
}

void print_json(const Records &rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const ImportRecord &row : rows) {
    nlohmann::json one = {{"what", row.what}, {"why", row.why}, {"user", row.user},  {"id", row.id},
                          {"name", row.name}, {"way", row.way}, {"works", row.works}};
    one["uid"] = row.uid ? nlohmann::json(*row.uid) : nlohmann::json();
    one["uid_was"] = row.uid_was ? nlohmann::json(*row.uid_was) : nlohmann::json();
    all.push_back(std::move(one));
  }
  std::printf("%s\n", all.dump(2).c_str());
}

/// What an import leaves for people to do.
void print_advice(const Records &rows) {
  const auto count = [&](auto which) { return std::ranges::count_if(rows, which); };
  const auto work = count([](const ImportRecord &row) { return row.what == "add" && row.works; });
  const auto again = count([](const ImportRecord &row) { return row.why == "tpm"; });
  std::printf("\n%td will work here; %td must be enrolled again (passkeyctl enroll --tpm).\n", work, again);
  if (work > 0)
    std::printf("Backup codes are not part of an export: make new ones with passkeyctl backup-codes.\n");
}

/// The sentences for the service's troubles speak of devices; this is about a file.
ExitCode refuse(const Options &options, const Error &error) {
  if (error.kind == ErrorKind::InvalidInput) {
    std::fprintf(stderr, "passkeyctl: %s is no export of passkeyd, or it is damaged. (%s)\n",
                 printable(options.file, 255).c_str(), printable(error.sentence, 512).c_str());
    return ExitCode::Unavailable;
  }
  const ExitCode code = report(error);
  if (error.kind == ErrorKind::Untrusted && options.signer.empty())
    std::fprintf(
        stderr,
        "passkeyctl: if the fingerprint is the one that was noted down when the export was made, say "
        "so with --signer\n");
  return code;
}

/// Ok: go on.
ExitCode ask_first() {
  switch (ask_consent("Make these changes? [y/N] ")) {
    case Consent::Given:
      return ExitCode::Ok;
    case Consent::NobodyThere:
      std::fprintf(stderr, "passkeyctl: there is no terminal to ask on; --yes goes on without\n");
      return ExitCode::Usage;
    case Consent::Refused:
      break;
  }
  return report({ErrorKind::Cancelled, "nothing was changed"});
}

ExitCode finish(const Options &options, const Records &rows, const char *done) {
  if (options.json) {
    print_json(rows);
    return ExitCode::Ok;
  }
  if (!options.dry_run) std::printf("%s\n", done);
  print_advice(rows);
  return ExitCode::Ok;
}

ExitCode take_in(const Options &options, const Fd &file, Bus &bus, Patience &patience) {
  const Result<Records> would = import_file(bus, {file, options.signer, /*dry_run=*/true}, patience);
  if (!would) return refuse(options, would.error());
  if (!options.json) print_table(would.value(), stdout);
  std::fflush(stdout);
  if (options.dry_run || changes_nothing(would.value()))
    return finish(options, would.value(), "There is nothing to change.");
  if (!options.yes)
    if (const ExitCode asked = ask_first(); asked != ExitCode::Ok) return asked;
  const Result<Records> did = import_file(bus, {file, options.signer, /*dry_run=*/false}, patience);
  if (!did) return refuse(options, did.error());
  if (!options.json && did.value() != would.value()) {
    std::printf("\nSomething changed here meanwhile. What was done:\n");
    print_table(did.value(), stdout);
  }
  return finish(options, did.value(), "Done.");
}

ExitCode run(const Options &options) {
  if (options.json && !options.yes && !options.dry_run) {
    std::fprintf(stderr, "passkeyctl: --json asks nobody: it goes with --dry-run or --yes\n");
    return ExitCode::Usage;
  }
  const Fd file(open(options.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    std::fprintf(stderr, "passkeyctl: %s\n",
                 errno_error("open " + printable(options.file, 255), errno).sentence.c_str());
    return ExitCode::Unavailable;
  }
  const Result<Fd> copy = sealed_copy(file);
  if (!copy) return refuse(options, copy.error());
  return with_authority(Patience(std::chrono::minutes(30)), [&](Bus &bus, Patience &patience) {
    return take_in(options, copy.value(), bus, patience);
  });
}

/// As the daemon checks it; here so that a slip of the pen costs nothing.
std::string check_signer(const std::string &signer) {
  constexpr std::size_t kLength = 50;
  if (signer.size() != kLength || !signer.starts_with("SHA256:"))
    return "must be a fingerprint as export shows it, SHA256:...";
  return {};
}

}  // namespace

Run declare_import(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  command.add_option("FILE", options->file, "What \"export\" made; /dev/stdin reads a pipe")->required();
  command.add_flag("--dry-run", options->dry_run, "Only show what would change");
  command
      .add_option("--signer", options->signer,
                  "Fingerprint of the machine that made it; without it, only this machine's own are taken")
      ->type_name("SHA256:...")
      ->check(check_signer);
  command.add_flag("--yes", options->yes, "Do not ask before anything is changed");
  command.add_flag("--json", options->json, "For programs: a JSON array");
  return [options] { return run(*options); };
}

}  // namespace passkeyd::cli
