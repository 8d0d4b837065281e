/// Settings: what the configuration files say, line by line and with its place. Only the form is judged here;
/// what a key means is daemon/config_keys.h.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace passkeyd {

/// One "key = value", or the beginning of a section (then the key is empty).
struct Setting {
  std::string section;  ///< as between the brackets; "" for the general part
  std::string key;
  std::string value;
  std::string where;  ///< "FILE:LINE"
};

/// "FILE:LINE: reason", kind NotConfigured.
Error refuse(const std::string &where, const std::string &reason);

/// Every setting in the order of reading, so that the last one of a key is the one that holds: first
/// `directory`/passkeyd.conf or, where there is none, that of `vendor`; then passkeyd.conf.d/*.conf of both
/// in the order of their names, one in `directory` standing in for one of the same name in `vendor`. Names
/// that begin with a dot are passed over. Nothing there: nothing said. Errors: NotConfigured for a file that
/// is there and cannot be read, is no file or is too long; for a line that is not plainly one thing; for a
/// key that one file gives twice.
Result<std::vector<Setting>> read_settings(const std::string &directory, const std::string &vendor);

}  // namespace passkeyd
