/// The stack of a PAM service, read from /etc/pam.d as libpam reads it (pam.conf(5)), with what it includes.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/machine.h"

namespace passkeyd::cli {

enum class PamGroup { Auth, Account, Password, Session };

/// A line, or a substack in its place.
struct PamEntry {
  std::string file;
  unsigned line = 0;
  std::string control;  ///< "required", or what stands between [ and ], brackets included
  std::string module;   ///< as it is written; empty: a substack
  std::vector<std::string> arguments = {};
  std::vector<PamEntry> inner = {};  ///< of a substack

  [[nodiscard]] std::string place() const { return file + ":" + std::to_string(line); }
  /// The module's file name, such as "pam_unix.so".
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] bool is_ours() const { return name() == "pam_passkey.so"; }
};

struct PamStack {
  std::array<std::vector<PamEntry>, 4> groups = {};  ///< by PamGroup
  std::vector<std::string> troubles = {};            ///< "FILE:LINE: what is wrong", as far as it shows
  std::set<std::string> included = {};               ///< names of files that were read because of an include

  [[nodiscard]] const std::vector<PamEntry> &of(PamGroup group) const {
    return groups.at(static_cast<std::size_t>(group));
  }
};

/// Reads what there is of `service`; what is wrong with it is among the troubles. nullopt: there is no such
/// service.
std::optional<PamStack> read_pam_stack(const Machine &machine, const std::string &service);

/// Names of all services that have a file.
Result<std::vector<std::string>> pam_services(const Machine &machine);

/// True if a line of that group is the module's.
bool has_our_line(const PamStack &stack, PamGroup group);

/// All lines in their order, substacks laid open.
std::vector<const PamEntry *> flattened(const std::vector<PamEntry> &entries);

}  // namespace passkeyd::cli
