/// A disk that fails on command.
#include "tests/ledger_vfs.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <new>
#include <random>
#include <string>

namespace passkeyd::test {
namespace {

Fate fate_of_disk = Fate::Kill;
bool counting = false;
int fatal = 0;
int seen = 0;
sqlite3_vfs *below = nullptr;

bool loses_unsynced() {
  return fate_of_disk == Fate::PowerCut || fate_of_disk == Fate::TornSync;
}

bool fails_politely() {
  return fate_of_disk == Fate::Fail || fate_of_disk == Fate::FailAll;
}

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/// True for the operation that is to meet its fate.
bool is_fatal() {
  if (!counting) return false;
  ++seen;
  return seen == fatal || (fate_of_disk == Fate::FailAll && fatal != 0 && seen > fatal);
}

/// Counts an operation: it returns true if it must fail, and not at all if it is the last.
bool must_fail() {
  if (!is_fatal()) return false;
  if (!fails_politely()) die();
  return true;
}

/// Locks and the like: nothing on the disk changes, but a process can be killed there.
void pass_by() {
  if (fate_of_disk == Fate::Kill && is_fatal()) die();
}

/// Now and then, for up to two milliseconds: long enough for other processes, too short to notice.
void dawdle() {
  static std::minstd_rand random(static_cast<unsigned>(getpid()));
  if (random() % 2 == 0) usleep(static_cast<useconds_t>(random() % 2000));
}

/// SQLite's own file lies behind this one, in the room that szOsFile asks for.
struct File {
  sqlite3_file base;
  std::string *image;  ///< what the program believes is in the file, while nothing is synced

