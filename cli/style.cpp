/// Select Graphic Rendition (ECMA-48, section 8.3.117).
#include "cli/style.h"

#include <cstdlib>
#include <string_view>

#include "cli/output.h"

namespace passkeyd::cli {
namespace {

bool says_something(const char *variable) {
  const char *value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

const char *sequence_of(Accent accent) {
  switch (accent) {
    case Accent::Strong:
      return "\x1b[1m";
    case Accent::Warning:
      return "\x1b[33m";
    case Accent::Bad:
      return "\x1b[31m";
    case Accent::None:
      break;
  }
  return "";
}

}  // namespace

Screen Screen::of_stdout() {
  if (!Output::is_terminal()) return {};
  const char *terminal = std::getenv("TERM");
  const bool able = terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
  return {Output::columns(), able && !says_something("NO_COLOR")};
}

std::string accented(std::string text, Accent accent, const Screen &screen) {
  if (!screen.colour || accent == Accent::None || text.empty()) return text;
  return sequence_of(accent) + std::move(text) + "\x1b[0m";
}

}  // namespace passkeyd::cli
