/// SoftKey: a CTAP 2.1 security key without the hardware. Takes and gives 64-byte CTAPHID reports; the clock,
/// the button and the wire are its owner's. Not for keeping real secrets: it has none of a key's protection.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/softkey/authenticator.h"
#include "tests/softkey/ctaphid.h"
#include "tests/softkey/knobs.h"

namespace passkeyd::softkey {

/// What the person does when the key blinks.
enum class Touch {
  Auto,     ///< touches after knob touch-delay (at once by default)
  Wait,     ///< does nothing until press() or refuse()
  Deny,     ///< declines after knob touch-delay; for the sensor: a wrong finger
  Timeout,  ///< never comes: USER_ACTION_TIMEOUT after knob touch-timeout
};

/// Requests that were answered, by their kind. CANCEL is no request and counted apart.
struct Counts {
  int init = 0, ping = 0, cbor = 0, wink = 0;
  int cancel = 0;
  int error = 0;                       ///< CTAPHID errors sent; not in total
  std::map<int, int> commands;         ///< CTAP command: how many of cbor
  std::map<int, int> pin_subcommands;  ///< clientPIN subcommand: how many of clientPIN
  [[nodiscard]] int total() const { return init + ping + cbor + wink; }
};

class SoftKey {
 public:
  /// `storage` is borrowed and outlives the key.
  SoftKey(Model model, StateFile &storage) : authenticator_(std::move(model), storage, knobs) {}
  SoftKey(const SoftKey &) = delete;
  SoftKey &operator=(const SoftKey &) = delete;

  Knobs knobs;
  Counts counts;

  /// Plugged in. What was going on before is forgotten.
  void power_on(Moment now);

  void receive(const Report &report, Moment now);
  /// Does what is due: keepalives, delayed replies, touches that come by themselves. Call at next_tick().
  void tick(Moment now);
  [[nodiscard]] std::optional<Moment> next_tick() const;
  /// What the key has to say since the last call, in order.
  std::vector<Report> take_output() { return std::exchange(output_, {}); }

  void set_touch(Touch touch, Moment now);
  [[nodiscard]] Touch touch() const { return touch_; }
  /// The button, or the right finger. False if the key is not waiting for it.
  bool press(Moment now);
  /// Declining, or a wrong finger. False if the key is not waiting.
  bool refuse(Moment now);

  /// Waiting for a person.
  [[nodiscard]] bool blinking() const { return work_ && work_->phase == Phase::Blinking; }
  /// Nothing is going on at all.
  [[nodiscard]] bool idle() const { return !work_; }

 private:
  enum class Phase { Blinking, Replying, Mute, Endless };
  struct Work {
    Phase phase = Phase::Mute;
    std::uint32_t channel = 0;
    int command = 0;
    Faults faults;
    Outcome waiting;  // Blinking
    Bytes reply;      // Replying
    Moment since{};   // when this phase began
    Moment next_keepalive{};
  };

  void take(const Message &message, Moment now);
  void answer_init(const Message &message);
  void begin(const Message &message, Moment now);
  void cancel(std::uint32_t channel);
  bool strikes(int command);
  /// Runs a step of a command and goes where its outcome leads.
  void run(const std::function<Outcome()> &step, Moment now);
  void reply_with(Bytes reply, Moment now);
  void send_reply(Bytes reply);
  void send(const Message &message, const Framing &framing = {});
  void keepalive(Moment now);
  [[nodiscard]] std::optional<Moment> decision_due() const;

  Authenticator authenticator_;
  Assembler assembler_;
  std::optional<Work> work_;
  Touch touch_ = Touch::Auto;
  std::vector<Report> output_;
  std::optional<Message> last_reply_;
};

}  // namespace passkeyd::softkey
