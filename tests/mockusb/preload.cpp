/// LD_PRELOAD is read when a program starts, so there is no other way than to start again.
#include "tests/mockusb/preload.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/mockusb/mock_usb.h"

namespace passkeyd::mockusb {

void run_under_preload(char **argv) {
  const char *others = std::getenv("LD_PRELOAD");
  const std::string list = others ? others : "";
  if (list.find(kPreloadLibrary) != std::string::npos) return;
  const std::string wanted = list.empty() ? kPreloadLibrary : list + ":" + kPreloadLibrary;
  setenv("LD_PRELOAD", wanted.c_str(), 1);
  unsetenv("UMOCKDEV_DIR");
  execv("/proc/self/exe", argv);
  std::perror("mockusb: cannot start again under the preload library");
  std::exit(125);
}

}  // namespace passkeyd::mockusb
