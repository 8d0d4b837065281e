/// CMocka for C++: CHECK throws, so destructors run, and the adapter tells CMocka afterwards. (A failing
/// CMocka assert longjmps past destructors.) A test is a plain function whose name is a promise; TEST(name)
/// makes its CMocka row.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

extern "C" {
#include <cmocka.h>
}

namespace passkeyd::test {

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail_at(const char *file, int line, const std::string &what) {
  throw Failed(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

/// The value of a Result that must hold one; otherwise the test fails with the error's sentence.
template <class R>
auto must_at(const char *file, int line, R result) {
  if (!result) fail_at(file, line, "unexpected error: " + result.error().sentence);
  return std::move(result).value();
}

using Body = void (*)();

/// Why a test did not run here. Printed with the skip.
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void run(void **state) {
  std::string failure;
  bool skipped = false;
  try {
    (*reinterpret_cast<Body *>(state))();
  } catch (const Skipped &why) {
    std::fprintf(stderr, "skipped: %s\n", why.what());
    skipped = true;
  } catch (const std::exception &error) {
    failure = error.what();
  }
  if (skipped) skip();
  if (!failure.empty()) {
    print_error("%s\n", failure.c_str());
    failure = std::string();  // release before CMocka's longjmp
    _fail("(see above)", 0);
  }
}

}  // namespace passkeyd::test

#define CHECK(condition)                                                                      \
  do {                                                                                        \
    if (!(condition)) ::passkeyd::test::fail_at(__FILE__, __LINE__, "CHECK(" #condition ")"); \
  } while (false)
#define MUST(result) ::passkeyd::test::must_at(__FILE__, __LINE__, (result))
#define TEST(body)                                                                   \
  CMUnitTest {                                                                       \
#body, ::passkeyd::test::run, nullptr, nullptr, reinterpret_cast < void *>(body) \
  }
