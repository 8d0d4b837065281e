/// The format is that of systemd's device monitor ("libudev", magic 0xfeedcafe); MurmurHash2 is Austin
/// Appleby's, of which libudev uses the 32-bit form with seed 0.
#include "tests/mockusb/uevent.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/handle.h"

namespace passkeyd::mockusb {
namespace {

struct Header {
  char prefix[8];
  std::uint32_t magic;
  std::uint32_t header_size;
  std::uint32_t properties_offset;
  std::uint32_t properties_size;
  std::uint32_t subsystem_hash;
  std::uint32_t type_hash;
  std::uint32_t tags_high;
  std::uint32_t tags_low;
};

std::uint32_t murmur_hash(const std::string &text) {
  constexpr std::uint32_t kMix = 0x5bd1e995;
  auto hash = static_cast<std::uint32_t>(text.size());
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    std::uint32_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    word *= kMix;
    word ^= word >> 24;
    hash = (hash * kMix) ^ (word * kMix);
  }
  if (at < text.size()) {
    std::uint32_t rest = 0;
    std::memcpy(&rest, text.data() + at, text.size() - at);
    hash = (hash ^ rest) * kMix;
  }
  hash = (hash ^ (hash >> 13)) * kMix;
  return hash ^ (hash >> 15);
}

/// Four bits of 64 for each tag.
std::uint64_t bloom(const std::vector<std::string> &tags) {
  std::uint64_t bits = 0;
  for (const std::string &tag : tags) {
    const std::uint32_t hash = murmur_hash(tag);
    for (const int shift : {0, 6, 12, 18}) bits |= std::uint64_t{1} << (hash >> shift & 63);
  }
  return bits;
}

}  // namespace

Bytes encode(const Uevent &event, std::uint64_t sequence) {
  std::string properties;
  const auto put = [&](const std::string &name, const std::string &value) {
    properties += name + "=" + value + '\0';
  };
  put("ACTION", event.action);
  put("DEVPATH", event.path.substr(4));  // without /sys
  put("SUBSYSTEM", event.subsystem);
  if (!event.type.empty()) put("DEVTYPE", event.type);
  put("SEQNUM", std::to_string(sequence));
  put("USEC_INITIALIZED", "1");
  for (const auto &[name, value] : event.properties) put(name, value);
  if (!event.tags.empty()) {
    std::string list = ":";
    for (const std::string &tag : event.tags) list += tag + ":";
    put("TAGS", list);
    put("CURRENT_TAGS", list);
  }

  const std::uint64_t tags = bloom(event.tags);
  Header header{};
  std::memcpy(header.prefix, "libudev", sizeof header.prefix);
  header.magic = htonl(0xfeedcafe);
  header.header_size = sizeof header;
  header.properties_offset = sizeof header;
  header.properties_size = static_cast<std::uint32_t>(properties.size());
  header.subsystem_hash = htonl(murmur_hash(event.subsystem));
  header.type_hash = event.type.empty() ? 0 : htonl(murmur_hash(event.type));
  header.tags_high = htonl(static_cast<std::uint32_t>(tags >> 32));
  header.tags_low = htonl(static_cast<std::uint32_t>(tags));

  std::string out(reinterpret_cast<const char *>(&header), sizeof header);
  return copy_of(bytes_of(out + properties));
}

std::vector<std::filesystem::path> broadcast(const Bytes &datagram,
                                             const std::vector<std::filesystem::path> &sockets) {
  std::vector<std::filesystem::path> gone;
  const Fd sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  for (const std::filesystem::path &path : sockets) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string &text = path.native();
    if (text.size() >= sizeof address.sun_path) continue;
    std::copy(text.begin(), text.end(), address.sun_path);
    if (sendto(sender.get(), datagram.data(), datagram.size(), 0,
               reinterpret_cast<const sockaddr *>(&address), sizeof address) >= 0)
      continue;
    if (errno == ECONNREFUSED || errno == ENOENT)
      gone.push_back(path);
    else
      std::fprintf(stderr, "mockusb: uevent lost for %s: %s\n", text.c_str(), std::strerror(errno));
  }
  return gone;
}

}  // namespace passkeyd::mockusb
