/// Roots: the certificates that an administrator put into a directory, to be trusted.
#pragma once

#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd {

/// Most files that are read, most certificates taken from them, and the longest file, in bytes.
inline constexpr std::size_t kMostRootFiles = 256;
inline constexpr std::size_t kMostRoots = 1024;
inline constexpr std::size_t kLongestRootFile = 512 * 1024;

/// Every certificate in the *.pem files of `directory`, as DER, in the order of the files' names. A directory
/// that is not there holds none. What cannot be read or is no certificate is passed over and said in the log:
/// it makes nothing trusted. Errors: Io if the directory is there and cannot be read.
Result<std::vector<Bytes>> read_roots(const std::string &directory);

}  // namespace passkeyd
