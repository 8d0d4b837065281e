/// Sshd settings: what holds for every connection to sshd, as sshd itself says it (sshd -T, for root), or
/// else as its files have it before the first Match block.
#pragma once

#include <map>
#include <string>

#include "cli/doctor/machine.h"

namespace passkeyd::cli {

class SshdSettings {
 public:
  static constexpr const char *kFile = "/etc/ssh/sshd_config";
  /// The lines that make sshd ask passkeyd, as they are shipped.
  static constexpr const char *kSnippet = "/usr/share/passkeyd/sshd.conf";

  /// Errors: NotFound (there is no sshd), NotAllowed, InvalidInput, Io.
  static Result<SshdSettings> of(const Machine &machine);

  /// As it is written; `otherwise` where nothing is.
  [[nodiscard]] std::string text(const std::string &keyword, const char *otherwise) const;
  /// The same in lower case, for words of sshd's own.
  [[nodiscard]] std::string word(const std::string &keyword, const char *otherwise) const;
  /// The path in RevokedKeys; empty: none.
  [[nodiscard]] std::string revoked_keys() const;
  /// The program in AuthorizedKeysCommand, if it is passkeyd's; empty: none, or another.
  [[nodiscard]] std::string our_command() const;

 private:
  explicit SshdSettings(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  std::map<std::string, std::string> values_;  ///< by keyword in lower case
};

}  // namespace passkeyd::cli
