/// A connection is power: when it ends, the session's tokens and counts end with it.
#include "tests/softkey/server.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tests/softkey/commands.h"

namespace passkeyd::softkey {
namespace {

Moment now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::duration_cast<Moment>(std::chrono::seconds(time.tv_sec) +
                                            std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

Result<Server> Server::listen(SoftKey &key, const StateFile &storage, std::string port_path,
                              std::string control_path) {
  Server server(key, storage);
  server.listener_ = TRY(listen_at(port_path, SOCK_SEQPACKET));
  server.port_path_ = std::move(port_path);
  if (!control_path.empty()) server.control_ = TRY(Control::listen(control_path));
  server.control_path_ = std::move(control_path);
  return server;
}

Server::~Server() {
  if (!listener_) return;  // moved from
  unlink(port_path_.c_str());
  if (control_) unlink(control_path_.c_str());
}

Status Server::run(const Fd &stop) {
  while (!quit_) {
    std::vector<pollfd> fds = {{stop.get(), POLLIN, 0}, {port_ ? port_.get() : listener_.get(), POLLIN, 0}};
    if (control_) control_->watch(fds);
    if (poll(fds.data(), fds.size(), pause_ms()) < 0 && errno != EINTR) return errno_error("poll", errno);
    if (fds[0].revents) break;
    hear_port();
    key_->tick(now());
    speak();
    if (control_)
      control_->serve([this](const Control::Words &words) {
        auto answer = carry_out(words, *key_, *storage_, static_cast<bool>(port_), now(), quit_);
        speak();
        return answer;
      });
  }
  return Ok{};
}

int Server::pause_ms() const {
  const auto next = key_->next_tick();
  if (!next) return -1;
  return static_cast<int>(std::clamp<std::int64_t>((*next - now()).count(), 0, 60'000));
}

void Server::hear_port() {
  if (!port_) {
    port_.reset(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (port_) key_->power_on(now());
    return;
  }
  Report report{};
  ssize_t got;
  while ((got = recv(port_.get(), report.data(), report.size(), MSG_TRUNC)) > 0)
    if (got == static_cast<ssize_t>(report.size())) key_->receive(report, now());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  port_.reset();
  key_->power_on(now());
}

/// A port that does not drain loses reports, as a real one would.
void Server::speak() {
  for (const Report &report : key_->take_output())
    if (port_) static_cast<void>(send(port_.get(), report.data(), report.size(), MSG_NOSIGNAL));
}

}  // namespace passkeyd::softkey
