/// Ceremony processes: spawning, the queue for a device, the last word.
#include "daemon/ceremonies.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "common/log.h"
#include "daemon/on_behalf.h"

namespace passkeyd {
namespace {

/// Most cues one ceremony may give; a process that gives more is talking nonsense.
constexpr int kMostCues = 16;

Result<pid_t> spawn(const std::string &program, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, socket, wire::kCeremonyFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, wire::kCeremonyFd + 1);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

  std::string name = "passkeyd-ceremony";
  char *argv[] = {name.data(), nullptr};
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return errno_error("start " + program, failed);
  return pid;
}

std::uint64_t microseconds(std::chrono::milliseconds span) {
  return static_cast<std::uint64_t>(std::chrono::microseconds(span).count());
}

/// Backup codes and models come in a file. Nothing else does: what came with it is closed unread.
bool brings_what_it_should(const wire::Event &event, const std::vector<Fd> &files) {
  const bool in_file =
      std::holds_alternative<wire::CodesMade>(event) || std::holds_alternative<wire::MetadataRead>(event);
  return files.size() == (in_file ? 1U : 0U);
}

}  // namespace

bool is_last(const wire::Event &event) {
  return !std::holds_alternative<wire::TouchCue>(event) && !std::holds_alternative<wire::VerifyCue>(event);
}

/// What the story holds: the request until it is launched, then the link to its process.
class Ceremonies::Handle final : public OngoingCeremony {
 public:
  Handle(Ceremonies &all, wire::Request request, std::string device, std::vector<Fd> secrets,
         Mailbox<News> &to, std::size_t number, std::chrono::milliseconds deadline)
      : all_(all),
        request_(std::move(request)),
        device_(std::move(device)),
        secrets_(std::move(secrets)),
        to_(to),
        number_(number),
        deadline_(deadline) {}
  ~Handle() override;

  /// Waits for its device, but not longer than it may run; or, where it needs none, for its turn.
  Status wait() {
    sd_event_source *source = nullptr;
    const std::chrono::milliseconds patience = device_.empty() ? kTurn : deadline_;
    const int failed = sd_event_add_time_relative(all_.loop_, &source, CLOCK_BOOTTIME, microseconds(patience),
                                                  0, on_waited_enough, this);
    if (failed < 0) return errno_error("wait for its turn", -failed);
    waiting_.reset(source);
    all_.waiting_.push_back(this);
    return Ok{};
  }

  static int on_waited_enough(sd_event_source *, std::uint64_t, void *self) {
    auto &handle = *static_cast<Handle *>(self);
    handle.all_.waiting_.remove(&handle);
    handle.say(Error{ErrorKind::Busy, "its turn did not come in time"});
    return 0;
  }

  void say(std::optional<wire::Event> event, std::vector<Fd> files = {}) {
    to_.post(News{number_, std::move(event), std::move(files)});
  }

  Ceremonies &all_;
  wire::Request request_;
  std::string device_;
  std::vector<Fd> secrets_;
  Mailbox<News> &to_;
  std::size_t number_;
  std::chrono::milliseconds deadline_;
  Share share_ = OnBehalf::now();
  Process *process_ = nullptr;
  EventSource waiting_;
};

/// A running process. Outlives its handle until it has really ended, and keeps its device reserved that long.
class Ceremonies::Process {
 public:
  Process(Ceremonies &all, Handle &handle)
      : all_(all), handle_(&handle), device_(handle.device_), share_(handle.share_) {}

  Status begin() {
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
      return errno_error("socketpair", errno);
    socket_.reset(pair[0]);
    const Fd theirs(pair[1]);
    // The process blocks on its end; only ours must not.
    if (fcntl(theirs.get(), F_SETFL, 0) != 0) return errno_error("fcntl", errno);
    std::vector<int> fds;
    for (const Fd &secret : handle_->secrets_) fds.push_back(secret.get());
    TRY(wire::send(socket_.get(), wire::encode(handle_->request_), fds));
    handle_->secrets_.clear();
    const pid_t pid = TRY(spawn(all_.program_, theirs.get()));
    const int failed = watch(pid);
    if (failed < 0) {
      kill(pid, SIGKILL);  // not reaped yet, so the number is still its own
      waitpid(pid, nullptr, 0);
      return errno_error("watch ceremony", -failed);
    }
    return Ok{};
  }

  /// The story has let go: tell the process by closing its socket, and kill it if it does not end.
  void let_go() {
    handle_ = nullptr;
    hang_up();
  }

