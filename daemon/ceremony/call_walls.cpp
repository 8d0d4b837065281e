/// The tables of system calls, and how they become a filter.
///
/// How they were made, and are made again (say, for another C library): run the tests that start ceremonies
/// with each of them under strace, and see what is called behind the last seccomp(2); tests/walls/trace.sh
/// does so. To what was seen, what other versions of the C library call for the same was added (32-bit times,
/// futex_waitv, statx for fstat), and nothing that nobody calls.
#include "daemon/ceremony/call_walls.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "common/handle.h"

namespace passkeyd::walls {
namespace {

inline void release(void *filter) {
  seccomp_release(filter);
}
using Filter = Handle<void, release>;

using Names = std::span<const char *const>;

/// Whatever it does, a ceremony computes, waits, and reads and writes what it was given.
constexpr const char *kThinking[] = {
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "pwrite64",
    "close",
    "lseek",
    "poll",
    "ppoll",
    "ppoll_time64",
    "sendmsg",
    // memory: mmap and mprotect have conditions, below
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "mlock",
    "mlock2",
    "munlock",
    // threads: there are two already, and no more are made
    "futex",
    "futex_time64",
    "futex_waitv",
    "sched_yield",
    "sched_getaffinity",
    "getcpu",
    "rseq",
    "set_robust_list",
    "membarrier",
    // time, where the vDSO cannot tell it
    "clock_gettime",
    "clock_gettime64",
    "clock_getres",
    "clock_getres_time64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "exit",
    "exit_group",
};

/// Libraries try these and go on without: malloc looks how memory is overcommitted and how many processors
/// there are, stdio whether it writes to a terminal, a message whether there is a translation, abort()
/// whether there is a log. To refuse them is enough: nothing is won by trying again.
constexpr const char *kRefused[] = {
    "open",   "openat", "access",   "faccessat",  "faccessat2", "stat",
    "stat64", "lstat",  "readlink", "readlinkat", "ioctl",      "prctl",
    "socket", "uname",  "sysinfo",  "getrlimit",  "prlimit64",
};

constexpr const char *kFiling[] = {"memfd_create", "ftruncate", "ftruncate64"};

/// Over sockets that are there; see also sendto, below.
constexpr const char *kTalking[] = {"recvfrom", "recv", "send", "shutdown", "getsockopt"};

/// What the C library's own sources of names call, and those of systemd, sssd and their like.
constexpr const char *kLookingUp[] = {
    "open",        "openat",          "access",          "faccessat",  "faccessat2",
    "stat",        "stat64",          "lstat",           "newfstatat", "fstatat64",
    "statx",       "statfs",          "fstatfs",         "readlink",   "readlinkat",
    "getdents64",  "getcwd",          "fadvise64",       "flock",      "uname",
    "sysinfo",     "getrlimit",       "connect",         "bind",       "getsockname",
    "getpeername", "getsockopt",      "setsockopt",      "sendto",     "sendmmsg",
    "recvfrom",    "recvmsg",         "recvmmsg",        "shutdown",   "socketcall",
    "pipe2",       "eventfd2",        "epoll_create1",   "epoll_ctl",  "epoll_wait",
    "epoll_pwait", "timerfd_create",  "timerfd_settime", "select",     "_newselect",
    "pselect6",    "pselect6_time64", "getresuid",       "getresgid",  "getgroups",
    "getppid",     "getpgrp",         "umask",
};

/// A source of names may try what we never heard of, and is refused that. But none tries these.
constexpr const char *kNobodys[] = {
    "execve",
    "execveat",
    "fork",
    "vfork",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kill",
    "tkill",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kcmp",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "open_tree",
    "move_mount",
    "fsopen",
    "open_by_handle_at",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "keyctl",
    "add_key",
    "request_key",
    "init_module",
    "finit_module",
    "kexec_load",
    "reboot",
};

/// Collects rules; the first that fails stays known. A call that this machine's architecture, or this version
/// of libseccomp, does not have is passed over: nothing is allowed by that.
class Rules {
 public:
  explicit Rules(std::uint32_t otherwise) : filter_(seccomp_init(otherwise)) {}

