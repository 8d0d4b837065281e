/// One function for each misdeed. They call the kernel and not the C library wherever that would do less.
#include "tests/walls/misdeeds.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

namespace passkeyd::test {
namespace {

int outcome(long result) {
  return result < 0 ? errno : 0;
}

int open_for(const char *path, int how) {
  return outcome(open(path, how | O_CLOEXEC, 0600));
}
int open_of_daemon(const char *file, int how) {
  return open_for(("/proc/" + std::to_string(getppid()) + "/" + file).c_str(), how);
}
int open_socket(int family, int type, int protocol = 0) {
  return outcome(socket(family, type, protocol));
}

// --- files ---
int read_ledger() {
  return open_for(kLedger, O_RDONLY);
}
int write_ledger() {
  return open_for(kLedger, O_WRONLY);
}
int cut_ledger_short() {
  return outcome(truncate(kLedger, 0));
}
int remove_ledger() {
  return outcome(unlink(kLedger));
}
int rename_ledger() {
  return outcome(rename(kLedger, kLoot));
}
int link_ledger() {
  return outcome(link(kLedger, kLoot));
}
int list_ledgers_folder() {
  return open_for(kLedgerFolder, O_RDONLY | O_DIRECTORY);
}
int list_homes() {
  return open_for("/home", O_RDONLY | O_DIRECTORY);
}
int write_a_file() {
  return open_for(kLoot, O_WRONLY | O_CREAT);
}
int write_a_temporary_file() {
  return open_for("/tmp", O_RDWR | O_TMPFILE);
}
int make_a_folder() {
  return outcome(mkdir("/tmp/loot", 0700));
}
int make_a_link() {
  return outcome(symlink(kLedger, "/tmp/loot-link"));
}
int make_a_socket_file() {
  return outcome(mknod("/tmp/loot-socket", S_IFSOCK | 0600, 0));
}
int change_rights() {
  return outcome(chmod(kLedger, 0666));
}
int read_a_device() {
  return open_for("/dev/full", O_RDWR);
}

// --- other processes ---
int read_daemons_memory() {
  return open_of_daemon("mem", O_RDONLY);
}
int read_daemons_surroundings() {
  return open_of_daemon("environ", O_RDONLY);
}
int list_daemons_files() {
  return open_of_daemon("fd", O_RDONLY | O_DIRECTORY);
}
int trace_daemon() {
  return outcome(ptrace(PTRACE_SEIZE, getppid(), nullptr, nullptr));
}
int peek_into_daemon() {
  char byte = 0;
  iovec here{&byte, 1}, there{environ, 1};
  // Whether the address is one of the daemon's is all the same: it was looked there.
  const int failed = outcome(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
  return failed == EFAULT ? 0 : failed;
}
int signal_daemon() {
  return outcome(kill(getppid(), SIGCONT));
}
int signal_daemons_thread() {
  return outcome(syscall(SYS_tgkill, getppid(), getppid(), SIGCONT));
}
int hold_daemon() {
  return outcome(syscall(SYS_pidfd_open, getppid(), 0));
}
int own_signals_to_daemon() {
  return outcome(fcntl(3, F_SETOWN, getppid()));
}

// --- programs ---
char *const kNoWords[] = {const_cast<char *>("true"), nullptr};
/// In a child where one can be had, so that what was done can be told.
template <class Run>
int in_child(Run run) {
  const pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    run();
    _exit(errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}
/// Without a child first: that alone is forbidden, too, and would hide what is looked for.
bool is_shut_in() {
  return prctl(PR_GET_SECCOMP) != 0;
}
int run_program() {
  const auto run = [] { execve("/bin/true", kNoWords, nullptr); };
  if (!is_shut_in()) return in_child(run);
  run();
  return errno;
}
int run_program_by_descriptor() {
  const auto run = [] { syscall(SYS_execveat, AT_FDCWD, "/bin/true", kNoWords, nullptr, 0); };
  if (!is_shut_in()) return in_child(run);
  run();
  return errno;
}
int spawn_program() {
  pid_t child = -1;
  const int failed = posix_spawn(&child, "/bin/true", nullptr, nullptr, kNoWords, nullptr);
  if (failed == 0) waitpid(child, nullptr, 0);
  return failed;
}
int begin_a_process() {
  return in_child([] { errno = 0; });
}
int begin_a_thread() {
  std::thread([] {}).join();
  return 0;
}

// --- the network, and what else is behind a socket ---
int open_internet() {
  return open_socket(AF_INET, SOCK_STREAM);
}
int open_internet_6() {
  return open_socket(AF_INET6, SOCK_DGRAM);
}
int open_packets() {
  return open_socket(AF_PACKET, SOCK_RAW);
}
int open_local() {
  return open_socket(AF_UNIX, SOCK_STREAM);
}
int open_pair() {
  int pair[2];
  return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}
int open_uevents() {
  return open_socket(AF_NETLINK, SOCK_RAW, 15);
}
int open_routes() {
  return open_socket(AF_NETLINK, SOCK_RAW, 0);
}
int reach_bus() {
  sockaddr_un bus{AF_UNIX, "/run/dbus/system_bus_socket"};
  const int line = socket(AF_UNIX, SOCK_STREAM, 0);
  return line < 0 ? errno : outcome(connect(line, reinterpret_cast<sockaddr *>(&bus), sizeof bus));
}

// --- memory that can be run ---
int map_to_run() {
  const void *at =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? errno : 0;
}
int make_runnable() {
  void *at = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? errno : outcome(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

// --- the kernel's doors ---
int begin_io_uring() {
  io_uring_params how = {};
  return outcome(syscall(SYS_io_uring_setup, 4, &how));
}
int handle_faults() {
  return outcome(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
}
int load_bpf() {
  bpf_attr map = {};
  map.map_type = BPF_MAP_TYPE_ARRAY;
  map.key_size = map.value_size = 4;
  map.max_entries = 1;
  return outcome(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
}
int take_keys() {
  return outcome(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 1));
}
int count_events() {
  perf_event_attr what = {};
  what.type = PERF_TYPE_SOFTWARE;
  what.size = sizeof what;
  return outcome(syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
}
int mount_something() {
  return outcome(mount("none", "/mnt", "tmpfs", 0, nullptr));
}
int make_namespaces() {
  return outcome(unshare(CLONE_NEWNS));
}
int change_root() {
  return outcome(chroot("/"));
}
int raise_limits() {
  const rlimit many{4096, 4096};
  return outcome(setrlimit(RLIMIT_FSIZE, &many));
}
int become_dumpable() {
  return outcome(prctl(PR_SET_DUMPABLE, 1));
}
/// A file or socket of somebody else's: an agent could hand one over, to be used as whom the ceremony is.
int take_a_descriptor() {
  msghdr nothing = {};
  const ssize_t got = recvmsg(3, &nothing, MSG_DONTWAIT);
  return outcome(got < 0 && errno == EAGAIN ? 0 : got);
}
int make_a_memory_file() {
  return outcome(memfd_create("loot", 0));
}

constexpr Misdeed kAll[] = {
    {"read-ledger", read_ledger},
    {"write-ledger", write_ledger},
    {"cut-ledger-short", cut_ledger_short},
    {"rename-ledger", rename_ledger},
    {"link-ledger", link_ledger},
    {"change-rights", change_rights},
    {"remove-ledger", remove_ledger},
    {"list-ledgers-folder", list_ledgers_folder},
    {"list-homes", list_homes},
    {"write-a-file", write_a_file},
    {"write-a-temporary-file", write_a_temporary_file},
    {"make-a-folder", make_a_folder},
    {"make-a-link", make_a_link},
    {"make-a-socket-file", make_a_socket_file},
    {"read-a-device", read_a_device},
    {"read-daemons-memory", read_daemons_memory},
    {"read-daemons-surroundings", read_daemons_surroundings},
    {"list-daemons-files", list_daemons_files},
    {"trace-daemon", trace_daemon},
    {"peek-into-daemon", peek_into_daemon},
    {"signal-daemon", signal_daemon},
    {"signal-daemons-thread", signal_daemons_thread},
    {"hold-daemon", hold_daemon},
    {"own-signals-to-daemon", own_signals_to_daemon},
    {"run-program", run_program},
    {"run-program-by-descriptor", run_program_by_descriptor},
    {"spawn-program", spawn_program},
    {"begin-a-process", begin_a_process},
    {"begin-a-thread", begin_a_thread},
    {"open-internet", open_internet},
    {"open-internet-6", open_internet_6},
    {"open-packets", open_packets},
    {"open-local", open_local},
    {"open-pair", open_pair},
    {"open-uevents", open_uevents},
    {"open-routes", open_routes},
    {"reach-bus", reach_bus},
    {"map-to-run", map_to_run},
    {"make-runnable", make_runnable},
    {"begin-io-uring", begin_io_uring},
    {"handle-faults", handle_faults},
    {"load-bpf", load_bpf},
    {"take-keys", take_keys},
    {"count-events", count_events},
    {"mount-something", mount_something},
    {"make-namespaces", make_namespaces},
    {"change-root", change_root},
    {"raise-limits", raise_limits},
    {"become-dumpable", become_dumpable},
    {"take-a-descriptor", take_a_descriptor},
    {"make-a-memory-file", make_a_memory_file},
};

}  // namespace

std::span<const Misdeed> misdeeds() {
  return kAll;
}

const Misdeed *misdeed_of(std::string_view name) {
  for (const Misdeed &each : kAll)
    if (each.name == name) return &each;
  return nullptr;
}

}  // namespace passkeyd::test
