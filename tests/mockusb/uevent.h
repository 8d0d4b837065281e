/// Uevents: tells every libudev monitor in a umockdev testbed that something was plugged in or pulled out.
///
/// umockdev's preload library turns each monitor into a datagram socket "event<fd>" in the testbed directory.
/// umockdev has a sender too, but it announces a device before anybody may open it, and aborts the program
/// when a listener is slow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes.h"

namespace passkeyd::mockusb {

struct Uevent {
  std::string action;     ///< "add" or "remove"
  std::string path;       ///< "/sys/devices/..."
  std::string subsystem;  ///< "hidraw"
  std::string type;       ///< DEVTYPE, or empty
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<std::string> tags;
};

/// The datagram as udevd broadcasts it: header with the hashes libudev's socket filters look at, properties.
Bytes encode(const Uevent &event, std::uint64_t sequence);

/// Sends to each of `sockets`. Returns those whose listener has gone: nobody will read there again.
std::vector<std::filesystem::path> broadcast(const Bytes &datagram,
                                             const std::vector<std::filesystem::path> &sockets);

}  // namespace passkeyd::mockusb
