/// Ssh twin: for a passkey that was just made on a security key, an OpenSSH key on the same one, in the same
/// sitting. OpenSSH's own ssh-keygen makes it, as the person and for the person, and asks for what it needs.
#pragma once

#include <optional>
#include <string>

#include "client/bus.h"
#include "client/details.h"
#include "client/records.h"
#include "common/account.h"
#include "common/result.h"

namespace passkeyd::cli {

struct TwinOrder {
  std::string file;         ///< of the private part; the public one gets ".pub"
  std::string device = {};  ///< device file of the security key; empty: not said
  bool by_lines = false;    ///< answers come from standard input, a line each, also where there is a terminal
};

/// Where the private part goes if nobody says, as the help shows it.
inline constexpr const char *kDefaultTwin = "~/.ssh/id_passkey_sk";

/// kDefaultTwin of whoever runs this, as their account has it. Errors: NotFound.
Result<std::string> default_twin_file();

/// Before anything is enrolled. Errors: InvalidInput: it is for somebody else (their home is not ours to
/// write in), or there is such a file already; with a sentence for the person.
Status may_make_twin(const UserName &user, const TwinOrder &order);

/// Makes the key and has it enrolled. nullopt: it did not work; the person was told, and how to do it later.
std::optional<CredentialRecord> make_twin(Bus &bus, const UserName &user, const Details &enrolled,
                                          const TwinOrder &order, Patience &patience);

}  // namespace passkeyd::cli
