/// Hosts: the programs that ask PAM, by their service name, and what becomes of a question there. A password
/// that is taken for a PIN costs a try, and eight of those lock a key for ever; so where a host fills in
/// answers before anybody asked, nothing but a password is asked for.
#pragma once

#include <optional>
#include <string_view>

#include "client/requests.h"

namespace passkeyd {

enum class HostKind {
  NoAnswer,    ///< nobody ever sees a question: it would wait for ever
  OneAnswer,   ///< one field, filled in before anybody asked; a second question gets the same text, or an
               ///< abort
  OfferFirst,  ///< talks, but not always: must begin with a prompt that takes a password as well
  Askpass,     ///< as OfferFirst, and at the other end of the network may be a passkey-askpass
  OfferBest,   ///< talks, but has no way out of a wait: begins so unless told otherwise, so that a key that
               ///< blinks keeps nobody from typing a password
  Talks,       ///< every question reaches the person, and Ctrl-C ends a wait
};

/// What of our words is on the screen.
enum class Words {
  All,       ///< every text and every question
  LastOnly,  ///< one line: a text takes the place of the one before it, and a question is mostly not shown
};

/// What the table says of `service`.
Words words_shown_by(std::string_view service);

/// What the table says of `service`, unless `wanted` overrides it. "talks" leaves the three Offers as they
/// are: such hosts do talk. A service that is not in the table talks.
HostKind host_kind_of(std::string_view service, std::optional<HostTalk> wanted);

}  // namespace passkeyd
