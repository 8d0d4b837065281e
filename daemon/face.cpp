/// The Attempt object: Next and Cancel.
#include "daemon/face.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace passkeyd {
namespace {

constexpr std::size_t kMaxKey = 256;
constexpr int kMaxEntries = 16;

int append_detail(sd_bus_message *reply, const Say::Detail &value) {
  if (const auto *text = std::get_if<std::string>(&value))
    return sd_bus_message_append(reply, "v", "s", text->c_str());
  if (const auto *number = std::get_if<std::uint32_t>(&value))
    return sd_bus_message_append(reply, "v", "u", *number);
  if (const auto *truth = std::get_if<bool>(&value))
    return sd_bus_message_append(reply, "v", "b", *truth ? 1 : 0);
  const auto &options = std::get<std::vector<std::string>>(value);
  int failed = sd_bus_message_open_container(reply, 'v', "as");
  if (failed >= 0) failed = sd_bus_message_open_container(reply, 'a', "s");
  for (const std::string &option : options)
    if (failed >= 0) failed = sd_bus_message_append(reply, "s", option.c_str());
  if (failed >= 0) failed = sd_bus_message_close_container(reply);
  if (failed >= 0) failed = sd_bus_message_close_container(reply);
  return failed;
}

int append_step(sd_bus_message *reply, const Say &say) {
  int failed = sd_bus_message_append(reply, "s", std::string(name_of(say.step)).c_str());
  if (failed >= 0) failed = sd_bus_message_open_container(reply, 'a', "{sv}");
  for (const auto &[key, value] : say.details) {
    if (failed >= 0) failed = sd_bus_message_open_container(reply, 'e', "sv");
    if (failed >= 0) failed = sd_bus_message_append(reply, "s", key.c_str());
    if (failed >= 0) failed = append_detail(reply, value);
    if (failed >= 0) failed = sd_bus_message_close_container(reply);
  }
  if (failed >= 0) failed = sd_bus_message_close_container(reply);
  return failed;
}

/// One value of the answer dictionary. Keys we do not know are passed over, so that newer faces can say more.
int read_value(sd_bus_message *call, std::string_view key, std::size_t longest_text, Answer &into) {
  if (key == answer::kSecret) {
    int borrowed = -1;
    const int failed = sd_bus_message_read(call, "v", "h", &borrowed);
    if (failed < 0) return failed;
    into.secret.emplace(fcntl(borrowed, F_DUPFD_CLOEXEC, 3));
    return *into.secret ? 0 : -errno;
  }
  if (key == answer::kText) {
    const char *text = nullptr;
    const int failed = sd_bus_message_read(call, "v", "s", &text);
    if (failed < 0) return failed;
    if (strlen(text) > longest_text) return -EINVAL;
    into.text = text;
    return 0;
  }
  if (key == answer::kChoice) {
    std::uint32_t choice = 0;
    const int failed = sd_bus_message_read(call, "v", "u", &choice);
    if (failed >= 0) into.choice = choice;
    return failed;
  }
  // Of a newer face. The message is held until it is answered, so nothing that could be long gets in.
  const char *contents = nullptr;
  const int got = sd_bus_message_peek_type(call, nullptr, &contents);
  if (got < 0) return got;
  const bool small = std::strlen(contents) == 1 && std::strchr("ybnqiuxtdh", *contents) != nullptr;
  return small ? sd_bus_message_skip(call, "v") : -EMSGSIZE;
}

int read_answer(sd_bus_message *call, std::size_t longest_text, Answer &into) {
  int got = sd_bus_message_enter_container(call, 'a', "{sv}");
  for (int entries = 0; got >= 0 && (got = sd_bus_message_enter_container(call, 'e', "sv")) > 0; ++entries) {
    const char *key = nullptr;
    got = sd_bus_message_read(call, "s", &key);
    if (got >= 0 && (entries >= kMaxEntries || strlen(key) > kMaxKey)) got = -EMSGSIZE;
    if (got >= 0) got = read_value(call, key, longest_text, into);
    if (got >= 0) got = sd_bus_message_exit_container(call);
  }
  return got >= 0 ? sd_bus_message_exit_container(call) : got;
}

bool is_over(Step step) {
  return step == Step::Granted || step == Step::Denied || step == Step::Unavailable;
}
bool is_question(Step step) {
  return step == Step::Ask || step == Step::AskSecret || step == Step::Choose || step == Step::Offer;
}

}  // namespace

Say say_error(Step step, const Error &error, const std::string &device) {
  Say say(step, name_of(error.kind));
  if (error.tries_left && *error.tries_left >= 0)
    say.details[detail::kTriesLeft] = static_cast<std::uint32_t>(*error.tries_left);
  if (error.wait) say.details[detail::kWaitSeconds] = static_cast<std::uint32_t>(error.wait->count());
  if (!device.empty()) say.details[detail::kDevice] = device;
  return say;
}

