/// Answering the server: may it ask for this, which authenticator holds it, and the line that goes back.
#pragma once

#include "ssh/askpass/authenticators.h"
#include "ssh/askpass/hosts.h"
#include "ssh/askpass/prompt.h"

namespace passkeyd::askpass {

/// Whether this host may have an answer, and the answer, for ssh to send. Errors: NotAllowed (the relying
/// party does not go with the host; `person` was told); NoDevice, NoCredential; the authenticator's;
/// InvalidInput if it would be longer than ssh takes.
Result<std::string> answer(const Challenged &asked, const PasskeySources &sources, const Hosts &hosts,
                           Conversation &person);

}  // namespace passkeyd::askpass
