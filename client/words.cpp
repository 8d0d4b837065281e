/// One table of sentences, and how the details are worked in.
#include "client/words.h"

#include <algorithm>
#include <iterator>

namespace passkeyd {
namespace {

/// Where the details go. A sentence is followed by " (3 tries left)" or " Try again in 30 seconds."; a
/// question has its tries before the colon.
enum class Shape { Sentence, Question };

struct Row {
  std::string_view id;
  Tone tone;
  Shape shape;
  std::string_view words;  ///< {device} and {name} stand for the details, or for a general word without one
};

constexpr Tone kNote = Tone::Note;
constexpr Tone kCue = Tone::Cue;
constexpr Tone kTrouble = Tone::Trouble;
constexpr Shape kSays = Shape::Sentence;
constexpr Shape kAsks = Shape::Question;

constexpr Row kRows[] = {
    // what to do now
    Row{message::kTouch, kCue, kSays, "Touch {device}."},
    Row{message::kVerify, kCue, kSays, "Use the fingerprint sensor of {device}."},
    Row{message::kWorking, kNote, kSays, "One moment..."},
    Row{message::kDeviceBusy, kCue, kSays, "Another sign-in is using {device}. Waiting for it to finish."},
    Row{message::kPinMismatch, kTrouble, kSays, "The two PINs differ. Try again."},
    // questions
    Row{message::kPinKey, kCue, kAsks, "PIN of {device}, or Enter to skip"},
    Row{message::kPinPlatform, kCue, kAsks, "PIN of this computer's passkey, or Enter to skip"},
    Row{message::kNewPinPlatform, kCue, kAsks, "Choose a PIN for this computer's passkey"},
    Row{message::kRepeatPinPlatform, kCue, kAsks, "The same PIN again"},
    Row{message::kChooseDevice, kCue, kAsks, "Which one"},
    // how it ended
    Row{message::kWelcome, kNote, kSays, "Passkey accepted."},
    Row{message::kEnrolled, kNote, kSays, "The passkey{name} is ready to use."},
    Row{message::kNotEnrolled, kNote, kSays, "This account has no passkey yet."},
    Row{message::kDenied, kTrouble, kSays, "The passkey was not accepted."},
    // errors, by the name of their ErrorKind
    Row{"internal", kTrouble, kSays, "The passkey service has a problem. Its log says more."},
    Row{"invalid-input", kTrouble, kSays, "That was not accepted: it is not of the right form."},
    Row{"not-found", kTrouble, kSays, "There is no such account or passkey."},
    Row{"already-exists", kTrouble, kSays,
        "This account already has a passkey on {device}, or one of that name."},
    Row{"not-allowed", kTrouble, kSays, "You are not allowed to do this here."},
    Row{"io", kTrouble, kSays, "Reading or writing failed. The log of the passkey service says more."},
    Row{"corrupt", kTrouble, kSays, "The stored passkey is damaged. Tell your administrator."},
    Row{"not-configured", kTrouble, kSays, "Passkeys are not set up properly here. Tell your administrator."},
    Row{"disconnected", kTrouble, kSays, "The passkey service cannot be reached. Is passkeyd running?"},
    Row{"no-device", kTrouble, kSays, "No matching security key is plugged in. Plug it in and try again."},
    Row{"no-credential", kTrouble, kSays,
        "There is no passkey for this account on {device}. Try another key."},
    Row{"busy", kTrouble, kSays, "Something else is using {device}. Try again in a moment."},
    Row{"timeout", kTrouble, kSays, "That took too long. Try again."},
    Row{"cancelled", kNote, kSays, "Cancelled."},
    Row{"remote-session", kTrouble, kSays, "Passkeys on this computer serve only a person who sits at it."},
    Row{"touch-refused", kTrouble, kSays, "No touch was noticed. Try again."},
    Row{"pin-required", kTrouble, kSays, "A PIN is needed, and none was given. Try again."},
    Row{"pin-invalid", kTrouble, kSays,
        "That cannot be the PIN (length or characters), so it was not tried."},
    Row{"pin-wrong", kTrouble, kSays, "Wrong PIN."},
    Row{"pin-soft-blocked", kTrouble, kSays, "Too many wrong PINs. Unplug {device} and plug it in again."},
    Row{"pin-blocked", kTrouble, kSays,
        "The PIN of {device} is blocked for good. Sign in another way; reset the key."},
    Row{"pin-tries-low", kTrouble, kSays,
        "Too few PIN tries are left on {device} to risk one. Sign in another way."},
    Row{"pin-not-set", kTrouble, kSays, "{device} has no PIN. Set one first."},
    Row{"uv-failed", kTrouble, kSays, "The fingerprint was not recognized. Try again."},
    Row{"uv-blocked", kTrouble, kSays, "The sensor of {device} is blocked for now. Use the PIN."},
    Row{"unsupported", kTrouble, kSays, "This is more than {device} can do. Try another key."},
    Row{"malformed", kTrouble, kSays, "The answer made no sense. Unplug {device}, plug it in, try again."},
    Row{"tpm-lockout", kTrouble, kSays, "The security chip is locked after wrong PINs. Sign in another way."},
    Row{"tpm-near-lockout", kTrouble, kSays,
        "The security chip takes no more PINs for now. Sign in another way."},
    Row{"tpm-key-foreign", kTrouble, kSays,
        "This passkey was made by another security chip. Enroll a new one."},
    Row{"tpm-parent-changed", kTrouble, kSays,
        "The security chip was reset or swapped. Tell your administrator."},
    Row{"tpm-broken", kTrouble, kSays, "The security chip does not work. Sign in another way."},
    Row{"limited", kTrouble, kSays, "Too many failed tries. Sign in another way."},
};

constexpr Row kUnknown = {"", kTrouble, kSays, "Something went wrong with the passkey. Sign in another way."};

const Row *row_of(std::string_view id) {
  const auto *found =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row &row) { return row.id == id; });
  return found == std::end(kRows) ? nullptr : found;
}

