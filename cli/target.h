/// Target: which passkey of which account a verb is about, as people say it: "ID", "USER ID", or "ID --user
/// NAME".
#pragma once

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "client/records.h"
#include "common/account.h"
#include "common/result.h"

namespace CLI {
class App;
}

namespace passkeyd::cli {

/// What the command line says.
struct TargetWords {
  std::string user;                ///< --user; empty: not given
  std::vector<std::string> words;  ///< at most two
};

/// Adds --user and the words; `words` must live as long as `command`.
void add_target(CLI::App &command, TargetWords &words);

struct Target {
  UserName user;
  std::string id;  ///< a short id or a name; empty: all of the account's
};

/// One passkey. Errors: InvalidInput with a sentence for the person, NotFound (the caller has no account).
Result<Target> target_of(const TargetWords &words);
/// All that an account has: "USER", "--user NAME", or one's own. Errors as above.
Result<Target> whole_account_of(const TargetWords &words);

/// Says what is wrong with the command line, and gives Usage; for other errors as report().
ExitCode misused(const Error &error);

/// "Blue key" (c0ffee): for sentences.
std::string label_of(const CredentialRecord &record);

/// More on it, in a line: kind, device, when it was made.
std::string description_of(const CredentialRecord &record);

}  // namespace passkeyd::cli
