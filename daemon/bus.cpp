/// Errors on the bus.
#include "daemon/bus.h"

#include "common/steps.h"

namespace passkeyd {
namespace {

/// "org.passkeyd1.Error.PinWrong" for PinWrong.
std::string bus_error_name(ErrorKind kind) {
  std::string name = bus::kErrorPrefix;
  bool upper = true;
  for (const char c : name_of(kind)) {
    if (c == '-') {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

}  // namespace

int reply_error(sd_bus_message *call, const Error &error) {
  return sd_bus_reply_method_errorf(call, bus_error_name(error.kind).c_str(), "%s", error.sentence.c_str());
}

}  // namespace passkeyd
