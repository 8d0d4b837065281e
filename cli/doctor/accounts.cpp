/// Which accounts are people's.
#include <pwd.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "cli/doctor/people.h"
#include "client/printable.h"
#include "common/account.h"

namespace passkeyd::cli {
namespace {

constexpr std::size_t kMostAccounts = 65536;

struct Range {
  std::int64_t first = 1000;
  std::int64_t last = 60000;
};

void put(const std::string &text, std::int64_t &into) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size()) into = number;
}

/// login.defs(5).
Range range_of_people() {
  Range range;
  std::ifstream file("/etc/login.defs");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    std::string value;
    if (!(words >> key >> value)) continue;
    if (key == "UID_MIN") put(value, range.first);
    if (key == "UID_MAX") put(value, range.last);
  }
  return range;
}

bool is_login_shell(std::string_view shell) {
  const std::string_view name = shell.substr(shell.find_last_of('/') + 1);
  return name != "nologin" && name != "false" && name != "sync" && name != "halt" && name != "shutdown";
}

}  // namespace

std::map<std::string, std::int64_t> accounts_of_people() {
  const Range range = range_of_people();
  std::map<std::string, std::int64_t> accounts;
  setpwent();
  while (const passwd *entry = getpwent()) {
    const std::int64_t uid = entry->pw_uid;
    const bool person = uid == 0 || (uid >= range.first && uid <= range.last);
    if (!person || !is_login_shell(entry->pw_shell != nullptr ? entry->pw_shell : "")) continue;
    if (Result<UserName> name = UserName::parse(entry->pw_name); name && accounts.size() < kMostAccounts)
      accounts.emplace(name->str(), uid);
  }
  endpwent();
  return accounts;
}

}  // namespace passkeyd::cli
