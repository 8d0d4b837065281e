/// What may be given as a reason.
#include "cli/reason.h"

#include <CLI/CLI.hpp>

#include "common/account.h"
#include "common/steps.h"

namespace passkeyd::cli {
namespace {

std::string check(const std::string &reason) {
  if (reason.empty() || reason.size() > option::kMaxReason || !is_printable(reason))
    return "must have 1 to 200 bytes of printable UTF-8";
  return {};
}

}  // namespace

void add_reason_option(CLI::App &command, std::string &reason) {
  command
      .add_option("--reason", reason,
                  "Why, for the log and for listings, where whom it is about can read it as well")
      ->type_name("TEXT")
      ->check(check);
}

}  // namespace passkeyd::cli
