/// Finding them, and choosing.
#include "ssh/askpass/authenticators.h"

#include <unistd.h>

#include "client/words.h"
#include "ssh/askpass/security_key.h"
#include "ssh/askpass/this_computer.h"

namespace passkeyd::askpass {

Result<PasskeySources> authenticators_here(ThisComputerIf computer) {
  PasskeySources sources;
  for (KeyInfo &key : TRY(plugged_keys()))
    // Another person's seat, or another's turn at this one: as if it were not plugged in.
    if (access(key.path.c_str(), R_OK | W_OK) == 0)
      sources.push_back(std::make_unique<SecurityKey>(std::move(key)));
  std::unique_ptr<ThisComputer> here = ThisComputer::find();
  if (here != nullptr && (computer == ThisComputerIf::Answers || here->holds_any()))
    sources.push_back(std::move(here));
  return sources;
}

Result<PasskeySource *> choose_one(const std::vector<PasskeySource *> &sources, Conversation &person) {
  if (sources.empty()) return Error{ErrorKind::NoDevice, "no authenticator is here"};
  if (sources.size() == 1) return sources.front();
  std::vector<std::string> names;
  for (const PasskeySource *each : sources) names.push_back(each->name());
  const std::optional<std::size_t> chosen =
      TRY(person.choose(words_for({.message = message::kChooseDevice}), names));
  if (!chosen) return Error{ErrorKind::Cancelled, "none was chosen"};
  return sources[*chosen];
}

}  // namespace passkeyd::askpass
