/// passkeyd-ceremony: the process that talks to one authenticator, for one request, and ends. It is
/// handed the device and the PIN, neither database nor bus, and nothing it says is believed unverified.
#include <unistd.h>

#include "daemon/ceremony/process.h"

int main() {
  _exit(passkeyd::live_as_ceremony(
      passkeyd::perform));  // the watching thread still runs: no destructors behind its back
}
