/// Agent: asks an SSH agent for its keys and for signatures (draft-miller-ssh-agent), over a connection that
/// somebody else has opened. The agent is the person's own program, or whatever they put in its place: how
/// much it says, and how long it takes, is bounded here.
#pragma once

#include <chrono>
#include <vector>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd::ssh {

class Agent {
 public:
  using Clock = std::chrono::steady_clock;
  /// Longest answer that is read, in bytes; OpenSSH's own client reads as much.
  static constexpr std::size_t kMaxMessage = 256 * 1024;
  /// Most keys of one agent.
  static constexpr std::size_t kMaxKeys = 2048;
  /// Longest signature blob, in bytes; those of security keys have about 150.
  static constexpr std::size_t kMaxSignature = 1024;

  /// `socket`: a connected stream socket, which must outlive this and is asked by nobody else meanwhile. All
  /// calls together end at `deadline`.
  Agent(int socket, Clock::time_point deadline) : socket_(socket), deadline_(deadline) {}

  /// The blobs of all its public keys, of whatever kind, in its order. Errors: Timeout, AgentBroken (it went
  /// away, or what it says makes no sense).
  Result<std::vector<Bytes>> keys();

  /// Its signature blob over `text` by the key of this blob; not verified. Errors: as keys(), AgentRefused.
  Result<Bytes> sign(ByteView key, ByteView text);

 private:
  /// One request, and its answer without the length before it.
  Result<Bytes> ask(ByteView request);
  Status send_all(ByteView bytes);
  Status receive_all(std::uint8_t *into, std::size_t size);
  /// Waits until the socket can be used so. Errors: Timeout, AgentBroken.
  Status wait_for(short events);

  int socket_;
  Clock::time_point deadline_;
};

}  // namespace passkeyd::ssh
