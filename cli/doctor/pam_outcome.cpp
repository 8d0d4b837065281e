/// Going down a stack.
#include "cli/doctor/pam_outcome.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace passkeyd::cli {
namespace {

/// What a control says is to be done about an answer.
enum class Deed { Bad, Ignore, Ok, Done, Die, Reset, Jump };

struct Action {
  Deed deed = Deed::Bad;
  std::size_t jump = 0;
};

struct Plain {
  std::string_view word;
  std::string_view meaning;
};
/// pam.conf(5): what the words stand for.
constexpr Plain kPlain[] = {
    {"required", "[success=ok new_authtok_reqd=ok ignore=ignore default=bad]"},
    {"requisite", "[success=ok new_authtok_reqd=ok ignore=ignore default=die]"},
    {"sufficient", "[success=done new_authtok_reqd=done default=ignore]"},
    {"optional", "[success=ok new_authtok_reqd=ok default=ignore]"},
};

std::string_view name_of(PamAnswer answer) {
  switch (answer) {
    case PamAnswer::Success:
      return "success";
    case PamAnswer::Ignore:
      return "ignore";
    case PamAnswer::AuthInfoUnavail:
      return "authinfo_unavail";
    case PamAnswer::PermDenied:
      return "perm_denied";
    case PamAnswer::ModuleUnknown:
      return "module_unknown";
    case PamAnswer::AuthErr:
      break;
  }
  return "auth_err";
}

Action action_of(std::string_view word) {
  if (word == "ok") return {Deed::Ok};
  if (word == "done") return {Deed::Done};
  if (word == "die") return {Deed::Die};
  if (word == "ignore") return {Deed::Ignore};
  if (word == "reset") return {Deed::Reset};
  std::size_t jump = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), jump);
  if (problem == std::errc() && end == word.data() + word.size() && jump > 0) return {Deed::Jump, jump};
  return {Deed::Bad};
}

/// Reads "[value=action ...]". What is not mentioned, also not as default, is bad.
Action find(std::string_view control, std::string_view answer) {
  for (const Plain &row : kPlain)
    if (row.word == control) control = row.meaning;
  if (control.starts_with('[')) control.remove_prefix(1);
  if (control.ends_with(']')) control.remove_suffix(1);
  Action otherwise;
  while (!control.empty()) {
    const std::size_t end = std::min(control.find_first_of(" \t"), control.size());
    const std::string_view pair = control.substr(0, end);
    control.remove_prefix(std::min(end + 1, control.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(0, equals);
    const std::string_view word = pair.substr(std::min(equals + 1, pair.size()));
    if (value == answer) return action_of(word);
    if (value == "default") otherwise = action_of(word);
  }
  return otherwise;
}

/// What has been made of the answers so far.
struct State {
  enum class Impression { Undecided, Positive, Negative } impression = Impression::Undecided;
  PamAnswer status = PamAnswer::PermDenied;

  void refuse(PamAnswer answer) {
    if (impression == Impression::Negative) return;
    impression = Impression::Negative;
    status = answer == PamAnswer::Success || answer == PamAnswer::Ignore ? PamAnswer::PermDenied : answer;
  }
  void accept(PamAnswer answer) {
    const bool open = impression == Impression::Undecided ||
                      (impression == Impression::Positive && status == PamAnswer::Success);
    if (!open) return;
    impression = Impression::Positive;
    status = answer;
  }
};

/// Ends early at "done" and "die": of a substack, that is the end of the substack alone.
void run(const std::vector<PamEntry> &stack, const PamAnswers &answers, State &state) {
  const State before = state;
  for (std::size_t at = 0; at < stack.size(); ++at) {
    const PamEntry &entry = stack[at];
    if (entry.module.empty()) {
      run(entry.inner, answers, state);
      continue;
    }
    const PamAnswer answer = answers(entry);
    const Action action = find(entry.control, name_of(answer));
    switch (action.deed) {
      case Deed::Ignore:
        break;
      case Deed::Reset:
        state = before;
        break;
      case Deed::Ok:
        state.accept(answer);
        break;
      case Deed::Bad:
        state.refuse(answer);
        break;
      case Deed::Die:
        return state.refuse(answer);
      case Deed::Done:
        state.accept(answer);
        if (state.impression == State::Impression::Positive) return;
        break;
      case Deed::Jump:
        // It decides nothing by itself: a stack that ends after one is still undecided, and refuses.
        if (action.jump > stack.size() - at - 1) return state.refuse(PamAnswer::AuthErr);
        at += action.jump;
        break;
    }
  }
}

}  // namespace

bool opens(const std::vector<PamEntry> &stack, const PamAnswers &answers) {
  State state;
  run(stack, answers, state);
  return state.impression == State::Impression::Positive && state.status == PamAnswer::Success;
}

}  // namespace passkeyd::cli
