/// What the service leans on: a clock, and libraries.
#include <string_view>

#include "cli/doctor/checks.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

struct Library {
  const char *name;
  const char *link;
  Level otherwise;
};
constexpr Library kLibraries[] = {
    {"libfido2", "libfido2.so.1", Level::Bad},
    {"tpm2-tss", "libtss2-esys.so.0", Level::Bad},
};

/// The file behind a link such as libfido2.so.1, whose name tells its version. nullopt: there is none.
std::optional<std::string> file_of(const Machine &machine, const std::string &link) {
  for (const std::string folder : {"/usr/lib", "/lib", "/usr/lib64", "/lib64"}) {
    std::vector<std::string> places = {folder};
    if (const auto inner = machine.list(folder); inner)
      for (const std::string &name : inner.value())
        if (name.ends_with("-linux-gnu") || name.find("-linux-gnu") != std::string::npos)
          places.push_back(folder + "/" + name);
    for (const std::string &place : places) {
      const std::string path = place + "/" + link;
      if (!machine.has(path)) continue;
      const Result<std::string> target = machine.target(path);
      return printable(target ? target.value() : link, 255);
    }
  }
  return std::nullopt;
}

}  // namespace

Findings check_clock(const Machine &machine) {
  if (machine.clock_is_kept()) return {{"clock-sync", Level::Good, "The clock is kept right."}};
  return {{"clock-sync", Level::Note,
           "Nothing keeps the clock right: times in the audit and in reports may be off.",
           "timedatectl set-ntp true (waits and limits do not depend on it)"}};
}

Findings check_libraries(const Machine &machine) {
  Findings found;
  for (const Library &library : kLibraries) {
    const std::string check = std::string("library-") + library.name;
    if (const auto file = file_of(machine, library.link))
      found.push_back({check, Level::Good, std::string(library.name) + " is installed: " + *file + "."});
    else
      found.push_back({check, library.otherwise,
                       std::string(library.name) + " is not installed: " + library.link + " is missing.",
                       "Install passkeyd again, with all it depends on."});
  }
  return found;
}

}  // namespace passkeyd::cli
