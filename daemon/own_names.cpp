/// Asking the kernel, the ledger and the resolver.
#include "daemon/own_names.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "common/log.h"
#include "daemon/errand.h"

namespace passkeyd {
namespace {

/// A name that is none is not added: nobody could know the machine by it.
void add(std::vector<std::string> &names, std::string_view name) {
  const Result<RpId> parsed = RpId::parse(name);
  if (parsed && std::ranges::find(names, parsed->str()) == names.end()) names.push_back(parsed->str());
}

}  // namespace

Task<void> find_own_names(House &house) {
  std::vector<std::string> names;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) add(names, name.data());
  add(names, house.rp_id.str());
  house.config.own_names = std::move(names);
  wire::Request request = wire::NameHost{};
  const Result<Returned<wire::HostNamed>> full =
      co_await errand<wire::HostNamed>(house, std::move(request), std::string());
  if (full)
    add(house.config.own_names, full->value.name);
  else
    log_line(LogLevel::Info,
             "the full name of this machine is not known: " + log_safe(full.error().sentence));
}

}  // namespace passkeyd
