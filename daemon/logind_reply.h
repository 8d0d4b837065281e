/// Reading logind's replies. A value of another type than org.freedesktop.login1(5) documents is an error,
/// never a default: a session that does not say whether it is remote has not said that it is not.
#pragma once

#include <systemd/sd-bus.h>

#include <string>
#include <vector>

#include "common/result.h"
#include "daemon/place.h"

namespace passkeyd {

/// One row of ListSessions.
struct ListedSession {
  uid_t uid = static_cast<uid_t>(-1);
  std::string path;
};

/// A lone object path. Errors of all of these: Malformed.
Result<std::string> read_path(sd_bus_message *reply);
/// What Properties.Get gives for a number.
Result<std::uint32_t> read_number_property(sd_bus_message *reply);
/// What ListSessions gives. Errors: also Limited, for more than `most`.
Result<std::vector<ListedSession>> read_list(sd_bus_message *reply, std::size_t most);
/// What GetAll gives for a Session; properties that are not needed are passed over.
Result<SeenSession> read_session(sd_bus_message *reply);

}  // namespace passkeyd
