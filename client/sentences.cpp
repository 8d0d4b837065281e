/// The table.
#include "client/sentences.h"

#include <algorithm>
#include <iterator>

#include "common/steps.h"

namespace passkeyd {
namespace {

using Row = Sentence;

constexpr Tone kNote = Tone::Note;
constexpr Tone kCue = Tone::Cue;
constexpr Tone kTrouble = Tone::Trouble;
constexpr Shape kSays = Shape::Sentence;
constexpr Shape kTyped = Shape::Complaint;
constexpr Shape kAsks = Shape::Question;
constexpr Shape kCloses = Shape::LastWord;

constexpr const char *kTryAgain = tr("Try again.");

constexpr Row kRows[] = {
    // what to do now
    Row{message::kTouch, kCue, kSays, tr("Touch your {device}.")},
    Row{message::kVerify, kCue, kSays, tr("Use the fingerprint sensor of your {device}.")},
    Row{message::kInsertKey, kCue, kSays, tr("Plug in your security key now.")},
    Row{message::kWorking, kNote, kSays, tr("One moment...")},
    Row{message::kDeviceBusy, kCue, kSays,
        tr("Another sign-in is using the same device. Waiting for it to finish.")},
    // questions
    Row{message::kPinKey, kCue, kAsks, tr("PIN of your {device}, or Enter to skip")},
    Row{message::kPinPlatform, kCue, kAsks, tr("PIN of this computer's passkey, or Enter to skip")},
    Row{message::kOldPinPlatform, kCue, kAsks, tr("Current PIN of this computer's passkey")},
    Row{message::kNewPinPlatform, kCue, kAsks, tr("Choose a PIN for this computer's passkey")},
    Row{message::kRepeatPinPlatform, kCue, kAsks, tr("The same PIN again")},
    Row{message::kBackupCode, kCue, kAsks, tr("Backup code, or Enter to skip")},
    Row{message::kChooseDevice, kCue, kAsks, tr("Number of the device to use")},
    Row{message::kNamePasskey, kCue, kAsks, tr("Name for this passkey, or Enter for \"{name}\"")},
    Row{message::kChooseAccount, kCue, kAsks, tr("Number of the account to sign in to")},
    // questions that take a password as well
    Row{message::kPasswordOrKey, kCue, kAsks, tr("Password, or Enter to use your {device}")},
    Row{message::kPasswordOrPasskey, kCue, kAsks, tr("Password, or Enter to use a passkey")},
    Row{message::kPasswordOrCode, kCue, kAsks, tr("Password, or Enter to use a backup code")},
    Row{message::kPasswordOrPin, kCue, kAsks, tr("Password, or PIN of this computer's passkey")},
    Row{message::kPasswordPinOrKey, kCue, kAsks,
        tr("Password, PIN of this computer's passkey, or Enter to use your {device}")},
    // what is made on another computer
    Row{message::kElsewhere, kCue, kSays,
        tr("On the computer in front of you, run \"passkey-askpass --enroll\" and paste this line there:")},
    Row{kAnswerFromElsewhere, kCue, kAsks, tr("Paste here what it answers, or press Enter to give up")},
    // how it ended
    Row{message::kWelcome, kNote, kSays, tr("Passkey accepted.")},
    Row{message::kCodeAccepted, kNote, kSays, tr("Backup code accepted.")},
    Row{message::kEnrolled, kNote, kSays, tr("The passkey \"{name}\" is ready to use.")},
    Row{message::kGuestKeyMade, kNote, kSays, tr("This computer now holds a passkey for {name}.")},
    Row{message::kGuestKeyUsed, kNote, kSays, tr("The passkey for {name} was used.")},
    Row{message::kPinChanged, kNote, kSays, tr("The new PIN is in force.")},
    Row{message::kNotEnrolled, kNote, kSays, tr("This account has no passkey.")},
    Row{message::kDenied, kTrouble, kSays, tr("The sign-in was refused.")},
    // errors, by the name of their ErrorKind: what was typed
    Row{"pin-required", kTrouble, kTyped, tr("A PIN is needed, and none was given."), kTryAgain},
    Row{"pin-invalid", kTrouble, kTyped,
        tr("That cannot be the PIN (length or characters), so it was not tried."), kTryAgain},
    Row{"pin-wrong", kTrouble, kTyped, tr("Wrong PIN."), kTryAgain,
        tr("Wrong PIN, {count} try left on this key.", "Wrong PIN, {count} tries left on this key.")},
    Row{"pin-mismatch", kTrouble, kTyped, tr("The two PINs differ."), kTryAgain},
    Row{"code-invalid", kTrouble, kTyped, tr("That cannot be a backup code, so it was not tried."),
        kTryAgain},
    Row{"code-wrong", kTrouble, kTyped, tr("That is no backup code of this account, or it was used before."),
        kTryAgain},
    // keys and people
    Row{"no-device", kTrouble, kSays, tr("No matching security key is plugged in."),
        tr("Plug it in and try again.")},
    Row{"no-credential", kTrouble, kSays, tr("Your {device} holds no passkey for this account."),
        tr("Try another key.")},
    Row{"busy", kTrouble, kSays, tr("Something else is using the device."), tr("Try again in a moment.")},
    Row{"timeout", kTrouble, kSays, tr("That took too long."), kTryAgain},
    Row{"cancelled", kNote, kSays, tr("Cancelled.")},
    Row{"touch-refused", kTrouble, kSays, tr("The touch was declined or did not come."), kTryAgain},
    Row{"uv-failed", kTrouble, kSays, tr("The fingerprint was not recognized."), kTryAgain},
    Row{"uv-blocked", kTrouble, kSays, tr("The fingerprint sensor of your {device} is blocked for now."),
        tr("Use the PIN.")},
    Row{"pin-soft-blocked", kTrouble, kSays,
        tr("Too many wrong PINs: unplug your {device} and plug it in again.")},
    Row{"pin-blocked", kTrouble, kSays, tr("The PIN of your {device} is blocked until the key is reset.")},
    Row{"pin-tries-low", kTrouble, kSays, tr("Too few PIN tries are left on your {device} to risk one."),
        nullptr,
        tr("Only {count} PIN try is left on your {device}, too few to risk one.",
           "Only {count} PIN tries are left on your {device}, too few to risk one.")},
    Row{"pin-not-set", kTrouble, kSays, tr("Your {device} has no PIN."), tr("Set one first.")},
    Row{"unsupported", kTrouble, kSays, tr("This is more than your {device} can do."),
        tr("Try another key.")},
    Row{"malformed", kTrouble, kSays, tr("The device's answer made no sense."),
        tr("Unplug it, plug it in, and try again.")},
    Row{"already-exists", kTrouble, kSays,
        tr("This account already has a passkey there, or one of that name.")},
    // this computer's own
    Row{"tpm-lockout", kTrouble, kSays, tr("The security chip is locked after wrong PINs.")},
    Row{"tpm-near-lockout", kTrouble, kSays, tr("The security chip takes no more PINs for now.")},
    Row{"tpm-key-foreign", kTrouble, kSays, tr("This passkey was made by another security chip."),
        tr("Enroll a new one.")},
    Row{"tpm-parent-changed", kTrouble, kSays,
        tr("The security chip was reset or swapped; an administrator must look at it.")},
    Row{"tpm-broken", kTrouble, kSays, tr("The security chip does not work.")},
    // what is allowed
    Row{"limited", kTrouble, kSays, tr("Too many failed tries.")},
    Row{"model-refused", kTrouble, kSays, tr("This model of security key is not accepted here."),
        tr("Try another key.")},
    Row{"not-attested", kTrouble, kSays,
        tr("This security key cannot prove what it is, which is wanted here."), tr("Try another key.")},
    Row{"model-recalled", kTrouble, kSays, tr("This model of security key is known to be unsafe."),
        tr("Try another key.")},
    Row{"untrusted", kTrouble, kSays, tr("The file is not signed by anybody who is trusted here.")},
    Row{"storage-full", kTrouble, kSays,
        tr("Nothing was changed: there is no room on the disk, or it is read-only.")},
    Row{"locked", kTrouble, kCloses, tr("An administrator has locked this account.")},
    Row{"remote-session", kTrouble, kSays,
        tr("Passkeys here serve only a person who sits at this computer.")},
    Row{"not-allowed", kTrouble, kSays, tr("You are not allowed to do this here.")},
    Row{"not-found", kTrouble, kSays, tr("There is no such account or passkey.")},
    Row{"invalid-input", kTrouble, kSays, tr("That was not accepted: it is not of the right form.")},
    // what is broken
    Row{"internal", kTrouble, kSays, tr("The passkey service has a problem; its log says more.")},
    Row{"io", kTrouble, kSays, tr("Reading or writing failed; the log of the passkey service says more.")},
    Row{"corrupt", kTrouble, kSays, tr("The stored passkey is damaged; an administrator must look at it.")},
    Row{"not-configured", kTrouble, kSays,
        tr("Passkeys are not set up properly here; an administrator must look at it.")},
    Row{"disconnected", kTrouble, kSays, tr("The passkey service cannot be reached. Is passkeyd running?")},
};

}  // namespace

std::span<const Sentence> all_sentences() {
  return kRows;
}

const Sentence *sentence_of(std::string_view id) {
  const auto *found =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row &row) { return row.id == id; });
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace passkeyd
