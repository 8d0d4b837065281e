/// Reading and writing times.
#include "cli/when.h"

#include <charconv>
#include <ctime>
#include <optional>

namespace passkeyd::cli {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kLongestAgo = 100 * 366 * kDay;
constexpr std::int64_t kMostSeconds = 253402300799;  ///< 9999-12-31, the last that a calendar here can show

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.front() == '-' || problem != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// Local time; nullopt if the calendar has no such day or time, such as February 30.
std::optional<std::int64_t> seconds_of(std::tm wanted) {
  wanted.tm_isdst = -1;
  std::tm found = wanted;
  const std::time_t seconds = std::mktime(&found);
  const bool same = found.tm_mday == wanted.tm_mday && found.tm_mon == wanted.tm_mon &&
                    found.tm_year == wanted.tm_year && found.tm_min == wanted.tm_min;
  if (!same || seconds < 0) return std::nullopt;
  return seconds;
}

/// The midnight that began the day of `now`, or that of `days` before.
std::optional<std::int64_t> midnight(std::int64_t now, int days) {
  const std::time_t time = now;
  std::tm parts = {};
  if (localtime_r(&time, &parts) == nullptr) return std::nullopt;
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  parts.tm_mday -= days;
  parts.tm_isdst = -1;
  return std::mktime(&parts);
}

/// "2h" and the like.
std::optional<std::int64_t> span_of(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr Unit kUnits[] = {{"min", 60}, {"s", 1}, {"h", 3600}, {"d", kDay}, {"w", 7 * kDay}};
  for (const Unit &unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    const auto number = number_of(text.substr(0, text.size() - unit.name.size()));
    if (!number || *number > kLongestAgo / unit.seconds) return std::nullopt;
    return *number * unit.seconds;
  }
  return std::nullopt;
}

/// Digits and signs where the form has them: '0' stands for a digit, ' ' also for a 'T'.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool digit = text[at] >= '0' && text[at] <= '9';
    const bool right = form[at] == '0'   ? digit
                       : form[at] == ' ' ? text[at] == ' ' || text[at] == 'T'
                                         : text[at] == form[at];
    if (!right) return false;
  }
  return true;
}

std::optional<std::int64_t> calendar(std::string_view text) {
  const bool day = has_form(text, "0000-00-00");
  const bool minute = has_form(text, "0000-00-00 00:00");
  const bool second = has_form(text, "0000-00-00 00:00:00");
  if (!day && !minute && !second) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    return at < text.size() ? static_cast<int>(*number_of(text.substr(at, size))) : 0;
  };
  std::tm parts = {};
  parts.tm_year = part(0, 4) - 1900;
  parts.tm_mon = part(5, 2) - 1;
  parts.tm_mday = part(8, 2);
  parts.tm_hour = part(11, 2);
  parts.tm_min = part(14, 2);
  parts.tm_sec = part(17, 2);
  if (parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60) return std::nullopt;
  return seconds_of(parts);
}

std::optional<std::int64_t> read(std::string_view text, std::int64_t now) {
  if (text == "now") return now;
  if (text == "today") return midnight(now, 0);
  if (text == "yesterday") return midnight(now, 1);
  if (text.starts_with('@')) {
    const auto number = number_of(text.substr(1));
    return number && *number <= kMostSeconds ? number : std::nullopt;
  }
  if (text.starts_with('-')) {
    const auto span = span_of(text.substr(1));
    if (!span) return std::nullopt;
    return now > *span ? now - *span : 0;
  }
  return calendar(text);
}

/// nullopt: no calendar here can show it.
std::optional<std::tm> local(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  if (localtime_r(&time, &parts) == nullptr) return std::nullopt;
  return parts;
}

}  // namespace

Result<std::int64_t> parse_when(std::string_view text, std::int64_t now) {
  const std::optional<std::int64_t> seconds = read(text, now);
  if (!seconds)
    return Error{ErrorKind::InvalidInput,
                 "no time: must be like 2026-12-01, \"2026-12-01 14:30\", today, yesterday, -2h or @SECONDS"};
  return *seconds;
}

std::int64_t time_now() {
  return std::time(nullptr);
}

std::string when_text(std::int64_t seconds) {
  char text[64];
  const std::optional<std::tm> parts = local(seconds);
  return parts && std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &*parts) > 0 ? text : "?";
}

std::string day_text(std::int64_t seconds) {
  return when_text(seconds).substr(0, std::string_view("2026-12-01").size());
}

}  // namespace passkeyd::cli