  /// For when the loop turns no more: returns when the process has ended, or it is that late.
  void await_end(std::chrono::steady_clock::time_point latest) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(latest - std::chrono::steady_clock::now());
    pollfd ended{sd_event_source_get_child_pidfd(child_.get()), POLLIN, 0};
    poll(&ended, 1, std::max(0, static_cast<int>(left.count())));
  }

  /// True once it has said its last word or was told to stop.
  [[nodiscard]] bool is_ending() const { return !socket_; }
  [[nodiscard]] bool is_overdue() const { return killed_; }
  [[nodiscard]] const std::string &device() const { return device_; }
  [[nodiscard]] const Share &share() const { return share_; }
  Handle *handle_of() { return handle_; }

 private:
  /// Registers all three sources; a negative errno if one could not be.
  int watch(pid_t pid) {
    sd_event_source *source = nullptr;
    int failed = sd_event_add_child(all_.loop_, &source, pid, WEXITED, on_exit, this);
    if (failed < 0) return failed;
    child_.reset(source);
    failed = sd_event_add_io(all_.loop_, &source, socket_.get(), EPOLLIN, on_readable, this);
    if (failed < 0) return failed;
    readable_.reset(source);
    failed = sd_event_add_time_relative(all_.loop_, &source, CLOCK_BOOTTIME, microseconds(handle_->deadline_),
                                        0, on_deadline, this);
    if (failed < 0) return failed;
    timer_.reset(source);
    return 0;
  }

  void kill_now() {
    killed_ = true;
    sd_event_source_send_child_signal(child_.get(), SIGKILL, nullptr, 0);
  }

  /// Closes our end, which tells the process to stop, and gives it kGrace to do so.
  void hang_up() {
    if (!socket_) return;
    readable_.reset();
    socket_.reset();
    // A loop that is over keeps no time: the farewell bounds what is left (~Ceremonies).
    if (sd_event_get_state(all_.loop_) == SD_EVENT_FINISHED) return;
    sd_event_source *source = nullptr;
    if (sd_event_add_time_relative(all_.loop_, &source, CLOCK_BOOTTIME, microseconds(kGrace), 1000,
                                   on_grace_over, this) < 0)
      return kill_now();
    timer_.reset(source);
  }

  /// Reads all there is. Ends in a last event or by running dry.
  void drain() {
    while (socket_) {
      Result<std::optional<wire::Received>> received = wire::receive(socket_.get());
      if (!received) return finish(received.error());
      if (!received.value()) return;
      const Bytes &message = received.value()->message;
      if (message.empty()) return finish(Error{ErrorKind::Internal, "the ceremony ended without an answer"});
      Result<wire::Event> event = wire::decode_event(message);
      if (!event) return finish(event.error());
      std::vector<Fd> &files = received.value()->fds;
      if (!brings_what_it_should(event.value(), files))
        return finish(Error{ErrorKind::Malformed, "the ceremony's files do not fit what it says"});
      if (is_last(event.value())) return finish(std::move(event).value(), std::move(files));
      if (++cues_ > kMostCues) return finish(Error{ErrorKind::Malformed, "the ceremony gives too many cues"});
      if (handle_ != nullptr) handle_->say(std::move(event).value());
    }
  }

  void finish(wire::Event last, std::vector<Fd> files = {}) {
    if (handle_ != nullptr) handle_->say(std::move(last), std::move(files));
    hang_up();
  }

  static int on_readable(sd_event_source *, int, std::uint32_t, void *self) {
    static_cast<Process *>(self)->drain();
    return 0;
  }

  static int on_deadline(sd_event_source *, std::uint64_t, void *self) {
    static_cast<Process *>(self)->finish(
        Error{ErrorKind::Timeout, "the ceremony took too long and was ended"});
    return 0;
  }

  static int on_grace_over(sd_event_source *, std::uint64_t, void *self) {
    static_cast<Process *>(self)->kill_now();
    return 0;
  }

  static int on_exit(sd_event_source *, const siginfo_t *how, void *self) {
    auto &process = *static_cast<Process *>(self);
    if (how->si_code != CLD_EXITED && how->si_status == SIGSYS)
      log_line(
          LogLevel::Error,
          "a ceremony made a system call that none makes and was ended: a fault of ours or of a library, or "
          "somebody has taken it over; the kernel's log names the call");
    process.drain();              // its last words may still be in the socket
    process.all_.ended(process);  // destroys *self
    return 0;
  }

  Ceremonies &all_;
  Handle *handle_;
  std::string device_;
  Share share_;
  Fd socket_;
  EventSource child_;
  EventSource readable_;
  EventSource timer_;
  int cues_ = 0;
  bool killed_ = false;
};

