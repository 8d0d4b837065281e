/// Errand: a ceremony without cues and without a person, such as looking up an account or describing a key.
#pragma once

#include "daemon/house.h"
#include "daemon/task.h"

namespace passkeyd {

/// Longest an errand may take, its process included. A key that somebody else holds or an account database
/// that hangs ends here.
inline constexpr std::chrono::seconds kErrandDeadline{5};

template <class T>
struct Returned {
  T value;
  std::vector<Fd> files;  ///< what came along, unread
};

/// Runs one ceremony to its last event. `secrets` go along unread. Errors: the ceremony's, or Malformed if it
/// answers something else than a T.
template <class T>
Task<Result<Returned<T>>> errand(House &house, wire::Request request, std::string device,
                                 std::vector<Fd> secrets = {},
                                 std::chrono::milliseconds deadline = kErrandDeadline) {
  Mailbox<News> news(house.loop);
  const auto ceremony =
      house.ceremonies.start(std::move(request), std::move(device), std::move(secrets), news, 0, deadline);
  for (;;) {
    News latest = co_await news.next();
    if (!latest.event || !is_last(*latest.event)) continue;
    if (auto *answer = std::get_if<T>(&*latest.event))
      co_return Returned<T>{std::move(*answer), std::move(latest.files)};
    if (auto *error = std::get_if<Error>(&*latest.event)) co_return std::move(*error);
    co_return Error{ErrorKind::Malformed, "the ceremony answered something else"};
  }
}

/// The account of that name as the system knows and spells it now: a directory may know it by other
/// spellings, too. NotFound if there is none.
Task<Result<Account>> look_up(House &house, UserName user);

/// Says in the log which stored credentials cannot be read.
void log_problems(const Credentials &stored);

}  // namespace passkeyd
