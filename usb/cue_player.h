/// CuePlayer: says what the person should do, at the moment it becomes true on the wire, and each thing once.
#pragma once

#include <optional>

#include "usb/port.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

class CuePlayer final : public Port::Listener {
 public:
  explicit CuePlayer(Cues &cues) : cues_(cues) {}

  /// The sensor is what verifies this time.
  void expect_sensor() { sensor_ = true; }

  void asked(Asks what) override {
    if (what == Asks::SensorPin) token_from_sensor_ = true;
    if (!sensor_) return say(Cue::Touch);
    // Most sensors are touched to be read, and then no touch is wanted: the key says if it is.
    if (what == Asks::SensorPin || !token_from_sensor_) return say(Cue::Verify);
    consent_follows_ = true;
  }

  void touch_wanted() override {
    if (consent_follows_) say(Cue::Touch);
  }

 private:
  enum class Cue { Touch, Verify };

  void say(Cue cue) {
    if (said_ == cue) return;
    said_ = cue;
    if (cue == Cue::Touch)
      cues_.touch();
    else
      cues_.verify();
  }

  Cues &cues_;
  bool sensor_ = false;
  bool token_from_sensor_ = false;
  bool consent_follows_ = false;
  std::optional<Cue> said_;
};

}  // namespace passkeyd
