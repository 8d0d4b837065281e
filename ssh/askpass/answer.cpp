/// From a challenge to the line that goes back.
#include "ssh/askpass/answer.h"

namespace passkeyd::askpass {
namespace {

/// Those that say, without a touch, that they hold one of the credentials: a PIN goes to no other. Whoever
/// has the account's name can ask for a challenge, and so this is also what keeps a stranger's from blinking.
Result<std::vector<PasskeySource *>> holding(const PasskeySources &sources, const RpId &rp_id,
                                             const std::vector<Bytes> &ids) {
  std::vector<PasskeySource *> found;
  Error why{sources.empty() ? ErrorKind::NoDevice : ErrorKind::NoCredential,
            "nothing here holds the passkey"};
  for (const std::unique_ptr<PasskeySource> &each : sources) {
    Result<bool> holds = each->holds(rp_id, ids);
    if (!holds)
      why = std::move(holds).error();
    else if (holds.value())
      found.push_back(each.get());
  }
  if (found.empty()) return why;
  return found;
}

AssertionRequest request_for(const Challenged &asked, RpId rp_id) {
  const ssh::AssertionPrompt &challenge = asked.challenge;
  AssertionRequest request{
      std::move(rp_id),
      client_data_json(Ceremony::Get, challenge.challenge, ssh::origin_of(asked.target.host)),
      challenge.user_verification,
      {}};
  for (const Bytes &id : challenge.allowed) request.allowed.push_back({id, {}, 0});
  request.timeout = challenge.timeout;
  return request;
}

}  // namespace

Result<std::string> answer(const Challenged &asked, const PasskeySources &sources, const Hosts &hosts,
                           Conversation &person) {
  const ssh::AssertionPrompt &challenge = asked.challenge;
  const RpId rp_id = TRY(RpId::parse(challenge.rp_id));
  if (!goes_with(asked.target.host, rp_id, hosts)) {
    const std::string &host = asked.target.host;
    TRY(person.tell(Tone::Trouble, host + " asks for a passkey of " + rp_id.str() +
                                       ", which is another name, and gets no answer. If it is the same "
                                       "machine, put this line into ~/.config/passkeyd/hosts: " +
                                       host + " " + rp_id.str()));
    return Error{ErrorKind::NotAllowed, "the relying party does not go with the host"};
  }
  const std::vector<PasskeySource *> able = TRY(holding(sources, rp_id, challenge.allowed));
  PasskeySource *source = TRY(choose_one(able, person));
  const std::optional<Assertion> assertion = TRY(source->prove(request_for(asked, rp_id), person));
  if (!assertion) return Error{ErrorKind::NoCredential, "the authenticator holds none of them after all"};
  return ssh::write(*assertion, challenge);
}

}  // namespace passkeyd::askpass
