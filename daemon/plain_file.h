/// A small file of an administrator's, read whole.
#pragma once

#include <string>

#include "common/result.h"

namespace passkeyd {

/// Whose a file must be.
enum class Owner {
  RootAlone,  ///< root's, or of the user we run as; and nobody else may write to it
  Anybody,    ///< whoever may put it there
};

/// The bytes of the file at `path`; none for /dev/null, which says that there is nothing on purpose. Errors:
/// NotConfigured, naming the file, for one that cannot be opened or read, is no file, is longer than `most`
/// bytes, or has another owner.
Result<std::string> read_plain_file(const std::string &path, std::size_t most, Owner owner);

}  // namespace passkeyd
