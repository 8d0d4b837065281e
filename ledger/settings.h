/// Settings: the parts that run inside somebody else's transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/sqlite.h"

namespace passkeyd::settings {

/// nullopt: never set.
Result<std::optional<std::string>> read(sql::Database &database, std::string_view name);
Status write(sql::Database &database, std::string_view name, std::string_view value);

}  // namespace passkeyd::settings
