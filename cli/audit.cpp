/// passkeyctl audit: what happened, as a table or as JSON lines; as it happens; and whether the record of it
/// is whole.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/audit_pages.h"
#include "cli/audit_text.h"
#include "cli/audit_verify.h"
#include "cli/face.h"
#include "cli/output.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "cli/when.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  std::string since;
  std::string until;
  std::string head;
  std::size_t lines = 0;
  bool all = false;
  bool json = false;
  bool follow = false;
  bool verify = false;
};

constexpr std::size_t kFollowedLines = 10;  ///< what --follow begins with, as tail(1) has it
constexpr std::size_t kMostLines = 1'000'000'000;

Result<std::optional<std::int64_t>> time_of(const std::string &text) {
  if (text.empty()) return std::optional<std::int64_t>();
  return std::optional(TRY(parse_when(text, time_now())));
}

/// Root looks at everybody's records unless told otherwise, everybody else at their own.
Result<AuditRange> range_of(const Options &options) {
  AuditRange range;
  if (!options.user.empty() || (geteuid() != 0 && !options.all)) range.user = TRY(user_of(options.user));
  range.since = TRY(time_of(options.since));
  range.until = TRY(time_of(options.until));
  if (options.lines > 0) range.newest = options.lines;
  if (options.follow && !range.newest && !range.since) range.newest = kFollowedLines;
  return range;
}

/// Puts pages on standard output, each of them at once.
class Printer {
 public:
  explicit Printer(bool json) : json_(json) {}
  Status take(std::span<const AuditLine> page) {
    Output output;
    if (json_)
      for (const AuditLine &line : page) output.put(audit_json(line));
    else
      output.put(audit_table(page, std::exchange(heading_, Heading::No)));
    return output.finish();
  }

 private:
  bool json_;
  Heading heading_ = Heading::Yes;
};

ExitCode show(const Options &options) {
  const Result<AuditRange> range = range_of(options);
  if (!range) return report(range.error());
  return with_authority(Patience(std::chrono::hours(1)), [&](Bus &bus, Patience &patience) {
    Printer printer(options.json);
    const TakePage take = [&](std::span<const AuditLine> page) { return printer.take(page); };
    const Result<std::int64_t> last = read_audit(bus, range.value(), take, patience);
    if (!last) return report(last.error());
    if (!options.follow) return ExitCode::Ok;
    const Status ended = follow_audit(bus, range.value(), last.value(), take);
    return ended ? ExitCode::Ok : report(ended.error());
  });
}

std::string check_time(const std::string &text) {
  const Result<std::int64_t> parsed = parse_when(text, time_now());
  return parsed ? std::string() : parsed.error().sentence;
}

}  // namespace

Run declare_audit(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  CLI::Option *user = command.add_option("--user", options->user, "Only what is about this account");
  user->type_name("NAME")->check([](const std::string &given) {
    const Result<UserName> parsed = UserName::parse(given);
    return parsed ? std::string() : parsed.error().sentence;
  });
  CLI::Option *all =
      command.add_flag("--all", options->all, "Everybody's records; for root that is the default");
  CLI::Option *since =
      command.add_option("--since", options->since, "Only from this time on: 2026-12-01, today, -2h");
  CLI::Option *until = command.add_option("--until", options->until, "Only up to this time");
  since->type_name("TIME")->check(check_time);
  until->type_name("TIME")->check(check_time);
  CLI::Option *lines = command.add_option("-n,--lines", options->lines, "Only so many, the newest");
  lines->type_name("LINES")->check(CLI::Range(std::size_t{1}, kMostLines));
  command.add_flag("--json", options->json, "For programs: a JSON object a line");
  CLI::Option *follow =
      command.add_flag("--follow,-f", options->follow, "Go on with what happens from now on");
  CLI::Option *verify =
      command.add_flag("--verify", options->verify, "See whether a record was altered or is missing");
  CLI::Option *head = command.add_option("--head", options->head,
                                         "With --verify: this hash, noted earlier, must be in the chain");
  head->type_name("HASH")->check(check_head)->needs(verify);
  all->excludes(user);
  follow->excludes(until);
  for (CLI::Option *other : {user, all, since, until, lines, follow}) verify->excludes(other);
  return [options] {
    return options->verify ? verify_chain({options->head, options->json}) : show(*options);
  };
}

}  // namespace passkeyd::cli
