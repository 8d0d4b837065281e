/// Reaching the daemon and reporting.
#include "cli/face.h"

#include <cstdio>
#include <optional>
#include <string_view>

#include "cli/agent.h"
#include "client/printable.h"
#include "client/words.h"

namespace passkeyd::cli {
namespace {

struct Row {
  std::string_view message;
  ExitCode code;
};

/// By message id; every other unavailable end is Unavailable.
constexpr Row kCodes[] = {
    {"not-allowed", ExitCode::NotAllowed}, {"not-enrolled", ExitCode::NotEnrolled},
    {"not-found", ExitCode::NotEnrolled},  {"locked", ExitCode::NotAllowed},
    {"limited", ExitCode::Limited},
};

/// May polkit ask? Of the whole program, as it is said once, before any verb runs.
Interactive questions = Interactive::Yes;

ExitCode code_of(std::string_view message, ExitCode otherwise) {
  for (const Row &row : kCodes)
    if (row.message == message) return row.code;
  return otherwise;
}

void complain(const Details &details, const std::string &fault) {
  const std::string detail = fault.empty() ? "" : " (" + printable(fault, 512) + ")";
  std::fprintf(stderr, "passkeyctl: %s%s\n", words_for(details).c_str(), detail.c_str());
}

}  // namespace

void forbid_questions() {
  questions = Interactive::No;
}

ExitCode with_bus(Patience patience, const std::function<ExitCode(Bus &, Patience &)> &body) {
  Result<Bus> bus = Bus::open(patience, questions);
  return bus ? body(bus.value(), patience) : report(bus.error());
}

ExitCode with_authority(Patience patience, const std::function<ExitCode(Bus &, Patience &)> &body) {
  std::optional<Agent> agent;
  if (questions == Interactive::Yes) agent.emplace();
  return with_bus(patience, body);
}

ExitCode with_bus_about(const std::string &user, Patience patience,
                        const std::function<ExitCode(Bus &, Patience &)> &body) {
  return user.empty() ? with_bus(patience, body) : with_authority(patience, body);
}

ExitCode report(const Error &error) {
  const std::string message(name_of(error.kind));
  complain({message}, error.sentence);
  return code_of(message, ExitCode::Unavailable);
}

ExitCode conclude_quietly(const Outcome &outcome) {
  if (outcome.ending == Ending::Granted) return ExitCode::Ok;
  complain(outcome.details, outcome.fault);
  return code_of(outcome.details.message,
                 outcome.ending == Ending::Denied ? ExitCode::Denied : ExitCode::Unavailable);
}

ExitCode conclude(const Outcome &outcome, const char *granted) {
  if (const ExitCode code = conclude_quietly(outcome); code != ExitCode::Ok) return code;
  Details details = outcome.details;
  if (details.message.empty()) details.message = granted;
  std::printf("%s\n", words_for(details).c_str());
  if (!details.credential.empty()) std::printf("Credential: %s\n", details.credential.c_str());
  return ExitCode::Ok;
}

}  // namespace passkeyd::cli
