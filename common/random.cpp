/// Asking the kernel. See getentropy(3).
#include "common/random.h"

#include <unistd.h>

#include <cerrno>

namespace passkeyd {

Result<Bytes> random_bytes(std::size_t count) {
  Bytes random(count);
  if (getentropy(random.data(), random.size()) != 0)
    return Error{ErrorKind::Internal, errno_error("getentropy", errno).sentence};
  return random;
}

}  // namespace passkeyd
