/// What passkeyctl's exit status means. Scripts rely on it: add at will, renumber never. A signal while it
/// waits ends it by that signal (128 + n in a shell).
#pragma once

namespace passkeyd::cli {

enum class ExitCode {
  Ok = 0,
  Denied = 1,       ///< the passkey or the backup code was not accepted
  Usage = 2,        ///< the command line is wrong, or asks for what needs a person and there is none
  Unavailable = 3,  ///< no verdict: service unreachable, no key, cancelled, timeout, a failure on the way
  NotAllowed = 4,   ///< this caller may not do this, or an administrator has locked the account
  NotEnrolled = 5,  ///< the account has no passkey, or does not exist; for unlock: has no lock
  Limited = 6,      ///< too many failed tries: wait
  // what looking after the machine found
  Warning = 10,  ///< doctor: something should be seen to
  Broken = 11,   ///< doctor: something is broken; audit --verify: a record was altered or is missing
};

}  // namespace passkeyd::cli
