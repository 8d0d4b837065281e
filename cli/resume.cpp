/// passkeyctl resume: an administrator opens a passkey again that was suspended as a possible clone.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "cli/confirm.h"
#include "cli/face.h"
#include "cli/reason.h"
#include "cli/target.h"
#include "cli/verb.h"
#include "client/printable.h"
#include "client/revocation.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kPossibleClone =
    "It was suspended because it counted backwards. An authenticator counts its sign-ins and never does "
    "that, so there\n"
    "may be a second one with the same key: a clone. Some do it all the same once they have been reset or "
    "restored.\n"
    "Resume it only if its owner has had it all the time; in doubt, revoke it and enroll another.\n";

struct Options {
  TargetWords target;
  std::string reason;
  bool yes = false;
};

ExitCode stays_as_it_is(const std::string &sentence) {
  std::fprintf(stderr, "passkeyctl: %s\n", sentence.c_str());
  return ExitCode::NotEnrolled;
}

/// Ok: it is suspended, and in `into`.
ExitCode look(Bus &bus, const Target &target, CredentialRecord &into, Patience &patience) {
  const Result<CredentialList> list = list_credentials(bus, target.user, patience);
  if (!list) return report(list.error());
  Result<CredentialRecord> found = find_credential(list.value(), target.id);
  if (!found && found.error().kind == ErrorKind::NotFound)
    return stays_as_it_is(printable(target.user.str(), UserName::kMaxBytes) +
                          " has no passkey with the ID or name \"" + printable(target.id, 64) + "\"");
  if (!found) return misused(found.error());
  if (found->state == "revoked")
    return stays_as_it_is("the passkey " + label_of(found.value()) + " is revoked, and that is for ever");
  if (found->state != "suspended")
    return stays_as_it_is("the passkey " + label_of(found.value()) + " is not suspended");
  into = std::move(found).value();
  return ExitCode::Ok;
}

ExitCode resume(const Options &options) {
  const Result<Target> target = target_of(options.target);
  if (!target) return misused(target.error());
  return with_authority(Patience(std::chrono::minutes(20)), [&](Bus &bus, Patience &patience) {
    const std::string whose = printable(target->user.str(), UserName::kMaxBytes);
    CredentialRecord record;
    if (const ExitCode found = look(bus, target.value(), record, patience); found != ExitCode::Ok)
      return found;
    const std::string about = "The passkey " + label_of(record) + " of " + whose + ": " +
                              description_of(record) + ".\n" + kPossibleClone;
    if (const ExitCode agreed = confirm(about, "Resume it?", options.yes ? Asked::Already : Asked::Yet);
        agreed != ExitCode::Ok)
      return agreed;
    const Status done = resume_credential(bus, {target->user, record.id, options.reason}, patience);
    if (!done) return report(done.error());
    std::printf("The passkey %s of %s works again.\n", label_of(record).c_str(), whose.c_str());
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_resume(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_target(command, options->target);
  add_reason_option(command, options->reason);
  command.add_flag("--yes", options->yes, "Do not ask first");
  return [options] { return resume(*options); };
}

}  // namespace passkeyd::cli
