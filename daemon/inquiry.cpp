/// Asking over the bus.
#include "daemon/inquiry.h"

#include <ctime>
#include <string_view>

#include "common/log.h"
#include "daemon/mailbox.h"

namespace passkeyd {
namespace {

constexpr const char *kDriver = "org.freedesktop.DBus";
constexpr const char *kDriverPath = "/org/freedesktop/DBus";

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1'000;
}

bool says_nobody_is_there(sd_bus_message *reply) {
  const sd_bus_error *said = sd_bus_message_get_error(reply);
  if (said == nullptr || said->name == nullptr) return false;
  const std::string_view name = said->name;
  return name == SD_BUS_ERROR_SERVICE_UNKNOWN || name == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
         name.starts_with("org.freedesktop.DBus.Error.Spawn.");
}

BusMessage to_driver(const Inquiry &inquiry, const char *name, const char *about) {
  const BusMethod method{kDriver, kDriverPath, kDriver, name};
  return compose(inquiry, method, "s", about);
}

Error malformed(const Inquiry &inquiry) {
  return {ErrorKind::Malformed, std::string("who owns the bus name of ") + inquiry.whom + " cannot be read"};
}

/// The bus's word on the unique name; nullopt: nobody has it.
Task<Result<std::optional<std::string>>> unique_name_of(const Inquiry &inquiry, const char *name) {
  const Result<BusMessage> owned = co_await ask(inquiry, to_driver(inquiry, "GetNameOwner", name));
  if (!owned) co_return owned.error();
  if (says_nobody_is_there(owned->get())) co_return std::optional<std::string>();
  if (is_error(owned->get(), nullptr)) co_return failure(inquiry, owned->get());
  const char *unique = nullptr;
  if (sd_bus_message_has_signature(owned->get(), "s") <= 0 ||
      sd_bus_message_read(owned->get(), "s", &unique) <= 0)
    co_return malformed(inquiry);
  co_return std::optional<std::string>(unique);
}

/// False: the bus knows no way to start it.
Task<Result<bool>> start(const Inquiry &inquiry, const char *name) {
  const BusMethod start{kDriver, kDriverPath, kDriver, "StartServiceByName"};
  const Result<BusMessage> started = co_await ask(inquiry, compose(inquiry, start, "su", name, 0U));
  if (!started) co_return started.error();
  if (says_nobody_is_there(started->get())) co_return false;
  if (is_error(started->get(), nullptr)) co_return failure(inquiry, started->get());
  co_return true;
}

}  // namespace

Inquiry Inquiry::within(std::chrono::microseconds time, sd_event *loop, sd_bus *bus, const char *whom) {
  return {loop, bus, now() + static_cast<std::uint64_t>(time.count()), whom};
}

bool is_error(sd_bus_message *reply, const char *name) {
  return sd_bus_message_is_method_error(reply, name) > 0;
}

Error failure(const Inquiry &inquiry, sd_bus_message *reply) {
  const sd_bus_error *said = sd_bus_message_get_error(reply);
  const std::string name =
      said != nullptr && said->name != nullptr ? said->name : "an answer that was not asked for";
  const bool late = name == SD_BUS_ERROR_NO_REPLY || name == SD_BUS_ERROR_TIMEOUT;
  return {late ? ErrorKind::Timeout : ErrorKind::Io, std::string(inquiry.whom) + ": " + log_safe(name)};
}

Task<Result<BusMessage>> ask(const Inquiry &inquiry, BusMessage question) {
  if (!question)
    co_return Error{ErrorKind::Internal, std::string("a question to ") + inquiry.whom + " cannot be put"};
  const std::uint64_t begin = now();
  if (begin >= inquiry.deadline)
    co_return Error{ErrorKind::Timeout, std::string(inquiry.whom) + " takes too long"};
  const auto arrived = [](sd_bus_message *reply, void *box, sd_bus_error *) {
    static_cast<Mailbox<BusMessage> *>(box)->post(keep(reply));
    return 0;
  };
  Mailbox<BusMessage> replies(inquiry.loop);
  sd_bus_slot *held = nullptr;
  const int failed =
      sd_bus_call_async(inquiry.bus, &held, question.get(), arrived, &replies, inquiry.deadline - begin);
  if (failed < 0) co_return errno_error(std::string("ask ") + inquiry.whom, -failed);
  const BusSlot pending(held);  // after the mailbox: it ends first
  BusMessage reply = co_await replies.next();
  // Nobody else may answer in its place; the bus writes the sender, so this is worth looking at. What sd-bus
  // itself says (too late, bus gone) has another sender as well, and is a failure, too.
  const char *sender = sd_bus_message_get_sender(reply.get());
  const char *asked = sd_bus_message_get_destination(question.get());
  if (sender == nullptr || asked == nullptr || std::string_view(sender) != asked)
    co_return failure(inquiry, reply.get());
  co_return reply;
}

Task<Result<BusMessage>> ask_plainly(const Inquiry &inquiry, BusMessage question) {
  Result<BusMessage> reply = co_await ask(inquiry, std::move(question));
  if (reply && is_error(reply->get(), nullptr)) co_return failure(inquiry, reply->get());
  co_return reply;
}

Task<Result<std::optional<NameOwner>>> find_owner(const Inquiry &inquiry, const char *name) {
  Result<std::optional<std::string>> owner = co_await unique_name_of(inquiry, name);
  if (owner && !owner.value()) {
    const Result<bool> started = co_await start(inquiry, name);
    if (!started) co_return started.error();
    if (!started.value()) co_return std::optional<NameOwner>();
    owner = co_await unique_name_of(inquiry, name);
  }
  if (!owner) co_return owner.error();
  if (!owner.value())
    co_return Error{ErrorKind::Disconnected, std::string(inquiry.whom) + " has gone away again"};
  NameOwner found{*owner.value(), static_cast<uid_t>(-1)};
  const Result<BusMessage> known =
      co_await ask_plainly(inquiry, to_driver(inquiry, "GetConnectionUnixUser", found.unique_name.c_str()));
  if (!known) co_return known.error();
  if (sd_bus_message_has_signature(known->get(), "u") <= 0 ||
      sd_bus_message_read(known->get(), "u", &found.uid) <= 0)
    co_return malformed(inquiry);
  co_return std::optional<NameOwner>(std::move(found));
}

}  // namespace passkeyd
