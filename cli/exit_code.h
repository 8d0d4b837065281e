/// What passkeyctl's exit status means. Scripts rely on it: add at will, renumber never. A signal while it
/// waits ends it by that signal (128 + n in a shell).
#pragma once

namespace passkeyd::cli {

enum class ExitCode {
  Ok = 0,
  Denied = 1,        ///< the passkey or the backup code was not accepted
  Usage = 2,         ///< the command line is wrong, or asks for what needs a person and there is none
  Unavailable = 3,   ///< no verdict: service unreachable, no key, cancelled, timeout, a failure on the way
  NotAllowed = 4,    ///< this caller may not do this, or an administrator has locked the account
  NotEnrolled = 5,   ///< no such passkey or account, or the account has none; for unlock: has no lock; for
                     ///< revoke and resume: it is revoked already, or not suspended
  Limited = 6,       ///< too many failed tries: wait
  Untested = 7,      ///< enroll: the passkey is there, but the trial sign-in with it did not work
  SessionsGoOn = 8,  ///< revoked or locked as asked, but --end-sessions could not end all sessions
  Untwinned = 9,     ///< enroll: the passkey is there, but the SSH key that was to come with it is not
  // what looking after the machine found
  Warning = 10,  ///< doctor: something should be seen to
  Broken = 11,   ///< doctor: something is broken; audit --verify: a record was altered or is missing
};

}  // namespace passkeyd::cli
