/// Sorting out the words, and finding what they mean.
#include "cli/target.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "cli/face.h"
#include "cli/passkey_argument.h"
#include "cli/user_option.h"
#include "cli/when.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

Error wrong(const std::string &sentence) {
  return {ErrorKind::InvalidInput, sentence};
}

Result<std::string> parse_id(const std::string &word) {
  if (const std::string problem = check_passkey_name(word); !problem.empty())
    return wrong("a passkey's ID or name " + problem);
  return word;
}

/// The account: the first word, if `count` is not 0, or what --user says, or the caller's own.
Result<UserName> account_in(const TargetWords &words, std::size_t count) {
  if (count == 0) return user_of(words.user);
  if (!words.user.empty()) return wrong("the account is named twice");
  return UserName::parse(words.words.front());
}

const char *where_of(std::string_view way) {
  if (way == "tpm") return "in this computer's security chip";
  if (way == "ssh") return "an SSH key, on a security key";
  if (way == "client") return "in another computer, its owner's";
  return "on a security key";
}

}  // namespace

void add_target(CLI::App &command, TargetWords &words) {
  add_user_option(command, words.user);
  const auto take = [&words](const std::string &word) { words.words.push_back(word); };
  command.add_option_function<std::string>("USER", take, "Whose it is; left out, your own")->type_name("");
  command.add_option_function<std::string>("ID", take, "The passkey: its ID as in \"list\", or its name")
      ->type_name("");
}

Result<Target> target_of(const TargetWords &words) {
  if (words.words.empty()) return wrong("which passkey? Give its ID; \"passkeyctl list\" shows them");
  std::string id = TRY(parse_id(words.words.back()));
  UserName user = TRY(account_in(words, words.words.size() - 1));
  return Target{std::move(user), std::move(id)};
}

Result<Target> whole_account_of(const TargetWords &words) {
  if (words.words.size() == 2) return wrong("either a passkey or --all, not both");
  UserName user = TRY(account_in(words, words.words.size()));
  return Target{std::move(user), {}};
}

ExitCode misused(const Error &error) {
  if (error.kind != ErrorKind::InvalidInput) return report(error);
  std::fprintf(stderr, "passkeyctl: %s\n", printable(error.sentence, 512).c_str());
  return ExitCode::Usage;
}

std::string label_of(const CredentialRecord &record) {
  return "\"" + record.name + "\" (" + record.id + ")";
}

std::string description_of(const CredentialRecord &record) {
  const std::string kind = where_of(record.way);
  const std::string device = record.device.empty() ? "" : ", " + record.device;
  const std::string used = record.last_used ? "last used on " + day_text(*record.last_used) : "never used";
  return kind + device + ", made on " + day_text(record.created) + ", " + used;
}

}  // namespace passkeyd::cli
