/// Roots: the certificates that an administrator put into a file or a directory, to be trusted.
#pragma once

#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/result.h"

namespace passkeyd {

/// Every certificate in the *.pem files of `directory`, as DER, in the order of the files' names. A directory
/// that is not there holds none. Errors: NotConfigured, naming the file, for one that is damaged or holds no
/// certificate, that others than root may write to, and for too many (webauthn/certificate.h): who is trusted
/// is never less, or more, than what the administrator put there.
Result<std::vector<Bytes>> read_roots(const std::string &directory);

/// The certificates of one PEM file. Errors: NotConfigured, as above.
Result<std::vector<Bytes>> read_root_file(const std::string &file);

}  // namespace passkeyd
