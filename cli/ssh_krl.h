/// Ssh KRL: which SSH keys sshd shall refuse whatever else it is told (RevokedKeys of sshd_config(5)), as a
/// file that appears whole or not at all. A RevokedKeys that sshd cannot read refuses everybody, so nothing
/// half done is ever under its name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/records.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd::cli {

struct RevokedKeys {
  std::vector<std::string> lines;  ///< "TYPE BASE64", each once
  std::size_t in_use = 0;          ///< left out: revoked for one account, active for another
  std::size_t unproven = 0;        ///< left out: whose they are was never shown
};

/// Those that are revoked or suspended. A key that is active for somebody is not among them: sshd would
/// refuse it to everybody. Nor is one that its account never used, that is not attested, and that root did
/// not revoke: a public key is no secret, and anybody could have enrolled another's to have it refused.
/// Locked accounts are none of it: a lock is about a person, and ends. Errors: Malformed: a key does not
/// parse, or something could not be read; it might be a revoked one.
Result<RevokedKeys> revoked_keys(const CredentialList &all);

/// The file, from the moment nobody else may replace it until it has been. Who comes later waits, and then
/// looks at the ledger anew, so that no older list ever replaces a newer one.
class KrlFile {
 public:
  /// Errors: InvalidInput (a link, no plain file, or in a folder that others own or may write to),
  /// NotAllowed, StorageFull, Io.
  static Result<KrlFile> begin(const std::string &path);
  KrlFile(KrlFile &&other) noexcept;
  KrlFile &operator=(KrlFile &&) = delete;
  ~KrlFile();  ///< unless it was replaced, all is as before

  /// Has ssh-keygen write the list, and puts it in place. Gives its version, which is greater than that of
  /// the list before. Errors: NotFound (there is no ssh-keygen), StorageFull, Timeout, Io.
  Result<std::uint64_t> replace(const std::vector<std::string> &lines);

 private:
  KrlFile(std::string path, std::string beside, Fd folder, Fd lock);
  std::string path_;
  std::string beside_;  ///< what it is called until then; empty: it is in place
  Fd folder_;
  Fd lock_;  ///< the new file, locked
};

}  // namespace passkeyd::cli
