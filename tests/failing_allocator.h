/// Replaces malloc for the whole process, libraries and operator new included, so that a test can let one
/// allocation fail. Not under AddressSanitizer, which has a malloc of its own.
#pragma once

namespace passkeyd::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kCanFailAllocations = false;
#else
inline constexpr bool kCanFailAllocations = true;
#endif

/// The allocation that fails, counted down from here; 0 is the next one, negative: none.
extern long allocations_left;

}  // namespace passkeyd::test
