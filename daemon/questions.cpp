/// Asking for PINs and keys, and passing cues on.
#include "daemon/questions.h"

namespace passkeyd {

Task<Result<Fd>> ask_hidden(Face &face, const char *message, const std::string &device) {
  Say question(Step::AskSecret, message);
  if (!device.empty()) question.details[detail::kDevice] = device;
  Answer answer = co_await face.ask(std::move(question));
  if (!answer.secret) co_return Error{ErrorKind::Cancelled, "nothing was typed"};
  co_return std::move(*answer.secret);
}

bool may_type_again(const Error &why, int tries) {
  constexpr int kMostTries = 3;
  const bool mistyped = why.kind == ErrorKind::PinWrong || why.kind == ErrorKind::PinInvalid ||
                        why.kind == ErrorKind::CodeWrong || why.kind == ErrorKind::CodeInvalid;
  return mistyped && tries < kMostTries;
}

Task<Result<KeyInfo>> choose_key(Face &face, const std::vector<KeyInfo> &keys) {
  if (keys.empty()) co_return Error{ErrorKind::NoDevice, "no security key is plugged in"};
  if (keys.size() == 1) co_return keys.front();
  std::vector<std::string> names;
  for (const KeyInfo &key : keys) names.push_back(key.name);
  Say question = Say(Step::Choose, message::kChooseDevice).with(detail::kOptions, std::move(names));
  const Answer answer = co_await face.ask(std::move(question));
  if (!answer.choice || *answer.choice >= keys.size())
    co_return Error{ErrorKind::Cancelled, "no key was chosen"};
  co_return keys[*answer.choice];
}

Say cue_for(const std::optional<wire::Event> &cue, const std::string &device) {
  const char *id = message::kDeviceBusy;
  if (cue) id = std::holds_alternative<wire::TouchCue>(*cue) ? message::kTouch : message::kVerify;
  return Say(Step::Tell, id).with(detail::kDevice, device);
}

}  // namespace passkeyd
