/// The operations a ceremony process can perform, each one blocking call into usb/, tpm/, libcrypt or the
/// account database.
#pragma once

#include <functional>
#include <vector>

#include "daemon/ceremony/reach.h"
#include "daemon/ceremony/wire.h"

namespace passkeyd {

/// The last event of a ceremony, and the files that go with it.
struct LastWord {
  wire::Event event;
  std::vector<Fd> files = {};
};

/// Performs `request` over its own reach (reach_for) with the secrets that came along; cues go to `say`.
LastWord perform(const wire::Request &request, const Reach &reach, std::vector<Fd> secrets,
                 const std::function<void(const wire::Event &)> &say);

/// From another thread: makes a key that waits for a touch stop waiting.
void cancel_operation();

}  // namespace passkeyd
