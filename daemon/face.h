/// Face: one Attempt object on the bus, as its story sees it: tell, ask, finish. Turns the caller's Next
/// calls into answers and the story's steps into replies; belongs to one caller and reports when that caller
/// goes away.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/error.h"
#include "common/handle.h"
#include "common/steps.h"
#include "daemon/bus.h"
#include "daemon/mailbox.h"

namespace passkeyd {

/// One thing to say: a step, a message id, and parameters for the words.
struct Say {
  using Detail = std::variant<std::string, std::uint32_t, bool, std::vector<std::string>>;

  Say(Step said_step, std::string_view message) : step(said_step) {
    details[detail::kMessage] = std::string(message);
  }

  Say &&with(const char *key, Detail value) && {
    details[key] = std::move(value);
    return std::move(*this);
  }

  /// How long a face may leave a step unanswered before the attempt is dropped.
  static constexpr std::chrono::seconds kPatience{180};
  /// Bytes of a text answer: backup codes and menu answers are far shorter.
  static constexpr std::size_t kShortText = 256;

  Step step;
  std::map<std::string, Detail> details;
  std::size_t longest_text = kShortText;      ///< of an answer to this; a longer one is refused
  std::chrono::seconds patience = kPatience;  ///< with the person, once this was shown
};

/// What an error says to people: its kind's name, with the tries left, the wait and the
/// device where they are known.
Say say_error(Step step, const Error &error, const std::string &device = {});

/// What the face answered to an ask.
struct Answer {
  std::optional<Fd> secret;  ///< a memory file, unread
  std::string text;
  std::optional<std::uint32_t> choice;
};

class Face {
 public:
  /// `owner`: the unique bus name that may call. `gone` is called once, from the loop, when the attempt is
  /// over: the last step was delivered, or the caller vanished, cancelled or fell silent. The Face may be
  /// destroyed in it.
  Face(sd_event *loop, sd_bus *bus, std::string path, std::string owner, std::function<void()> gone);
  Face(const Face &) = delete;
  Face &operator=(const Face &) = delete;

  /// Puts the object on the bus. Errors: Internal.
  Status publish();

  [[nodiscard]] const std::string &path() const { return path_; }

  /// Shown at the next opportunity; the story goes on at once.
  void tell(Say say) { put(std::move(say)); }

  /// Awaitable: shows a question and gives the Answer.
  auto ask(Say question) {
    put(std::move(question));
    return answers_.next();
  }

  /// The last word: granted, denied or unavailable. The face is over once it is delivered.
  void finish(Say verdict) { put(std::move(verdict)); }

  /// The last word where the caller had no right to ask: a bus error of this kind.
  void refuse(const Error &error);

 private:
  static int on_next(sd_bus_message *call, void *self, sd_bus_error *error);
  static int on_cancel(sd_bus_message *call, void *self, sd_bus_error *error);
  static int on_silence(sd_event_source *source, std::uint64_t now, void *self);
  static int on_vanished(sd_bus_track *track, void *self);
  static int on_over(sd_event_source *source, void *self);
  static const sd_bus_vtable kMethods[];

  int next(sd_bus_message *call, sd_bus_error *error);
  void put(Say say);
  void flush();
  void reply(const Say &say);
  void over();
  void wait_for_call(std::chrono::seconds patience);

  sd_event *loop_;
  sd_bus *bus_;
  std::string path_;
  std::string owner_;
  std::function<void()> gone_;
  Mailbox<Answer> answers_;
  std::deque<Say> to_say_;
  std::optional<Error> refusal_;
  BusMessage pending_;  ///< the Next call that waits for a step
  bool asked_ = false;  ///< the last step delivered was a question: the next call answers it
  std::size_t longest_text_ = Say::kShortText;  ///< of that answer
  BusTrack track_;
  EventSource silence_;
  EventSource over_;
  BusSlot object_;  ///< goes first: no call reaches a half-destroyed face
};

}  // namespace passkeyd
