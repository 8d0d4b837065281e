/// The tables of PAM codes.
#include "pam/verdict.h"

#include <security/pam_modules.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

#include "client/words.h"

namespace passkeyd {
namespace {

constexpr std::string_view kAny = {};

struct Row {
  Ending ending;
  std::string_view message;
  int code;
};

/// The first row that fits counts.
constexpr Row kLoginCodes[] = {
    Row{Ending::Granted, kAny, PAM_SUCCESS},
    Row{Ending::Password, kAny, PAM_AUTHINFO_UNAVAIL},
    Row{Ending::Denied, "limited", PAM_MAXTRIES},
    Row{Ending::Denied, "not-allowed", PAM_CRED_INSUFFICIENT},
    Row{Ending::Denied, "locked", PAM_PERM_DENIED},
    Row{Ending::Denied, kAny, PAM_AUTH_ERR},
    Row{Ending::Unavailable, message::kNotEnrolled, PAM_IGNORE},
    Row{Ending::Unavailable, "limited", PAM_MAXTRIES},
    Row{Ending::Unavailable, "not-allowed", PAM_CRED_INSUFFICIENT},
    Row{Ending::Unavailable, "locked", PAM_PERM_DENIED},
    Row{Ending::Unavailable, "pin-wrong", PAM_AUTH_ERR},
    Row{Ending::Unavailable, "code-wrong", PAM_AUTH_ERR},
    Row{Ending::Unavailable, kAny, PAM_AUTHINFO_UNAVAIL},
};

constexpr Row kPinCodes[] = {
    Row{Ending::Granted, kAny, PAM_SUCCESS},
    Row{Ending::Denied, "pin-wrong", PAM_AUTH_ERR},
    Row{Ending::Unavailable, "pin-wrong", PAM_AUTH_ERR},
    Row{Ending::Denied, "limited", PAM_MAXTRIES},
    Row{Ending::Unavailable, "limited", PAM_MAXTRIES},
    Row{Ending::Unavailable, "tpm-lockout", PAM_MAXTRIES},
    Row{Ending::Unavailable, "tpm-near-lockout", PAM_MAXTRIES},
    Row{Ending::Denied, "not-allowed", PAM_PERM_DENIED},
    Row{Ending::Unavailable, "not-allowed", PAM_PERM_DENIED},
    Row{Ending::Denied, "locked", PAM_PERM_DENIED},
    Row{Ending::Unavailable, "locked", PAM_PERM_DENIED},
};

int code_in(std::span<const Row> table, const Outcome &outcome, int otherwise) {
  for (const Row &row : table)
    if (row.ending == outcome.ending && (row.message == kAny || row.message == outcome.details.message))
      return row.code;
  return otherwise;
}

/// The two of a typed text: whoever typed a password is not told that it was no PIN.
constexpr std::string_view kOnlyOfPins[] = {"pin-wrong", "pin-invalid"};
constexpr std::string_view kToldToNobody[] = {message::kNotEnrolled, "no-device", "cancelled", "not-allowed",
                                              "remote-session"};

bool is_among(std::span<const std::string_view> list, std::string_view message) {
  return std::find(list.begin(), list.end(), message) != list.end();
}

}  // namespace

/// Stepping down after something was refused is still a failed try, and delayed like one.
int pam_code_of(const Outcome &outcome) {
  if (outcome.details.pretend && outcome.fault.empty()) return PAM_IGNORE;
  const int code = code_in(kLoginCodes, outcome, PAM_AUTHINFO_UNAVAIL);
  const bool ended_by_itself = outcome.ending == Ending::Unavailable && outcome.fault.empty();
  return code == PAM_AUTHINFO_UNAVAIL && ended_by_itself && outcome.refused ? PAM_AUTH_ERR : code;
}

int pin_code_of(const Outcome &outcome) {
  return code_in(kPinCodes, outcome, PAM_AUTHTOK_ERR);
}

Telling telling_of(const Outcome &outcome) {
  const Details &details = outcome.details;
  if (outcome.ending == Ending::Granted)
    return details.codes_left && *details.codes_left <= kFewCodes ? Telling::Reminder : Telling::Nothing;
  if (!outcome.fault.empty() || is_among(kToldToNobody, details.message)) return Telling::Nothing;
  const bool password = outcome.ending == Ending::Password;
  if (password && (tone_of(details.message) != Tone::Trouble || is_among(kOnlyOfPins, details.message)))
    return Telling::Nothing;
  return Telling::Why;
}

}  // namespace passkeyd
