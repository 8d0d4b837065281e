/// Parsing options.
#include "pam/options.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "client/printable.h"

namespace passkeyd {
namespace {

constexpr int kLongest = 300;  ///< seconds, of any time that can be set

Error refuse(std::string_view option, const char *why) {
  return {ErrorKind::NotConfigured, "option '" + printable(option, 64) + "' " + why};
}

/// Reads the value into the options; false: it is none that the option may have.
using Parse = bool (*)(std::string_view value, Options &into);

template <int kShortest, std::chrono::seconds Options::*kMember>
bool seconds(std::string_view value, Options &into) {
  int number = 0;
  const char *end = value.data() + value.size();
  const auto [stopped, problem] = std::from_chars(value.data(), end, number);
  if (problem != std::errc() || stopped != end || number < kShortest || number > kLongest) return false;
  into.*kMember = std::chrono::seconds(number);
  return true;
}

template <bool Options::*kMember>
bool on(std::string_view, Options &into) {
  return into.*kMember = true;
}

bool first_prompt(std::string_view value, Options &into) {
  into.first_prompt = value == "either" ? First::Either : First::Passkey;
  return value == "either" || value == "passkey";
}

bool host(std::string_view value, Options &into) {
  into.host = value == "talks" ? HostTalk::Talks : HostTalk::OneAnswer;
  return value == "talks" || value == "one-answer";
}

bool typed(std::string_view value, Options &into) {
  into.typed = value == "pin" ? Typed::Pin : Typed::Password;
  return value == "pin" || value == "password";
}

constexpr unsigned in(std::initializer_list<Group> groups) {
  unsigned mask = 0;
  for (const Group group : groups) mask |= 1U << static_cast<unsigned>(group);
  return mask;
}
constexpr unsigned kAsking = in({Group::Auth, Group::Account, Group::Session, Group::Password});
constexpr unsigned kAuth = in({Group::Auth});

struct Row {
  std::string_view name;  ///< with its '=' if it takes a value
  unsigned groups;
  Parse parse;
  const char *wants;  ///< what the value must be
};

constexpr Row kOptions[] = {
    Row{"debug", kAsking, on<&Options::debug>, ""},
    Row{"quiet", kAsking, on<&Options::quiet>, ""},
    Row{"timeout=", kAsking, seconds<1, &Options::timeout>, "needs a whole number of seconds from 1 to 300"},
    Row{"nodelay", kAuth, on<&Options::nodelay>, ""},
    Row{"first_prompt=", kAuth, first_prompt, "must be passkey or either"},
    Row{"host=", kAuth, host, "must be talks or one-answer"},
    Row{"typed=", kAuth, typed, "must be password or pin"},
    Row{"wait=", kAuth, seconds<0, &Options::wait>, "needs a whole number of seconds from 0 to 300"},
    Row{"no_agent", kAuth, on<&Options::no_agent>, ""},
    Row{"usernameless", kAuth, on<&Options::usernameless>, ""},
    Row{"always", in({Group::Account}), on<&Options::always>, ""},
    Row{"tpm_pin", in({Group::Password}), on<&Options::tpm_pin>, ""},
};

Status apply(Group group, std::string_view option, Options &options) {
  const std::size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals == std::string_view::npos ? equals : equals + 1);
  const auto *row = std::find_if(std::begin(kOptions), std::end(kOptions),
                                 [&](const Row &each) { return each.name == name; });
  if (row == std::end(kOptions)) return refuse(option, "is not known");
  if ((row->groups & in({group})) == 0) return refuse(option, "means nothing in a line of this group");
  if (!row->parse(option.substr(name.size()), options)) return refuse(option, row->wants);
  return Ok{};
}

}  // namespace

Result<Options> Options::parse(Group group, int argc, const char **argv) {
  Options options;
  for (int at = 0; at < argc; ++at) TRY(apply(group, argv[at] != nullptr ? argv[at] : "", options));
  return options;
}

}  // namespace passkeyd