/// Replaces the placeholders in one pass: what is put in is never looked at again.
std::string fill_in(std::string_view words, const Details &details) {
  std::string text;
  while (!words.empty()) {
    if (words.starts_with("{device}")) {
      if (!details.device.empty())
        text += details.device;
      else
        text += text.empty() ? "The security key" : "your security key";
      words.remove_prefix(8);
    } else if (words.starts_with("{name}")) {
      if (!details.name.empty()) text += " \"" + details.name + "\"";
      words.remove_prefix(6);
    } else {
      text += words.front();
      words.remove_prefix(1);
    }
  }
  return text;
}

std::string counted(std::uint64_t count, const char *one, const char *many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// Rounded up, so that who waits that long does not come too early.
std::string duration(std::uint64_t seconds) {
  if (seconds <= 90) return counted(seconds, "second", "seconds");
  const std::uint64_t minutes = (seconds + 59) / 60;
  if (minutes <= 90) return counted(minutes, "minute", "minutes");
  return counted((minutes + 59) / 60, "hour", "hours");
}

}  // namespace

std::string words_for(const Details &details) {
  const Row *known = row_of(details.message);
  const Row &row = known != nullptr ? *known : kUnknown;
  std::string text = fill_in(row.words, details);
  if (details.tries_left) text += " (" + counted(*details.tries_left, "try", "tries") + " left)";
  if (row.shape == Shape::Question) return text + ": ";
  if (details.wait_seconds) text += " Try again in " + duration(*details.wait_seconds) + ".";
  return text;
}

Tone tone_of(std::string_view message) {
  const Row *known = row_of(message);
  return known != nullptr ? known->tone : kUnknown.tone;
}

bool has_words(std::string_view message) {
  return row_of(message) != nullptr;
}

}  // namespace passkeyd
