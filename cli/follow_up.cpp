/// What to say when.
#include "cli/follow_up.h"

#include <unistd.h>

#include <array>
#include <cstdio>

#include "cli/describe.h"
#include "cli/face.h"
#include "cli/output.h"
#include "cli/trial.h"
#include "cli/user_option.h"
#include "client/records.h"
#include "client/words.h"

namespace passkeyd::cli {
namespace {

std::string host_name() {
  std::array<char, 256> name = {};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// BeginLogin and ListCredentials ask nothing then.
bool is_free_for(const UserName &user) {
  return getuid() == 0 || option_for(user).empty();
}

/// The reason why a trial from here proves nothing about the passkey.
constexpr std::string_view kRemote = "remote-session";

}  // namespace

void give_first_codes(Bus &bus, const UserName &user, const CodeForm &form, Wanted wanted,
                      Patience &patience) {
  const bool readable = form.page || Output::is_terminal();
  if (wanted == Wanted::Yes && readable && hand_out_codes(bus, user, form, patience) == ExitCode::Ok) return;
  std::fprintf(stderr, "This account has no backup codes. They are made with: passkeyctl backup-codes%s\n",
               option_for(user).c_str());
}

void recommend_second(const UserName &user, const Details &enrolled) {
  const bool first = enrolled.passkeys == 1U;
  if (!first && !enrolled.only_device) return;
  std::fprintf(stderr,
               "%s Enroll another on other hardware, so that you are not left without one when this is lost "
               "or breaks: passkeyctl enroll%s\n",
               first ? "This is the only passkey of the account."
                     : "All passkeys of the account are on this one device.",
               option_for(user).c_str());
}

void warn_of_misleading_name(Bus &bus, const UserName &user, const Details &enrolled, Patience &patience) {
  if (enrolled.credential.empty() || !is_free_for(user)) return;
  const Result<CredentialList> list = list_credentials(bus, user, patience);
  if (!list) return;
  const Result<CredentialRecord> found = find_credential(list.value(), enrolled.credential);
  if (!found || !found->synced || !names_one_device(found->name, found->device, host_name())) return;
  std::fprintf(stderr,
               "This passkey may be on several of your devices, but \"%s\" sounds like one of them. Give it "
               "another name with: passkeyctl rename%s %s NEW-NAME\n",
               found->name.c_str(), option_for(user).c_str(), found->id.c_str());
}

void say_how_to_try_over_ssh() {
  const std::string host = host_name();
  std::fprintf(
      stderr, "To try it, sign in from there: SSH_ASKPASS=passkey-askpass SSH_ASKPASS_REQUIRE=force ssh %s\n",
      host.empty() || !is_printable(host) ? "HOST" : host.c_str());
}

ExitCode try_new_passkey(Bus &bus, const UserName &user, const Details &enrolled, Conversation &conversation,
                         Patience &patience) {
  if (enrolled.credential.empty() || !is_free_for(user)) return ExitCode::Ok;
  const std::string whose = option_for(user);
  std::fprintf(stderr, "Now a trial sign-in with it, which opens nothing.\n");
  const Outcome outcome = run_trial(bus, user, enrolled.credential, conversation, patience);
  if (outcome.ending == Ending::Granted) {
    std::fprintf(stderr, "The trial sign-in worked.\n");
    return ExitCode::Ok;
  }
  conclude_quietly(outcome);
  if (outcome.details.message == kRemote) {
    std::fprintf(stderr,
                 "The passkey is enrolled; it can be tried at the computer itself: passkeyctl test%s %s\n",
                 whose.c_str(), enrolled.credential.c_str());
    return ExitCode::Ok;
  }
  std::fprintf(stderr,
               "The trial sign-in did not work. The passkey stays enrolled. Try again with: passkeyctl "
               "test%s %s\nIf it never works, revoke it and enroll another.\n",
               whose.c_str(), enrolled.credential.c_str());
  return ExitCode::Untested;
}

}  // namespace passkeyd::cli
