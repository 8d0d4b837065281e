/// Server: a SoftKey on sockets. One port at a time, control clients, and the key's own clock, in one poll
/// loop.
#pragma once

#include <optional>
#include <string>

#include "tests/softkey/control.h"
#include "tests/softkey/softkey.h"

namespace passkeyd::softkey {

class Server {
 public:
  /// Listens at `port_path` (SOCK_SEQPACKET, one 64-byte report a packet) and, unless empty, `control_path`.
  /// `key` and `storage` are borrowed. Errors: Io, InvalidInput.
  static Result<Server> listen(SoftKey &key, const StateFile &storage, std::string port_path,
                               std::string control_path);
  Server(Server &&) = default;
  ~Server();

  /// Serves until "quit" or until `stop` becomes readable. Errors: Io.
  Status run(const Fd &stop);

 private:
  Server(SoftKey &key, const StateFile &storage) : key_(&key), storage_(&storage) {}
  [[nodiscard]] int pause_ms() const;
  void hear_port();
  void speak();

  SoftKey *key_;
  const StateFile *storage_;
  std::string port_path_, control_path_;
  Fd listener_;
  std::optional<Control> control_;
  Fd port_;  // what the key is plugged into
  bool quit_ = false;
};

}  // namespace passkeyd::softkey
