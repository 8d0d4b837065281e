/// Reading the audit in pages, so that a long one takes no more memory than a short one; and waiting for what
/// comes.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "cli/exit_code.h"
#include "client/audit.h"

namespace passkeyd::cli {

/// Takes a page; an error ends the reading.
using TakePage = std::function<Status(std::span<const AuditLine>)>;

struct AuditRange {
  std::optional<UserName> user = {};
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
  std::optional<std::size_t> newest = {};  ///< only so many of them, the newest
};

/// Everything in `range`, oldest first, in pages. Gives the number of the last record, or 0.
Result<std::int64_t> read_audit(Bus &bus, const AuditRange &range, const TakePage &take, Patience &patience);

/// Records of `range` after number `last`, as they come, until nobody reads standard output any more, taking
/// one fails, or the daemon refuses. A daemon that goes away is waited for; people are told on standard
/// error.
Status follow_audit(Bus &bus, const AuditRange &range, std::int64_t last, const TakePage &take);

}  // namespace passkeyd::cli
