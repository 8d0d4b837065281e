/// A ceremony's own walls: whatever was asked of it, a hostile one (walls/hostile.cpp) gets nowhere. Run by
/// root, whom no permission keeps from anything, so that it is the walls that do.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "common/landlock.h"
#include "daemon/ceremony/walls.h"
#include "tests/walls/misdeeds.h"
#include "tests/wire_samples.h"

using namespace passkeyd;
using namespace passkeyd::test;
using walls::Left;

namespace {

enum class Walls { Standing, None };

/// A ceremony of the hostile kind that was started.
struct Hostile {
  pid_t pid = -1;
  Fd socket;
};

/// `request`: encoded. `printed`: where its standard files lead, if they shall not be this program's.
Hostile begin(const Bytes &request, std::string_view misdeed, Walls walls = Walls::Standing,
              int printed = -1) {
  int pair[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  Hostile hostile{-1, Fd(pair[0])};
  const Fd theirs(pair[1]);
  MUST(wire::send(hostile.socket.get(), request, {}));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int number = 0; printed >= 0 && number < 3; ++number)
    posix_spawn_file_actions_adddup2(&actions, printed, number);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), wire::kCeremonyFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, wire::kCeremonyFd + 1);
  std::string what = "MISDEED=" + std::string(misdeed);
  std::string how = walls == Walls::None ? "WALLS=none" : "WALLS=standing";
  std::string name = "hostile-ceremony";
  char *argv[] = {name.data(), nullptr};
  char *settings[] = {what.data(), how.data(), nullptr};
  const int failed = posix_spawn(&hostile.pid, std::getenv("HOSTILE"), &actions, nullptr, argv, settings);
  posix_spawn_file_actions_destroy(&actions);
  CHECK(failed == 0);
  return hostile;
}

/// "killed" by its walls, or what it says: "done", or why not.
std::string end(Hostile hostile) {
  const std::optional<wire::Received> received = MUST(wire::receive(hostile.socket.get()));
  int status = 0;
  CHECK(waitpid(hostile.pid, &status, 0) == hostile.pid);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return "killed";
  CHECK(WIFEXITED(status) && received && !received->message.empty());
  const wire::Event event = MUST(wire::decode_event(received->message));
  return std::get<Error>(event).sentence;
}

std::string tried(const Bytes &request, std::string_view misdeed, Walls walls = Walls::Standing) {
  // Each finds what it reaches for, as the last one may have left nothing of it.
  std::filesystem::create_directories(kLedgerFolder);
  std::ofstream(kLedger) << "who may sign in";
  std::filesystem::remove(kLoot);
  for (const char *made : {"/tmp/loot", "/tmp/loot-link", "/tmp/loot-socket"}) std::filesystem::remove(made);
  return end(begin(request, misdeed, walls));
}

Left left_for(const Bytes &request) {
  return walls::left_for(MUST(wire::decode_request(request)));
}

void must_stand() {
#ifdef __SANITIZE_ADDRESS__
  throw Skipped("a ceremony raises no walls under AddressSanitizer");
#endif
}

using Names = std::set<std::string_view>;

/// What looking up accounts and names needs: sources of names are asked over local sockets, and the kernel
/// for addresses. The bus is such a socket, too, and the bus' own policy is what keeps it.
const Names kOfNames = {"open-local", "open-routes", "reach-bus", "take-a-descriptor"};
/// What answering with a memory file needs.
const Names kOfFiles = {"make-a-memory-file"};

bool is_left(const Bytes &request, std::string_view misdeed) {
  const Left left = left_for(request);
  return (left == Left::LookingUp && kOfNames.contains(misdeed)) ||
         (left == Left::Filing && kOfFiles.contains(misdeed));
}

/// None of `names` can be done in any ceremony but where it is left.
void are_shut_out(const Names &names) {
  must_stand();
  for (const Bytes &request : requests())
    for (const std::string_view name : names) {
      // Files are then kept by nothing of ours, which this_kernel_has_landlock says.
      if (landlock_version() == 0 && left_for(request) == Left::LookingUp) continue;
      const std::string came = tried(request, name);
      if (is_left(request, name) ? came == "done" : came != "done" && came != "no such misdeed") continue;
      throw Failed(std::string(name) + " in request " + std::to_string(request.size()) + ": " + came);
    }
}

const Names kOfLedger = {"read-ledger", "write-ledger",  "cut-ledger-short", "rename-ledger",
                         "link-ledger", "change-rights", "remove-ledger",    "list-ledgers-folder"};
const Names kOfOtherFiles = {"list-homes",    "write-a-file",      "write-a-temporary-file",
                             "make-a-folder", "make-a-link",       "make-a-socket-file",
                             "read-a-device", "make-a-memory-file"};
const Names kOfDaemon = {"read-daemons-memory",   "read-daemons-surroundings",
                         "list-daemons-files",    "trace-daemon",
                         "peek-into-daemon",      "signal-daemon",
                         "signal-daemons-thread", "hold-daemon",
                         "own-signals-to-daemon"};
const Names kOfPrograms = {"run-program", "run-program-by-descriptor", "spawn-program", "begin-a-process",
                           "begin-a-thread"};
const Names kOfSockets = {"open-internet", "open-internet-6", "open-packets", "open-local",       "open-pair",
                          "open-uevents",  "open-routes",     "reach-bus",    "take-a-descriptor"};
