/// Walking along the words, then offering what fits the last one.
#include "cli/complete.h"

#include <pwd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string_view>

#include "cli/face.h"
#include "cli/user_option.h"
#include "client/printable.h"
#include "client/records.h"

namespace passkeyd::cli {
namespace {

constexpr int kMostAccounts = 4096;
constexpr uid_t kFirstPerson = 1000;  ///< login.defs(5), UID_MIN
constexpr uid_t kNobody = 65534;

struct Candidate {
  std::string word;
  std::string about;
};
using Candidates = std::vector<Candidate>;

/// Where the words before the last one lead.
struct Place {
  const CLI::App *verb;
  std::size_t arguments = 0;            ///< of it that are there
  const CLI::Option *asking = nullptr;  ///< an option whose value comes next
  bool only_arguments = false;          ///< after "--"
  std::string user = {};                ///< whose passkeys are meant; empty: the caller's
};

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

/// Also those that may follow every verb.
std::vector<const CLI::Option *> options_of(const CLI::App &verb) {
  std::vector<const CLI::Option *> all = verb.get_options();
  if (verb.get_parent() != nullptr)
    for (const CLI::Option *each : verb.get_parent()->get_options())
      if (each->get_lnames() != std::vector<std::string>{"help"} &&
          each->get_lnames() != std::vector<std::string>{"version"})
        all.push_back(each);
  return all;
}

const CLI::Option *option_of(const CLI::App &verb, std::string_view word) {
  for (const CLI::Option *each : options_of(verb))
    for (const std::string &name : each->get_lnames())
      if (word == "--" + name) return each;
  return nullptr;
}

/// The `number`th argument; nullptr: it takes no more.
const CLI::Option *argument_of(const CLI::App &verb, std::size_t number) {
  for (const CLI::Option *each : verb.get_options())
    if (each->get_positional() && number-- == 0) return each;
  return nullptr;
}

/// What kind of value it takes: "USER", "ID", ...
std::string kind_of(const CLI::Option &option) {
  return option.get_positional() ? option.get_name(true) : option.get_type_name();
}

std::vector<const CLI::App *> verbs_of(const CLI::App &app) {
  return app.get_subcommands([](const CLI::App *) { return true; });
}

void take_argument(Place &place, const std::string &word) {
  for (const CLI::App *each : verbs_of(*place.verb))
    if (each->get_name() == word) {
      place.verb = each;
      return;
    }
  const CLI::Option *argument = argument_of(*place.verb, place.arguments++);
  if (argument != nullptr && kind_of(*argument) == "USER") place.user = word;
}

void take(Place &place, const std::string &word) {
  if (word == "=") return;  // bash takes "--user=alice" apart
  if (place.asking != nullptr) {
    if (kind_of(*place.asking) == "USER") place.user = word;
    place.asking = nullptr;
  } else if (place.only_arguments || !is_option(word)) {
    take_argument(place, word);
  } else if (word == "--") {
    place.only_arguments = true;
  } else {
    const CLI::Option *option = option_of(*place.verb, word);
    if (option != nullptr && option->get_items_expected_max() > 0) place.asking = option;
  }
}

/// The people in /etc/passwd. Directories are not asked: they may be far away, and huge.
void offer_accounts(Candidates &into) {
  std::FILE *file = std::fopen("/etc/passwd", "re");
  if (file == nullptr) return;
  for (int number = 0; number < kMostAccounts; ++number) {
    const passwd *entry = fgetpwent(file);
    if (entry == nullptr) break;
    if (entry->pw_uid == 0 || (entry->pw_uid >= kFirstPerson && entry->pw_uid != kNobody))
      into.push_back({entry->pw_name, entry->pw_gecos != nullptr ? entry->pw_gecos : ""});
  }
  std::fclose(file);
}

void offer_passkeys(const std::string &whose, Candidates &into) {
  const Result<UserName> user = user_of(whose);
  if (!user) return;
  forbid_questions();
  with_bus(Patience(std::chrono::seconds(2)), [&](Bus &bus, Patience &patience) {
    const Result<CredentialList> list = list_credentials(bus, user.value(), patience);
    if (!list) return report(list.error());
    for (const CredentialRecord &each : list->records)
      if (each.state != "revoked") into.push_back({each.id, each.name});
    return ExitCode::Ok;
  });
}

void offer_values(const CLI::Option &option, const std::string &whose, Candidates &into) {
  if (kind_of(option) == "USER") offer_accounts(into);
  if (kind_of(option) == "ID") offer_passkeys(whose, into);
}

/// Where the account may be left out, what would follow it can stand in its place.
void offer_argument(const Place &place, const CLI::Option &argument, Candidates &into) {
  offer_values(argument, place.user, into);
  if (argument.get_required()) return;
  const CLI::Option *following = argument_of(*place.verb, place.arguments + 1);
  if (following != nullptr) offer_values(*following, place.user, into);
}

Candidates offers_at(const Place &place) {
  Candidates all;
  if (place.asking != nullptr) {
    offer_values(*place.asking, place.user, all);
    return all;
  }
  for (const CLI::App *each : verbs_of(*place.verb))
    all.push_back({each->get_name(), each->get_description()});
  if (const CLI::Option *argument = argument_of(*place.verb, place.arguments); argument != nullptr)
    offer_argument(place, *argument, all);
  if (!place.only_arguments)
    for (const CLI::Option *each : options_of(*place.verb))
      for (const std::string &name : each->get_lnames())
        all.push_back({"--" + name, each->get_description()});
  return all;
}

}  // namespace

ExitCode complete(const CLI::App &app, const std::vector<std::string> &words) {
  Place place{&app};
  std::string typed;
  for (std::size_t at = 0; at < words.size(); ++at)
    if (at + 1 < words.size())
      take(place, words[at]);
    else if (words[at] != "=")
      typed = words[at];
  bool offered = false;
  for (const Candidate &each : offers_at(place)) {
    if (!each.word.starts_with(typed)) continue;
    std::printf("%s\t%s\n", printable(each.word, 255).c_str(), printable(each.about, 255).c_str());
    offered = true;
  }
  return offered ? ExitCode::Ok : ExitCode::Usage;
}

}  // namespace passkeyd::cli
