/// How backup codes are put on a screen, into a file, or on paper. What people read about them is here, too.
#pragma once

#include "cli/output.h"
#include "client/admin.h"

namespace passkeyd::cli {

/// One code a line; on a terminal in two columns, right-aligned so that their numbers stand below each other.
void put_codes(const CodeSet &set, Output &output);

/// What their owner must know beside them.
extern const char *const kAboutCodes;

/// A page of plain text for a printer: whose they are, of which computer, when they were made, the codes, and
/// how they are used and kept.
void put_page(const CodeSet &set, const UserName &user, Output &output);

}  // namespace passkeyd::cli
