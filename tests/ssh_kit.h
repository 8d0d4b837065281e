/// What tests of ssh/ start from: sk keys as OpenSSH has them, made of the verifier's test keys, and
/// ssh-keygen as a judge that is not ours.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "ssh/key.h"
#include "ssh/wire.h"
#include "tests/check.h"
#include "tests/webauthn_kit.h"
#include "webauthn/cose.h"

namespace passkeyd::test {

inline constexpr Algorithm kSshAlgorithms[] = {Algorithm::Es256, Algorithm::EdDsa};

/// The blob of the key with that application.
inline Bytes blob_of(const TestKey &key, std::string_view application = "ssh:") {
  const Bytes point = *point_of({key.algorithm(), key.cose()});
  ssh::Writer writer;
  if (key.algorithm() == Algorithm::EdDsa) {
    writer.text("sk-ssh-ed25519@openssh.com").string(point);
  } else {
    Bytes uncompressed{4};
    uncompressed.insert(uncompressed.end(), point.begin(), point.end());
    writer.text("sk-ecdsa-sha2-nistp256@openssh.com").text("nistp256").string(uncompressed);
  }
  return writer.text(application).take();
}

inline ssh::Key ssh_key(const TestKey &key, std::string_view application = "ssh:") {
  return MUST(ssh::key_from_blob(blob_of(key, application)));
}

/// A directory that goes away, and commands in it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "passkeyd-ssh-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void write(const std::string &name, std::string_view text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string &name) const {
    std::ostringstream text;
    text << std::ifstream(path_ + "/" + name, std::ios::binary).rdbuf();
    return text.str();
  }
  /// True if `command` ends well there. What it prints is in the file "said".
  [[nodiscard]] bool runs(const std::string &command) const {
    return std::system(("cd " + path_ + " && { " + command + "; } >said 2>&1 </dev/null").c_str()) == 0;
  }

 private:
  std::string path_;
};

}  // namespace passkeyd::test
