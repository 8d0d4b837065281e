/// Answers to the Manager's callers, as the bus carries them: one write() for each kind of value, one way to
/// send it.
#pragma once

#include <systemd/sd-bus.h>

#include <exception>
#include <vector>

#include "common/log.h"
#include "daemon/administration.h"
#include "daemon/bus.h"
#include "daemon/config.h"
#include "daemon/health.h"
#include "daemon/task.h"
#include "webauthn/credential.h"

namespace passkeyd {

// Each appends its value to a reply and gives a negative errno on failure.

/// Nothing at all.
int write(sd_bus_message *reply, const Ok &done);
/// a{sv}: locked (b), all-methods (b), reason (s), codes-left (u).
int write(sd_bus_message *reply, const Standing &standing);
/// hu: the file and how many codes are in it.
int write(sd_bus_message *reply, const NewCodes &codes);
/// aa{sv}: key, value, source (all s).
int write(sd_bus_message *reply, const std::vector<PolicyLine> &lines);
/// aa{sv}: check, level, detail (all s), and numbers by name (t).
int write(sd_bus_message *reply, const std::vector<Finding> &findings);
/// aa{sv}: id, name, way, device, state, user, created, last-used (absent if never), user-verification,
/// synced. Public facts only: no key, no wrapped blob.
int write(sd_bus_message *reply, const std::vector<Credential> &credentials);

/// Answers `call` with `value`. Errors: Io.
template <class T>
Status reply(sd_bus_message *call, const T &value) {
  sd_bus_message *made = nullptr;
  int failed = sd_bus_message_new_method_return(call, &made);
  const BusMessage held(made);
  if (failed >= 0) failed = write(made, value);
  if (failed >= 0) failed = sd_bus_send(sd_bus_message_get_bus(call), made, nullptr);
  if (failed < 0) return errno_error("answer", -failed);
  return Ok{};
}

/// Waits for what was asked and answers `call` with it, or with its error. A caller that has gone away by
/// then misses nothing but the answer.
template <class T>
Task<void> reply_later(BusMessage call, Task<Result<T>> asked) {
  Result<T> got = Error{};
  try {
    got = co_await asked;
  } catch (const std::exception &error) {
    log_line(LogLevel::Error, std::string("a call broke off: ") + error.what());
  }
  const Status answered = got ? reply(call.get(), got.value()) : Status(got.error());
  if (!answered) reply_error(call.get(), answered.error());
}

}  // namespace passkeyd