const sd_bus_vtable Face::kMethods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_NAMES("Next", "a{sv}", SD_BUS_PARAM(answer), "sa{sv}",
                             SD_BUS_PARAM(step) SD_BUS_PARAM(details), Face::on_next,
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Cancel", "", "", Face::on_cancel, SD_BUS_VTABLE_UNPRIVILEGED), SD_BUS_VTABLE_END};

Face::Face(sd_event *loop, sd_bus *bus, std::string path, std::string owner, std::function<void()> gone)
    : loop_(loop),
      bus_(bus),
      path_(std::move(path)),
      owner_(std::move(owner)),
      gone_(std::move(gone)),
      answers_(loop) {}

Status Face::publish() {
  sd_bus_slot *slot = nullptr;
  int failed = sd_bus_add_object_vtable(bus_, &slot, path_.c_str(), bus::kAttempt, kMethods, this);
  if (failed < 0) return errno_error("publish " + path_, -failed);
  object_.reset(slot);
  sd_bus_track *track = nullptr;
  failed = sd_bus_track_new(bus_, &track, on_vanished, this);
  if (failed < 0) return errno_error("watch the caller", -failed);
  track_.reset(track);
  failed = sd_bus_track_add_name(track, owner_.c_str());
  if (failed < 0) return errno_error("watch the caller", -failed);
  wait_for_call(Say::kPatience);
  return Ok{};
}

void Face::wait_for_call(std::chrono::seconds most) {
  sd_event_source *source = nullptr;
  const auto patience = static_cast<std::uint64_t>(std::chrono::microseconds(most).count());
  if (sd_event_add_time_relative(loop_, &source, CLOCK_BOOTTIME, patience, 0, on_silence, this) < 0)
    return over();
  silence_.reset(source);
}

int Face::on_next(sd_bus_message *call, void *self, sd_bus_error *error) {
  return static_cast<Face *>(self)->next(call, error);
}

int Face::next(sd_bus_message *call, sd_bus_error *) {
  if (owner_ != sd_bus_message_get_sender(call))
    return reply_error(call, {ErrorKind::NotAllowed, "This attempt belongs to someone else."});
  if (pending_)
    return reply_error(call, {ErrorKind::Busy, "Next was called before the last call was answered."});
  Answer given;
  if (read_answer(call, longest_text_, given) < 0)
    return reply_error(call, {ErrorKind::InvalidInput, "The answer is not of the documented form."});
  silence_.reset();
  pending_ = keep(call);
  if (std::exchange(asked_, false)) answers_.post(std::move(given));
  flush();
  return 1;
}

int Face::on_cancel(sd_bus_message *call, void *self, sd_bus_error *) {
  auto &face = *static_cast<Face *>(self);
  if (face.owner_ != sd_bus_message_get_sender(call))
    return reply_error(call, {ErrorKind::NotAllowed, "This attempt belongs to someone else."});
  face.over();
  return sd_bus_reply_method_return(call, "");
}

int Face::on_silence(sd_event_source *, std::uint64_t, void *self) {
  static_cast<Face *>(self)->over();
  return 0;
}

int Face::on_vanished(sd_bus_track *, void *self) {
  static_cast<Face *>(self)->over();
  return 0;
}

int Face::on_over(sd_event_source *, void *self) {
  // Moved out, since the callee destroys this face and the function with it.
  const std::function<void()> gone = std::move(static_cast<Face *>(self)->gone_);
  gone();
  return 0;
}

void Face::over() {
  if (over_) return;
  sd_event_source *source = nullptr;
  if (sd_event_add_defer(loop_, &source, on_over, this) < 0) std::terminate();  // out of memory: start afresh
  over_.reset(source);
}

void Face::put(Say say) {
  to_say_.push_back(std::move(say));
  flush();
}

void Face::refuse(const Error &error) {
  refusal_ = error;
  flush();
}

void Face::flush() {
  if (!pending_ || over_) return;
  if (refusal_) {
    reply_error(std::exchange(pending_, nullptr).get(), *refusal_);
    return over();
  }
  if (to_say_.empty()) return;
  const Say say = std::move(to_say_.front());
  to_say_.pop_front();
  reply(say);
}

void Face::reply(const Say &say) {
  const BusMessage call = std::exchange(pending_, nullptr);
  sd_bus_message *made = nullptr;
  int failed = sd_bus_message_new_method_return(call.get(), &made);
  const BusMessage message(made);
  if (failed >= 0) failed = append_step(message.get(), say);
  if (failed >= 0) failed = sd_bus_send(bus_, message.get(), nullptr);
  if (failed < 0 || is_over(say.step)) return over();
  asked_ = is_question(say.step);
  longest_text_ = say.longest_text;
  wait_for_call(say.patience);
}

}  // namespace passkeyd
