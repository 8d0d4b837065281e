/// Parsing options.
#include "pam/options.h"

#include <charconv>
#include <string>
#include <string_view>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr int kLongestTimeout = 300;

Error refuse(std::string_view option, const char *why) {
  return {ErrorKind::NotConfigured, "option '" + printable(option, 64) + "' " + why};
}

Status parse_timeout(std::string_view option, std::string_view value, std::chrono::seconds &into) {
  int seconds = 0;
  const char *end = value.data() + value.size();
  const auto [stopped, problem] = std::from_chars(value.data(), end, seconds);
  if (problem != std::errc() || stopped != end || seconds < 1 || seconds > kLongestTimeout)
    return refuse(option, "needs a whole number of seconds from 1 to 300");
  into = std::chrono::seconds(seconds);
  return Ok{};
}

struct Switch {
  std::string_view name;
  bool Options::*member;
};
constexpr Switch kSwitches[] = {
    {"debug", &Options::debug}, {"quiet", &Options::quiet}, {"nodelay", &Options::nodelay}};

Status apply(std::string_view option, Options &options) {
  for (const Switch &known : kSwitches)
    if (option == known.name) {
      options.*known.member = true;
      return Ok{};
    }
  constexpr std::string_view kTimeout = "timeout=";
  if (option.starts_with(kTimeout))
    return parse_timeout(option, option.substr(kTimeout.size()), options.timeout);
  return refuse(option, "is not known");
}

}  // namespace

Result<Options> Options::parse(int argc, const char **argv) {
  Options options;
  for (int at = 0; at < argc; ++at) TRY(apply(argv[at] != nullptr ? argv[at] : "", options));
  return options;
}

}  // namespace passkeyd
