/// malloc and its relatives, in front of glibc's own.
#include "tests/failing_allocator.h"

#include <cerrno>
#include <cstddef>

namespace passkeyd::test {
long allocations_left = -1;
}

#ifndef __SANITIZE_ADDRESS__
namespace {

bool fails() {
  const bool now = passkeyd::test::allocations_left >= 0 && passkeyd::test::allocations_left-- == 0;
  if (now) errno = ENOMEM;
  return now;
}

}  // namespace

extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t count, std::size_t size);
void *__libc_realloc(void *memory, std::size_t size);

__attribute__((visibility("default"))) void *malloc(std::size_t size) {
  return fails() ? nullptr : __libc_malloc(size);
}
__attribute__((visibility("default"))) void *calloc(std::size_t count, std::size_t size) {
  return fails() ? nullptr : __libc_calloc(count, size);
}
__attribute__((visibility("default"))) void *realloc(void *memory, std::size_t size) {
  return fails() ? nullptr : __libc_realloc(memory, size);
}
}
#endif