Ceremonies::Handle::~Handle() {
  all_.waiting_.remove(this);
  if (process_ != nullptr) process_->let_go();
}

Ceremonies::Ceremonies(sd_event *loop, std::string program) : loop_(loop), program_(std::move(program)) {}

Ceremonies::~Ceremonies() {
  for (const auto &process : running_) process->let_go();
  const auto latest = std::chrono::steady_clock::now() + kFarewell;
  for (const auto &process : running_) process->await_end(latest);
}

std::size_t Ceremonies::count() const {
  return running_.size() + waiting_.size();
}

std::size_t Ceremonies::overdue() const {
  return static_cast<std::size_t>(
      std::count_if(running_.begin(), running_.end(), [](const auto &each) { return each->is_overdue(); }));
}

const Ceremonies::Process *Ceremonies::user_of(const std::string &device) const {
  if (device.empty()) return nullptr;
  const auto found =
      std::ranges::find_if(running_, [&](const auto &process) { return process->device() == device; });
  return found == running_.end() ? nullptr : found->get();
}

std::size_t Ceremonies::running_of(const Share &share) const {
  return static_cast<std::size_t>(std::ranges::count_if(running_, [&](const auto &process) {
    return !process->is_overdue() && process->share().member == share.member &&
           is_a_persons(process->share()) == is_a_persons(share);
  }));
}

std::size_t Ceremonies::waiting_at(Door door) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(waiting_, [&](const Handle *each) { return each->share_.door == door; }));
}

bool Ceremonies::has_room_for(const Share &share) const {
  const std::size_t running = running_.size() - overdue();
  if (running >= kMostRunning || overdue() >= kMostOverdue) return false;
  if (share.door == Door::Machine) return true;
  const auto of_door = static_cast<std::size_t>(std::ranges::count_if(running_, [&](const auto &process) {
    return !process->is_overdue() && process->share().door == share.door;
  }));
  if (share.door == Door::Network) return of_door < kMostOfNetwork;
  return of_door < kMostOfPeople && running_of(share) < kMostOfOnePerson;
}

std::unique_ptr<OngoingCeremony> Ceremonies::start(wire::Request request, std::string device,
                                                   std::vector<Fd> secrets, Mailbox<News> &to,
                                                   std::size_t number, std::chrono::milliseconds deadline) {
  auto handle = std::make_unique<Handle>(*this, std::move(request), std::move(device), std::move(secrets), to,
                                         number, deadline);
  const Process *user = user_of(handle->device_);
  if (user == nullptr && has_room_for(handle->share_)) {
    launch(*handle);
    return handle;
  }
  if (waiting_at(handle->share_.door) >= kMostWaiting) {
    handle->say(Error{ErrorKind::Busy, "too many sign-ins at once"});
    return handle;
  }
  const Status waits = handle->wait();
  if (!waits)
    handle->say(waits.error());
  else if (user != nullptr && !user->is_ending())
    handle->say(std::nullopt);  // otherwise it is only a moment
  return handle;
}

bool Ceremonies::launch(Handle &handle) {
  handle.waiting_.reset();
  auto process = std::make_unique<Process>(*this, handle);
  const Status begun = process->begin();
  if (!begun) {
    handle.say(begun.error());
    return false;
  }
  handle.process_ = process.get();
  running_.push_back(std::move(process));
  return true;
}

void Ceremonies::ended(Process &process) {
  if (process.handle_of() != nullptr) process.handle_of()->process_ = nullptr;
  running_.remove_if([&](const auto &each) { return each.get() == &process; });
  start_waiting();
}

void Ceremonies::start_waiting() {
  for (;;) {
    auto next = waiting_.end();
    std::size_t fewest = 0;
    for (auto each = waiting_.begin(); each != waiting_.end(); ++each) {
      const Handle &handle = **each;
      if (user_of(handle.device_) != nullptr || !has_room_for(handle.share_)) continue;
      const std::size_t running = running_of(handle.share_);
      if (next != waiting_.end() && running >= fewest) continue;
      next = each;
      fewest = running;
    }
    if (next == waiting_.end()) return;
    Handle &handle = **next;
    waiting_.erase(next);
    launch(handle);
  }
}

}  // namespace passkeyd
