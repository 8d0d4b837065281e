/// The loop.
#include "client/dialogue.h"

#include <utility>

#include "client/answer.h"
#include "client/words.h"
#include "common/steps.h"

namespace passkeyd {
namespace {

/// How long this attempt's steps may take, each.
struct Pace {
  Patience::Time begin = Bus::kManagerTime;
  Patience::Time step = kStepTime;
};

/// nullopt: not over yet.
std::optional<Ending> ending_of(Step step) {
  switch (step) {
    case Step::Granted:
      return Ending::Granted;
    case Step::Denied:
      return Ending::Denied;
    case Step::Unavailable:
      return Ending::Unavailable;
    case Step::Tell:
    case Step::AskSecret:
    case Step::Ask:
    case Step::Choose:
    case Step::Offer:
      return std::nullopt;
  }
  return Ending::Unavailable;
}

class Dialogue {
 public:
  Dialogue(Bus &bus, std::string attempt, Talk &talk, Patience &patience, Patience::Time step_time)
      : bus_(bus), attempt_(std::move(attempt)), talk_(talk), patience_(patience), step_time_(step_time) {}

  /// To the daemon's last step, or to the password.
  Result<Outcome> run() {
    Answer answer = Nothing{};
    for (int steps = 0; steps < kMaxSteps; ++steps) {
      NextStep next = TRY(next_step(answer));
      if (const std::optional<Ending> ending = ending_of(next.step))
        return Outcome{*ending, std::move(next.details)};
      answer = TRY(render(next, talk_));
      if (std::holds_alternative<Password>(answer)) return Outcome{Ending::Password, std::move(next.details)};
    }
    return Error{ErrorKind::Malformed, "the attempt has no end"};
  }

  void cancel() { bus_.post(attempt_, bus::kAttempt, "Cancel"); }

 private:
  Result<NextStep> next_step(const Answer &answer) {
    const Message reply = TRY(bus_.call_object(
        attempt_, bus::kAttempt, "Next", [&](sd_bus_message *call) { return append_answer(call, answer); },
        patience_, step_time_));
    return read_next_step(reply.get());
  }

  Bus &bus_;
  std::string attempt_;
  Talk &talk_;
  Patience &patience_;
  Patience::Time step_time_;
};

Outcome failed(const Error &error) {
  return {Ending::Unavailable, Details{std::string(name_of(error.kind))}, error.sentence};
}

/// Opens the attempt: calls `method` with the request; gives the attempt's object path.
template <class Request>
Result<std::string> begin(Bus &bus, const char *method, const Request &request, Patience &patience,
                          Patience::Time most) {
  const auto fill = [&](sd_bus_message *call) {
    int code = sd_bus_message_open_container(call, 'a', "{sv}");
    if (code >= 0) code = append_request(call, request);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  const Message reply = TRY(bus.call_manager(method, fill, patience, most));
  const char *path = nullptr;
  if (sd_bus_message_has_signature(reply.get(), "o") <= 0 ||
      sd_bus_message_read(reply.get(), "o", &path) <= 0)
    return Error{ErrorKind::Malformed, std::string(method) + ": the answer is no object path"};
  return std::string(path);
}

template <class Request>
Outcome run(Bus &bus, const char *method, const Request &request, Talk talk, Patience &patience, Pace pace) {
  Result<std::string> attempt = begin(bus, method, request, patience, pace.begin);
  if (!attempt) return failed(attempt.error());
  Dialogue dialogue(bus, std::move(attempt).value(), talk, patience, pace.step);
  Result<Outcome> ended = dialogue.run();
  if (!ended || ended->ending == Ending::Password) dialogue.cancel();
  Outcome outcome = ended ? std::move(ended).value() : failed(ended.error());
  outcome.refused = talk.refused;
  if (talk.typed && outcome.ending != Ending::Granted) {
    outcome.ending = Ending::Password;
    outcome.password = std::move(talk.typed);
  }
  return outcome;
}

}  // namespace

Outcome run_login(Bus &bus, const LoginRequest &request, Conversation &conversation, Patience &patience) {
  return run(bus, "BeginLogin", request, Talk{conversation, request.typed}, patience,
             Pace{.step = kStepTime + request.wait});
}

Outcome run_enrollment(Bus &bus, const EnrollRequest &request, Conversation &conversation,
                       Patience &patience) {
  return run(bus, "BeginEnrollment", request, Talk{conversation}, patience,
             Pace{.begin = Bus::kAuthorityTime});
}

Outcome run_guest_enrollment(Bus &bus, const GuestEnrollRequest &request, Conversation &conversation,
                             Patience &patience) {
  return run(bus, "BeginGuestEnrollment", request, Talk{conversation}, patience, Pace{});
}

Outcome run_guest_assertion(Bus &bus, const GuestAssertRequest &request, Conversation &conversation,
                            Patience &patience) {
  return run(bus, "BeginGuestAssertion", request, Talk{conversation}, patience, Pace{});
}

Outcome run_pin_change(Bus &bus, const PinChangeRequest &request, Conversation &conversation,
                       Patience &patience) {
  return run(bus, "BeginPinChange", request, Talk{conversation}, patience, Pace{});
}

}  // namespace passkeyd
