/// count-hashes: preloaded into the daemon, it counts the password hashes that are computed anywhere below
/// it.
///
/// crypt_rn of libcrypt with one habit more: it adds one to the number in the file that COUNT_HASHES names.
/// What an attacker's texts cost is then that number, whatever the daemon says or writes down about them. The
/// file is mapped as the program starts: behind its walls a ceremony can open and write none.
#include <crypt.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using CryptRn = char *(*)(const char *, const char *, void *, int);
using Count = std::atomic<std::uint64_t>;
static_assert(Count::is_always_lock_free && sizeof(Count) == sizeof(std::uint64_t));

/// nullptr if there is none: then there must be no hash either, or the count would be believed.
Count *shared_count() {
  const char *path = std::getenv("COUNT_HASHES");
  const int file = path != nullptr ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return nullptr;
  void *mapped = mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? nullptr : static_cast<Count *>(mapped);
}

Count *const the_count = shared_count();
const auto the_real = reinterpret_cast<CryptRn>(dlsym(RTLD_NEXT, "crypt_rn"));

}  // namespace

extern "C" __attribute__((visibility("default"))) char *crypt_rn(const char *phrase, const char *setting,
                                                                 void *data, int size) {
  if (the_count == nullptr) return nullptr;
  ++*the_count;
  return the_real(phrase, setting, data, size);
}
