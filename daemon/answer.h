/// Answering for everybody: methods about the machine or all accounts need a line of the table each, which
/// names what reads their arguments, if they have any, and what does the work. reply.h has a write() for what
/// that gives.
#pragma once

#include <type_traits>
#include <utility>

#include "daemon/admission.h"
#include "daemon/reply.h"

namespace passkeyd {

/// `work`: Task<Result<T>>(House &) or Task<Result<T>>(House &, Actor).
template <auto work>
Task<Status> answer_for_all(House &house, Call call) {
  const Status allowed = co_await admit_to_all(house, call);
  if (!allowed) co_return allowed;
  if constexpr (std::is_invocable_v<decltype(work), House &>) {
    const auto done = co_await work(house);
    if (!done) co_return done.error();
    co_return reply(call.message.get(), done.value());
  } else {
    const auto done = co_await work(house, actor_of(call.caller));
    if (!done) co_return done.error();
    co_return reply(call.message.get(), done.value());
  }
}

/// `read`: Result<A>(sd_bus_message *), before anybody is asked; `work`: Task<Result<T>>(House &, A, Actor).
template <auto read, auto work>
Task<Status> answer_for_all(House &house, Call call) {
  auto arguments = read(call.message.get());
  if (!arguments) co_return arguments.error();
  const Status allowed = co_await admit_to_all(house, call);
  if (!allowed) co_return allowed;
  const auto done = co_await work(house, std::move(arguments).value(), actor_of(call.caller));
  if (!done) co_return done.error();
  co_return reply(call.message.get(), done.value());
}

}  // namespace passkeyd
