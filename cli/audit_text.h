/// How records of the audit are put for people and for programs.
#pragma once

#include <span>
#include <string>

#include "client/audit.h"

namespace passkeyd::cli {

enum class Heading { No, Yes };

/// A line each; columns as wide as what mostly stands in them, so that pages stand below each other.
std::string audit_table(std::span<const AuditLine> lines, Heading heading);

/// One JSON object on one line, with a newline. docs/json.md has the keys.
std::string audit_json(const AuditLine &line);

}  // namespace passkeyd::cli
