/// count-hashes: preloaded into the daemon, it counts the password hashes that are computed anywhere below it.
///
/// crypt_rn of libcrypt with one habit more: a byte is added to the file that COUNT_HASHES names. What an attacker's
/// texts cost is then a file's size, whatever the daemon says or writes down about them.
#include <crypt.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using CryptRn = char *(*)(const char *, const char *, void *, int);

/// False if the file cannot be written: then there must be no hash either, or the count would be believed.
bool count_one() {
  const char *path = std::getenv("COUNT_HASHES");
  const int file = path != nullptr ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
  if (file < 0) return false;
  const bool counted = write(file, "#", 1) == 1;
  close(file);
  return counted;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) char *crypt_rn(const char *phrase, const char *setting, void *data,
                                                                 int size) {
  static const auto real = reinterpret_cast<CryptRn>(dlsym(RTLD_NEXT, "crypt_rn"));
  return count_one() ? real(phrase, setting, data, size) : nullptr;
}
