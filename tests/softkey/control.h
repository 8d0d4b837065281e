/// Control: the text socket over which tests steer a running softkey or mockusb. One connection is one
/// command: words and a newline in; "ok" or "error: why", then text, out. `softkey-ctl` is its client.
#pragma once

#include <poll.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/handle.h"
#include "common/result.h"

namespace passkeyd::softkey {

/// A listening Unix socket at `path` (which is replaced if it is a socket), CLOEXEC and non-blocking. `type`:
/// SOCK_STREAM or SOCK_SEQPACKET. Errors: Io, InvalidInput for a path too long.
Result<Fd> listen_at(const std::string &path, int type);
/// A connection to such a socket. Errors: Io, InvalidInput.
Result<Fd> connect_to(const std::string &path, int type);

class Control {
 public:
  using Words = std::vector<std::string>;
  struct Answer {
    bool good = true;
    std::string text;  ///< without the newline at its end
  };
  /// nullopt: not yet; asked again after the next event, until the client goes away.
  using Handler = std::function<std::optional<Answer>(const Words &)>;

  static Result<Control> listen(const std::string &path);

  /// Adds what must be waited for; poll(2) for reading.
  void watch(std::vector<pollfd> &fds) const;
  /// Accepts, reads, asks `handler`, answers; never blocks. Call after every wake-up.
  void serve(const Handler &handler);

 private:
  struct Client {
    Fd socket;
    std::string input;
    bool gone = false;
  };
  explicit Control(Fd listener) : listener_(std::move(listener)) {}
  static bool finish(Client &client, const Handler &handler);

  Fd listener_;
  std::vector<Client> clients_;
};

}  // namespace passkeyd::softkey