  void add(std::uint32_t answer, Names names) {
    for (const char *name : names) add(answer, name, {});
  }
  void allow(const char *name, std::initializer_list<scmp_arg_cmp> conditions) {
    add(SCMP_ACT_ALLOW, name, conditions);
  }
  void refuse(const char *name, std::initializer_list<scmp_arg_cmp> conditions) {
    add(SCMP_ACT_ERRNO(EACCES), name, conditions);
  }

  Status install() {
    if (!filter_ || failed_ < 0) return failure(failed_);
    // Every thread; and calls by another architecture's numbers end the process, too.
    for (const auto &[what, value] : {std::pair(SCMP_FLTATR_CTL_TSYNC, std::uint32_t{1}),
                                      std::pair(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)})
      if (const int failed = seccomp_attr_set(filter_.get(), what, value); failed < 0) return failure(failed);
    if (const int failed = seccomp_load(filter_.get()); failed < 0) return failure(failed);
    return Ok{};
  }

 private:
  void add(std::uint32_t answer, const char *name, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (!filter_ || failed_ < 0 || number < 0) return;
    failed_ = seccomp_rule_add_array(filter_.get(), answer, number, static_cast<unsigned>(conditions.size()),
                                     conditions.begin());
  }

  static Error failure(int code) {
    Error error = errno_error("seccomp filter", code < 0 ? -code : ENOMEM);
    error.kind = ErrorKind::Internal;
    return error;
  }

  Filter filter_;
  int failed_ = 0;
};

constexpr scmp_arg_cmp is(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
constexpr scmp_arg_cmp lacks(unsigned argument, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}
constexpr scmp_arg_cmp has(unsigned argument, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}

/// What is allowed only with certain arguments, to everybody.
void allow_some_of_more(Rules &rules) {
  for (const char *map : {"mmap", "mmap2"}) rules.allow(map, {lacks(2, PROT_EXEC)});
  rules.allow("mprotect", {lacks(2, PROT_EXEC)});
  rules.allow("tgkill", {is(0, static_cast<std::uint64_t>(getpid()))});  // abort()
  rules.allow("fstat", {});
  rules.allow("fstat64", {});
  for (const char *status : {"newfstatat", "fstatat64"}) rules.allow(status, {has(3, AT_EMPTY_PATH)});
  rules.allow("statx", {has(2, AT_EMPTY_PATH)});
  for (const char *control : {"fcntl", "fcntl64"})
    for (const std::uint64_t command : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GET_SEALS})
      rules.allow(control, {is(1, command)});
}

/// Shared objects are mapped to be run, and nothing else is: no memory that was ever written.
void allow_loading(Rules &rules) {
  for (const char *map : {"mmap", "mmap2"})
    rules.allow(map, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC}, lacks(3, MAP_ANONYMOUS)});
}

/// Local ones, and the kernel's word on addresses: what the unit leaves, too (RestrictAddressFamilies=).
void allow_local_sockets(Rules &rules) {
  rules.allow("socket", {is(0, AF_UNIX)});
  rules.allow("socket", {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)});
  rules.allow("ioctl", {is(1, FIONREAD)});
}

}  // namespace

Status give_up_calls(Left left) {
  const bool looks_up = left == Left::LookingUp;
  Rules rules(looks_up ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
  rules.add(SCMP_ACT_ALLOW, kThinking);
  allow_some_of_more(rules);
  if (looks_up) {
    rules.add(SCMP_ACT_ALLOW, kLookingUp);
    rules.add(SCMP_ACT_KILL_PROCESS, kNobodys);
    allow_loading(rules);
    allow_local_sockets(rules);
    return rules.install();
  }
  rules.add(SCMP_ACT_ERRNO(EACCES), kRefused);
  for (const char *status : {"newfstatat", "fstatat64"}) rules.refuse(status, {lacks(3, AT_EMPTY_PATH)});
  rules.refuse("statx", {lacks(2, AT_EMPTY_PATH)});
  if (left == Left::Filing) {
    rules.add(SCMP_ACT_ALLOW, kFiling);
    for (const char *control : {"fcntl", "fcntl64"}) rules.allow(control, {is(1, F_ADD_SEALS)});
  }
  if (left == Left::Talking) {
    rules.add(SCMP_ACT_ALLOW, kTalking);
    rules.allow("sendto", {is(4, 0)});  // to nobody but the other end
  }
  return rules.install();
}

}  // namespace passkeyd::walls
