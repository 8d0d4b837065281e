/// Random: bytes that nobody can guess.
#pragma once

#include <cstddef>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd {

/// From the kernel, at most 256 of them. Errors: Internal.
Result<Bytes> random_bytes(std::size_t count);

}  // namespace passkeyd