  sqlite3_file *real() { return reinterpret_cast<sqlite3_file *>(this + 1); }
  const sqlite3_io_methods &calls() { return *real()->pMethods; }
};

File &as_file(sqlite3_file *file) {
  return *reinterpret_cast<File *>(file);
}

int close_file(sqlite3_file *handle) {
  File &file = as_file(handle);
  delete file.image;
  return file.calls().xClose(file.real());
}

int read_file(sqlite3_file *handle, void *out, int size, sqlite3_int64 at) {
  File &file = as_file(handle);
  if (file.image == nullptr) return file.calls().xRead(file.real(), out, size, at);
  const auto begin = std::min(static_cast<std::size_t>(at), file.image->size());
  const std::size_t got = file.image->copy(static_cast<char *>(out), static_cast<std::size_t>(size), begin);
  std::fill_n(static_cast<char *>(out) + got, static_cast<std::size_t>(size) - got, '\0');
  return got == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file *handle, const void *data, int size, sqlite3_int64 at) {
  File &file = as_file(handle);
  if (is_fatal()) {
    if (fails_politely()) return SQLITE_FULL;
    if (fate_of_disk == Fate::TornWrite) file.calls().xWrite(file.real(), data, size / 2, at);
    die();
  }
  if (file.image == nullptr) return file.calls().xWrite(file.real(), data, size, at);
  const auto end = static_cast<std::size_t>(at + size);
  if (file.image->size() < end) file.image->resize(end);
  std::copy_n(static_cast<const char *>(data), size, file.image->begin() + at);
  return SQLITE_OK;
}

int truncate_file(sqlite3_file *handle, sqlite3_int64 size) {
  File &file = as_file(handle);
  if (must_fail()) return SQLITE_IOERR_TRUNCATE;
  if (file.image == nullptr) return file.calls().xTruncate(file.real(), size);
  file.image->resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

/// Writes every sector of the image, or every other one.
int write_sectors(File &file, std::size_t step) {
  constexpr std::size_t kSector = 512;
  for (std::size_t at = 0; at < file.image->size(); at += kSector * step) {
    const std::size_t size = std::min(kSector, file.image->size() - at);
    const int code = file.calls().xWrite(file.real(), file.image->data() + at, static_cast<int>(size),
                                         static_cast<sqlite3_int64>(at));
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int sync_file(sqlite3_file *handle, int flags) {
  File &file = as_file(handle);
  if (is_fatal()) {
    if (fails_politely()) return SQLITE_IOERR_FSYNC;
    if (fate_of_disk == Fate::TornSync && file.image != nullptr) write_sectors(file, 2);
    die();
  }
  if (file.image != nullptr) {
    int code = file.calls().xTruncate(file.real(), static_cast<sqlite3_int64>(file.image->size()));
    if (code == SQLITE_OK) code = write_sectors(file, 1);
    if (code != SQLITE_OK) return code;
  }
  return file.calls().xSync(file.real(), flags);
}

int size_of_file(sqlite3_file *handle, sqlite3_int64 *size) {
  File &file = as_file(handle);
  if (file.image == nullptr) return file.calls().xFileSize(file.real(), size);
  *size = static_cast<sqlite3_int64>(file.image->size());
  return SQLITE_OK;
}

int lock(sqlite3_file *handle, int level) {
  pass_by();
  return as_file(handle).calls().xLock(as_file(handle).real(), level);
}

int unlock(sqlite3_file *handle, int level) {
  pass_by();
  return as_file(handle).calls().xUnlock(as_file(handle).real(), level);
}

int check_lock(sqlite3_file *handle, int *held) {
  return as_file(handle).calls().xCheckReservedLock(as_file(handle).real(), held);
}

int control(sqlite3_file *handle, int what, void *data) {
  return as_file(handle).calls().xFileControl(as_file(handle).real(), what, data);
}

int sector_size(sqlite3_file *handle) {
  return as_file(handle).calls().xSectorSize(as_file(handle).real());
}

int characteristics(sqlite3_file *) {
  return 0;  // this disk promises nothing
}

int shm_map(sqlite3_file *handle, int page, int size, int extend, void volatile **out) {
  if (must_fail()) return SQLITE_IOERR_SHMMAP;
  return as_file(handle).calls().xShmMap(as_file(handle).real(), page, size, extend, out);
}

int shm_lock(sqlite3_file *handle, int offset, int count, int flags) {
  pass_by();
  const int code = as_file(handle).calls().xShmLock(as_file(handle).real(), offset, count, flags);
  // Just after a lock was given up is where somebody else can come between two statements.
  if (fate_of_disk == Fate::Dawdle && (flags & SQLITE_SHM_UNLOCK) != 0) dawdle();
  return code;
}

void shm_barrier(sqlite3_file *handle) {
  pass_by();
  as_file(handle).calls().xShmBarrier(as_file(handle).real());
}

int shm_unmap(sqlite3_file *handle, int remove) {
  pass_by();
  return as_file(handle).calls().xShmUnmap(as_file(handle).real(), remove);
}

constexpr sqlite3_io_methods kCalls = {
    2,        close_file,  read_file,  write_file, truncate_file, sync_file,       size_of_file,
    lock,     unlock,      check_lock, control,    sector_size,   characteristics, shm_map,
    shm_lock, shm_barrier, shm_unmap,  nullptr,    nullptr};

int open_file(sqlite3_vfs *, const char *name, sqlite3_file *handle, int flags, int *got) {
  File &file = *new (handle) File{};
  const int code = below->xOpen(below, name, file.real(), flags, got);
  if (code != SQLITE_OK) return code;
  file.base.pMethods = &kCalls;
  if (loses_unsynced()) {
    sqlite3_int64 size = 0;
    if (file.calls().xFileSize(file.real(), &size) != SQLITE_OK) return SQLITE_IOERR;
    file.image = new std::string(static_cast<std::size_t>(size), '\0');
    return file.calls().xRead(file.real(), file.image->data(), static_cast<int>(size), 0);
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs *, const char *name, int sync_directory) {
  if (must_fail()) return SQLITE_IOERR_DELETE;
  return below->xDelete(below, name, sync_directory);
}

}  // namespace

void use_failing_disk(Fate fate) {
  fate_of_disk = fate;
  below = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs disk = *below;
  disk.zName = "failing";
  disk.pNext = nullptr;
  disk.szOsFile = static_cast<int>(sizeof(File)) + below->szOsFile;
  disk.xOpen = open_file;
  disk.xDelete = delete_file;
  sqlite3_vfs_register(&disk, 1);
}

void arm(int n) {
  counting = n > 0;
  fatal = n;
  seen = 0;
}

int operations() {
  return seen;
}

}  // namespace passkeyd::test

// The program's own calls, in place of libc's: the static libraries of this test land here, SQLite does not.
using passkeyd::test::must_fail;

namespace {

template <class... Parts>
long call_or_fail(int error, long number, Parts... parts) {
  if (must_fail()) {
    errno = error;
    return -1;
  }
  return syscall(number, parts...);
}

}  // namespace

extern "C" int fsync(int file) {
  return static_cast<int>(call_or_fail(EIO, SYS_fsync, file));
}

extern "C" int fchmod(int file, mode_t mode) noexcept {
  return static_cast<int>(call_or_fail(EIO, SYS_fchmod, file, mode));
}

extern "C" ssize_t write(int file, const void *data, size_t size) {
  return call_or_fail(ENOSPC, SYS_write, file, data, size);
}

extern "C" int linkat(int from, const char *name, int to, const char *as, int flags) noexcept {
  return static_cast<int>(call_or_fail(ENOSPC, SYS_linkat, from, name, to, as, flags));
}
