/// Judging sshd's settings about keys, the files that they name, and its stack.
#include "cli/doctor/sshd_keys.h"

#include <sys/stat.h>

#include <algorithm>

#include "cli/doctor/checks.h"
#include "cli/doctor/pam_stack.h"
#include "cli/doctor/sshd_settings.h"
#include "client/printable.h"
#include "common/sshd.h"

namespace passkeyd::cli {
namespace {

constexpr const char *kAsker = sshd::kUser;  ///< whom the service tells the keys of others, beside root

std::string shown(const std::string &text) {
  return printable(text, 512);
}

/// Root's, and nobody else's to write to: otherwise sshd does not run it.
bool is_roots(const FileFacts &file) {
  return file.uid == 0 && (file.mode & (S_IWGRP | S_IWOTH)) == 0;
}

class Judge {
 public:
  Judge(const Machine &machine, const SshdSettings &settings, const std::optional<SshKeyFacts> &facts)
      : machine_(machine), settings_(settings), facts_(facts) {}

  Findings all() {
    command();
    asker();
    others();
    revoked();
    pam();
    if (found_.empty()) add("ssh-keys", Level::Good, "sshd asks the service for SSH keys.", "");
    return std::move(found_);
  }

 private:
  void add(const char *check, Level level, std::string what, std::string advice) {
    found_.push_back({check, level, std::move(what), std::move(advice)});
  }

  void command() {
    const std::string path = settings_.our_command();
    if (settings_.word("pubkeyauthentication", "yes") != "yes")
      add("ssh-keys", Level::Warning, "sshd takes no keys at all (PubkeyAuthentication no).",
          "PubkeyAuthentication yes in the file that sets it, then: systemctl reload ssh");
    const Result<FileFacts> program = machine_.look(path);
    if (!program) {
      add("ssh-keys-command", Level::Bad, "AuthorizedKeysCommand is not there: " + shown(path) + ".",
          "Install passkeyd again, or take the line from " + std::string(SshdSettings::kSnippet));
      return;
    }
    for (std::string place = path; !place.empty(); place.erase(place.rfind('/'))) {
      const Result<FileFacts> facts = machine_.look(place);
      if (facts && is_roots(facts.value())) continue;
      add("ssh-keys-command", Level::Bad,
          "sshd does not run AuthorizedKeysCommand: " + shown(place) +
              " must be root's, and nobody else's to write to.",
          "chown root " + shown(place) + "; chmod go-w " + shown(place));
    }
  }

  void asker() {
    const std::string user = settings_.text("authorizedkeyscommanduser", "none");
    const std::optional<Identity> who = user == "none" ? std::nullopt : machine_.identity(user);
    const std::string advice = "AuthorizedKeysCommandUser " + std::string(kAsker) +
                               " in the file that sets it, then: systemctl reload ssh";
    if (!who)
      add("ssh-keys-user", Level::Bad,
          "AuthorizedKeysCommandUser is not there: " + shown(user) + ". sshd takes no key.",
          user == kAsker ? "systemd-sysusers" : advice);
    else if (who->uid == 0)
      add("ssh-keys-user", Level::Warning, "AuthorizedKeysCommand runs as root, without need.", advice);
    else if (user != kAsker)
      add("ssh-keys-user", Level::Bad,
          "The service does not tell " + shown(user) + " (AuthorizedKeysCommandUser) the keys of others.",
          advice);
  }

  /// sshd looks at people's own files first, and there nothing is ever revoked.
  void others() {
    const std::string files = settings_.text("authorizedkeysfile", ".ssh/authorized_keys");
    if (files == "none") return;
    const std::string touch = settings_.word("pubkeyauthoptions", "none") == "none"
                                  ? " They may also say that no touch is needed (PubkeyAuthOptions none)."
                                  : "";
    add("ssh-keys-file", Level::Note,
        "sshd also takes keys from people's own files (" + shown(files) +
            "): a key that stands there is not revoked by passkeyctl." + touch,
        "Once all keys are enrolled: AuthorizedKeysFile none");
  }

  void revoked() {
    const std::string path = settings_.revoked_keys();
    if (path.empty()) return;
    const std::string make = "passkeyctl ssh-krl " + shown(path);
    const Result<FileFacts> file = machine_.look(path);
    if (!file)
      add("ssh-revoked-keys", file.error().kind == ErrorKind::NotAllowed ? Level::Note : Level::Bad,
          "RevokedKeys cannot be read: " + shown(path) + ". sshd then refuses every key.", make);
    else if (facts_ && facts_->last_refused && file->modified < *facts_->last_refused)
      add("ssh-revoked-keys", Level::Warning, "Keys were revoked since " + shown(path) + " was made.", make);
  }

  void pam() {
    if (settings_.word("usepam", "no") != "yes") {
      add("ssh-session", Level::Warning,
          "sshd does not ask PAM (UsePAM no): a locked account and a key that is revoked meanwhile are not "
          "noticed.",
          "UsePAM yes in the file that sets it, then: systemctl reload ssh");
      return;
    }
    const std::optional<PamStack> stack = read_pam_stack(machine_, sshd::kService);
    if (!stack || !has_our_line(*stack, PamGroup::Session))
      add("ssh-session", Level::Note,
          "sshd's session stack does not name the key that was used: that is not on record, and one that was "
          "revoked "
          "while the sign-in went on still opens a session.",
          "session [session_err=die default=ignore] pam_passkey.so in /etc/pam.d/sshd");
  }

  const Machine &machine_;
  const SshdSettings &settings_;
  const std::optional<SshKeyFacts> &facts_;
  Findings found_;
};

}  // namespace

SshKeyFacts ssh_key_facts(const CredentialList &all) {
  SshKeyFacts facts;
  for (const CredentialRecord &each : all.records) {
    if (each.way != "ssh") continue;
    if (each.state == "active")
      ++facts.active;
    else if (each.changed)
      facts.last_refused = std::max(facts.last_refused.value_or(0), *each.changed);
  }
  return facts;
}

Findings check_ssh_keys(const Machine &machine, const std::optional<SshKeyFacts> &facts) {
  const Result<SshdSettings> settings = SshdSettings::of(machine);
  if (!settings) return {};  // none, or check_sshd has said so
  if (!settings->our_command().empty()) return Judge(machine, settings.value(), facts).all();
  if (!facts || facts->active == 0) return {};
  return {{"ssh-keys", Level::Note, "SSH keys are enrolled, but sshd does not ask the service for them.",
           "The lines of " + std::string(SshdSettings::kSnippet) +
               " in /etc/ssh/sshd_config.d/, then: systemctl reload ssh"}};
}

}  // namespace passkeyd::cli
