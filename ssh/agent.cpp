/// Talking to an SSH agent.
#include "ssh/agent.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ssh/wire.h"

namespace passkeyd::ssh {
namespace {

// Message numbers of the draft's section 5.1.
constexpr std::uint8_t kFailure = 5;
constexpr std::uint8_t kListKeys = 11;
constexpr std::uint8_t kKeysAnswer = 12;
constexpr std::uint8_t kSign = 13;
constexpr std::uint8_t kSignAnswer = 14;

Error broken(const char *how) {
  return {ErrorKind::AgentBroken, std::string("the SSH agent ") + how};
}

Error nonsense() {
  return broken("gives an answer that makes no sense");
}

}  // namespace

Status Agent::wait_for(short events) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return Error{ErrorKind::Timeout, "the SSH agent did not answer in time"};
    pollfd watched{socket_, events, 0};
    const int ready = poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return Ok{};
    if (ready < 0 && errno != EINTR) return errno_error("wait for the SSH agent", errno);
  }
}

Status Agent::send_all(ByteView bytes) {
  while (!bytes.empty()) {
    TRY(wait_for(POLLOUT));
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EINTR && errno != EAGAIN) return broken("went away");
  }
  return Ok{};
}

Status Agent::receive_all(std::uint8_t *into, std::size_t size) {
  while (size > 0) {
    TRY(wait_for(POLLIN));
    const ssize_t got = recv(socket_, into, size, MSG_DONTWAIT);
    if (got == 0) return broken("went away");
    if (got < 0 && errno != EINTR && errno != EAGAIN) return broken("went away");
    if (got < 0) continue;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return Ok{};
}

Result<Bytes> Agent::ask(ByteView request) {
  const Bytes framed = Writer().string(request).take();
  TRY(send_all(framed));
  std::array<std::uint8_t, 4> before{};
  TRY(receive_all(before.data(), before.size()));
  const std::uint32_t size = Reader(before).number().value_or(0);
  if (size == 0 || size > kMaxMessage) return nonsense();
  Bytes answer(size);
  TRY(receive_all(answer.data(), answer.size()));
  return answer;
}

Result<std::vector<Bytes>> Agent::keys() {
  const Bytes answer = TRY(ask(std::array{kListKeys}));
  Reader reader(answer);
  const std::uint8_t kind = reader.byte().value_or(kFailure);
  // A locked agent says that it has none; one that fails here is one without any, for us.
  if (kind == kFailure) return std::vector<Bytes>();
  const std::optional<std::uint32_t> count = kind == kKeysAnswer ? reader.number() : std::nullopt;
  if (!count || *count > kMaxKeys) return nonsense();
  std::vector<Bytes> found;
  for (std::uint32_t at = 0; at < *count; ++at) {
    const std::optional<ByteView> blob = reader.string();
    const std::optional<ByteView> comment = blob ? reader.string() : std::nullopt;
    if (!comment) return nonsense();
    found.push_back(copy_of(*blob));
  }
  if (!reader.at_end()) return nonsense();
  return found;
}

Result<Bytes> Agent::sign(ByteView key, ByteView text) {
  const Bytes answer = TRY(ask(Writer().byte(kSign).string(key).string(text).number(0).take()));
  Reader reader(answer);
  const std::uint8_t kind = reader.byte().value_or(kFailure);
  if (kind == kFailure) return Error{ErrorKind::AgentRefused, "the SSH agent did not sign"};
  const std::optional<ByteView> signature = kind == kSignAnswer ? reader.string() : std::nullopt;
  if (!signature || !reader.at_end() || signature->size() > kMaxSignature) return nonsense();
  return copy_of(*signature);
}

}  // namespace passkeyd::ssh
