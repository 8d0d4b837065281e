/// The table of PAM codes.
#include "pam/verdict.h"

#include <security/pam_modules.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace passkeyd {
namespace {

constexpr std::string_view kAny = {};

struct Row {
  Ending ending;
  std::string_view message;
  int code;
};

/// The first row that fits counts.
constexpr Row kCodes[] = {
    Row{Ending::Granted, kAny, PAM_SUCCESS},
    Row{Ending::Denied, "limited", PAM_MAXTRIES},
    Row{Ending::Denied, "not-allowed", PAM_CRED_INSUFFICIENT},
    Row{Ending::Denied, kAny, PAM_AUTH_ERR},
    Row{Ending::Unavailable, message::kNotEnrolled, PAM_IGNORE},
    Row{Ending::Unavailable, "limited", PAM_MAXTRIES},
    Row{Ending::Unavailable, "not-allowed", PAM_CRED_INSUFFICIENT},
    Row{Ending::Unavailable, "pin-wrong", PAM_AUTH_ERR},
    Row{Ending::Unavailable, kAny, PAM_AUTHINFO_UNAVAIL},
};

constexpr std::string_view kToldToNobody[] = {message::kNotEnrolled, "no-device", "cancelled", "not-allowed",
                                              "remote-session"};

}  // namespace

int pam_code_of(const Outcome &outcome) {
  for (const Row &row : kCodes)
    if (row.ending == outcome.ending && (row.message == kAny || row.message == outcome.details.message))
      return row.code;
  return PAM_AUTHINFO_UNAVAIL;
}

bool is_worth_telling(const Outcome &outcome) {
  if (outcome.ending == Ending::Granted || !outcome.fault.empty()) return false;
  return std::find(std::begin(kToldToNobody), std::end(kToldToNobody), outcome.details.message) ==
         std::end(kToldToNobody);
}

}  // namespace passkeyd
