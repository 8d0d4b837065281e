/// What the tests of SSH keys with passkeyctl share: keys, what the service says of them, and another
/// ssh-keygen in the place of this machine's.
#pragma once

#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/check.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

namespace passkeyd::test {

namespace fs = std::filesystem;

inline const std::string kRed =
    "sk-ssh-ed25519@openssh.com "
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMncj7gytwnhfrdVgsTAPP3E/aLurs7oDCkS/mbVfd7uAAAABHNzaDo=";
inline const std::string kBlue =
    "sk-ssh-ed25519@openssh.com "
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIF8YSIcoavMs/ExKJo37ocrf2/aKibkQO0KCkfmsMF0eAAAABHNzaDo=";
inline const std::string kWork =
    "sk-ecdsa-sha2-nistp256@openssh.com "
    "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBJr3oTbK4L/"
    "VW5IG/fHxMJ5eWygfjedxIVnSrPatufCdFXg983W0RtmBJIWw89auzPSVfu2PrIzko+IYNqdeJngAAAAIc3NoOndvcms=";
inline const std::string kFolder = std::string(kScratch) + "/ssh";
inline Dictionary ssh_key(const std::string &id, const std::string &line,
                          const std::string &state = "active") {
  return {{"id", id},
          {"user", "alice"},
          {"uid", 1000U},
          {"name", "laptop"},
          {"way", "ssh"},
          {"ssh-key", line},
          {"state", state},
          {"created", std::int64_t{1700000000}},
          {"changed", std::int64_t{1700000120}},
          {"last-used", std::int64_t{1700000110}},
          {"user-verification", true},
          {"attestation", "none"}};
}

inline Reaction rows(std::vector<Dictionary> all) {
  return append([all = std::move(all)](sd_bus_message *reply) {
    sd_bus_message_open_container(reply, 'a', "a{sv}");
    for (const Dictionary &row : all) append_dictionary(reply, row);
    return sd_bus_message_close_container(reply);
  });
}

/// Something else in the place of a file or folder of this machine, while the block runs.
class InPlaceOf {
 public:
  InPlaceOf(std::string path, const std::string &other) : path_(std::move(path)) {
    CHECK(mount(other.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr) == 0);
  }
  ~InPlaceOf() { umount2(path_.c_str(), MNT_DETACH); }
  InPlaceOf(const InPlaceOf &) = delete;
  InPlaceOf &operator=(const InPlaceOf &) = delete;

 private:
  std::string path_;
};

/// A folder as new.
inline void clear_folder() {
  fs::remove_all(kFolder);
  fs::create_directory(kFolder);
  CHECK(chmod(kFolder.c_str(), 0755) == 0);
}

inline std::string contents(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// ssh-keygen is this script instead.
class OtherKeygen {
 public:
  explicit OtherKeygen(const std::string &script) : place_("/usr/bin/ssh-keygen", write(script)) {}

 private:
  static std::string write(const std::string &script) {
    // The real one stays reachable by the shell for what the script leaves to it.
    fs::copy_file("/usr/bin/ssh-keygen", kReal, fs::copy_options::overwrite_existing);
    const std::string path = std::string(kScratch) + "/other-keygen";
    write_file(path, "#!/bin/sh\n" + script + "\n");
    CHECK(chmod(path.c_str(), 0755) == 0);
    return path;
  }
  static inline const std::string kReal = std::string(kScratch) + "/real-keygen";
  InPlaceOf place_;
};

}  // namespace passkeyd::test