const Names kOfMemory = {"map-to-run", "make-runnable"};
const Names kOfKernel = {"begin-io-uring", "handle-faults",   "load-bpf",        "take-keys",
                         "count-events",   "mount-something", "make-namespaces", "change-root",
                         "raise-limits",   "become-dumpable"};

void no_ceremony_reaches_the_ledger() {
  are_shut_out(kOfLedger);
}
void none_reaches_other_files() {
  are_shut_out(kOfOtherFiles);
}
void none_touches_the_daemon() {
  are_shut_out(kOfDaemon);
}
void none_runs_a_program_or_begins_a_process_or_thread() {
  are_shut_out(kOfPrograms);
}
void none_opens_a_socket_but_local_ones_to_look_names_up() {
  are_shut_out(kOfSockets);
}
void none_makes_memory_that_can_be_run() {
  are_shut_out(kOfMemory);
}
void none_goes_through_the_kernels_other_doors() {
  are_shut_out(kOfKernel);
}

void every_misdeed_is_among_those_tried() {
  Names all;
  for (const Names &some :
       {kOfLedger, kOfOtherFiles, kOfDaemon, kOfPrograms, kOfSockets, kOfMemory, kOfKernel})
    all.insert(some.begin(), some.end());
  for (const Misdeed &each : misdeeds()) CHECK(all.contains(each.name));
  CHECK(all.size() == misdeeds().size());
}

/// Or else the tests above would hold whatever the walls do. What a kernel may have shut for everybody is
/// passed over: io_uring, user faults, BPF, events, packets.
void without_walls_each_of_them_can_be_done() {
  const Names not_everywhere = {"begin-io-uring", "handle-faults", "load-bpf",           "count-events",
                                "open-packets",   "take-keys",     "read-daemons-memory"};
  const Bytes request = requests().front();
  for (const Misdeed &each : misdeeds()) {
    const std::string came = tried(request, each.name, Walls::None);
    if (came == "done") continue;
    if (!not_everywhere.contains(each.name)) throw Failed(std::string(each.name) + ": " + came);
    std::printf("%s cannot be done here without walls either: %s\n", std::string(each.name).c_str(),
                came.c_str());
  }
}

void what_no_library_calls_ends_the_process_at_once() {
  must_stand();
  for (const Bytes &request : requests())
    for (const std::string_view name :
         {"run-program", "trace-daemon", "signal-daemon", "load-bpf", "mount-something"})
      CHECK(tried(request, name) == "killed");
}

void what_is_printed_reaches_nobody() {
  must_stand();
  for (const Bytes &request : requests()) {
    int ends[2] = {-1, -1};
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    CHECK(end(begin(request, "print", Walls::Standing, writing.get())) == "done");
    writing.reset();
    char byte = 0;
    CHECK(read(reading.get(), &byte, 1) == 0);
  }
}

/// One line of /proc/PID/task/TID/status.
std::string line_of(const std::filesystem::path &status, const std::string &name) {
  std::ifstream file(status);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  return "";
}

void every_thread_stands_behind_the_walls() {
  must_stand();
  for (const Bytes &request : requests()) {
    const Hostile hostile = begin(request, "wait");
    CHECK(!MUST(wire::receive(hostile.socket.get()))->message.empty());  // behind its walls by now
    int threads = 0;
    for (const auto &thread :
         std::filesystem::directory_iterator("/proc/" + std::to_string(hostile.pid) + "/task")) {
      ++threads;
      CHECK(line_of(thread.path() / "status", "Seccomp") == "2");
      CHECK(line_of(thread.path() / "status", "NoNewPrivs") == "1");
    }
    CHECK(threads == 2);
    kill(hostile.pid, SIGKILL);
    waitpid(hostile.pid, nullptr, 0);
  }
}

void this_kernel_has_landlock() {
  if (landlock_version() == 0) throw Skipped("this kernel has no Landlock: only the other walls were tested");
  std::printf("Landlock version %d\n", landlock_version());
}

/// Somebody listens where the bus would, and so can be reached.
Fd listen_as_bus() {
  sockaddr_un address{AF_UNIX, "/run/dbus/system_bus_socket"};
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::filesystem::create_directories("/run/dbus");
  if (bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
      listen(socket.get(), 4096) != 0)
    std::fprintf(stderr, "nobody listens as the bus\n");  // then the test without walls fails
  return socket;
}

}  // namespace

int main() {
  const Fd bus = listen_as_bus();
  const CMUnitTest tests[] = {
      TEST(no_ceremony_reaches_the_ledger),
      TEST(none_reaches_other_files),
      TEST(none_touches_the_daemon),
      TEST(none_runs_a_program_or_begins_a_process_or_thread),
      TEST(none_opens_a_socket_but_local_ones_to_look_names_up),
      TEST(none_makes_memory_that_can_be_run),
      TEST(none_goes_through_the_kernels_other_doors),
      TEST(every_misdeed_is_among_those_tried),
      TEST(without_walls_each_of_them_can_be_done),
      TEST(what_no_library_calls_ends_the_process_at_once),
      TEST(what_is_printed_reaches_nobody),
      TEST(every_thread_stands_behind_the_walls),
      TEST(this_kernel_has_landlock),
  };
  return cmocka_run_group_tests_name("walls", tests, nullptr, nullptr);
}
