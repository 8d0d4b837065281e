/// What the host said, what logind says, and the rules of daemon/place.h.
#include "daemon/presence.h"

#include <unistd.h>

#include <array>

#include "common/log.h"
#include "daemon/caller.h"
#include "daemon/gate.h"
#include "daemon/logind.h"
#include "daemon/place.h"

namespace passkeyd {
namespace {

/// How many ask logind at once: it answers one after the other, and a bus daemon holds no more than 128 open
/// questions of a connection. Who waits here has all of the time for the asking yet.
constexpr std::size_t kMostAsking = 16;
Gate &asking() {
  static Gate gate(kMostAsking);
  return gate;
}

/// Empty if the machine does not say: then no name of PAM_RHOST is taken for it.
std::string own_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

Asked asked_by(const LoginRequest &request, std::optional<uid_t> target) {
  return {request.service, request.tty, request.remote_host, own_host(), request.caller_uid, target};
}

Place elsewhere_because(const std::string &why) {
  log_line(LogLevel::Warning, "whether the person is at this machine cannot be told: " + why);
  return Place::Remote;
}

}  // namespace

bool comes_over_the_network(const LoginRequest &request) {
  return comes_over_the_network(asked_by(request, std::nullopt));
}

Task<Place> find_place(sd_event *loop, sd_bus *bus, const LoginRequest &request,
                       std::optional<uid_t> target) {
  const Asked asked = asked_by(request, target);
  if (comes_over_the_network(asked)) co_return Place::Remote;
  const Gate::Pass pass = co_await asking().enter(loop);
  const Result<CallerProcess> process = CallerProcess::hold(request.caller_pid);
  const Interest interest{asks_about_everybody(asked.service), target};
  Result<Sightings> seen = co_await ask_logind(loop, bus, request.caller_pid, interest);
  if (!seen && seen.error().kind == ErrorKind::Timeout && asking().is_crowded())
    seen = co_await ask_logind(loop, bus, request.caller_pid, interest, kLogindDeadlineInACrowd);
  if (!seen) co_return elsewhere_because(seen.error().sentence);
  if (seen->caller == Belongs::NoLogind) co_return place_from(asked, seen.value());
  // Logind was asked about a number. It was about the caller only if the process was there before and is
  // still.
  if (!process) co_return elsewhere_because(process.error().sentence);
  const Status same = process->is_still(request.caller_uid);
  if (!same) co_return elsewhere_because(same.error().sentence);
  co_return place_from(asked, seen.value());
}

}  // namespace passkeyd
