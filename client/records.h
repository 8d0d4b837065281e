/// Records: what the daemon tells about itself and about enrolled credentials, read off the bus. For
/// listings; no login depends on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/bus.h"
#include "common/account.h"

namespace passkeyd {

/// One enrolled credential, as ListCredentials describes it (docs/dbus.md). Texts are printable, and empty
/// where nothing was said; times are seconds since 1970.
struct CredentialRecord {
  std::string id;
  std::string user = {};
  std::optional<std::int64_t> uid = {};  ///< at enrollment
  std::string name = {};
  std::string way = {};
  std::string ssh_key = {};  ///< of an OpenSSH key: "TYPE BASE64"
  std::string device = {};
  std::string state = {};
  std::string reason = {};  ///< why it is in that state
  std::optional<std::int64_t> changed_by = {};
  std::optional<std::int64_t> changed = {};
  std::int64_t created = 0;
  std::optional<std::int64_t> last_used = {};  ///< nullopt: never
  bool user_verification = false;
  bool sensor = false;  ///< verified by the authenticator's own sensor
  bool discoverable = false;
  bool synced = false;  ///< it may be on other devices, too
  std::string aaguid = {};
  std::string attestation = {};
  std::string attested_by = {};
  std::string model = {};
  std::string recalled = {};  ///< why its model is warned of; empty: it is not
};

struct CredentialList {
  std::vector<CredentialRecord> records;
  std::size_t unreadable = 0;  ///< rows that made no sense; they never hide the others
};

/// Reads "aa{sv}", all there is in `reply`. Errors: Malformed (no list, or absurdly long).
Result<CredentialList> read_credentials(const Message &reply, const char *method);

/// Reads one "a{sv}", all there is in `reply`. Errors: Malformed.
Result<CredentialRecord> read_credential(const Message &reply, const char *method);

/// The passkeys of `user`. Errors: as Bus::call_manager; Malformed if the answer is no list, or absurdly
/// long.
Result<CredentialList> list_credentials(Bus &bus, const UserName &user, Patience &patience);
/// Those of everybody.
Result<CredentialList> list_all_credentials(Bus &bus, Patience &patience);

/// The one that people mean by `which`, as the daemon goes by it: the one of that id, or else the only one
/// that is not revoked and bears that name. Errors: NotFound; InvalidInput if there are several of that name.
Result<CredentialRecord> find_credential(const CredentialList &list, std::string_view which);

/// What GetStatus says: texts, whole numbers and truths by name. Entries of other types are left out.
using StatusValue = std::variant<std::string, std::int64_t, bool>;
using StatusReport = std::map<std::string, StatusValue>;
Result<StatusReport> get_status(Bus &bus, Patience &patience);

}  // namespace passkeyd
