/// passkey-askpass: what ssh starts for each of its prompts, on the person's own computer. Answers those of a
/// server with passkeys (docs/askpass.md) and hands on all others.
#include <libintl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "client/catalog.h"
#include "client/printable.h"
#include "ssh/askpass/answer.h"
#include "ssh/askpass/client.h"
#include "ssh/askpass/enroll.h"
#include "ssh/askpass/next.h"
#include "ssh/askpass/person.h"

/// A package of this program alone, without passkeyd, has the words in other languages here.
constexpr const char *kOwnCatalogs = PASSKEY_ASKPASS_CATALOGS;

namespace passkeyd::askpass {
namespace {

/// The line that ssh gets. An empty one: the server goes on with what comes after passkeys.
int say(const std::string &line) {
  return std::printf("%s\n", line.c_str()) > 0 && std::fflush(stdout) == 0 ? 0 : 1;
}

Person person_at(const Target &target) {
  return {find_next(), "Signing in to " + target.host + " as " + target.user};
}

/// A file that is wrong says nothing, and the person is told.
Hosts hosts_for(Conversation &person) {
  const std::optional<std::string> path = hosts_path();
  Result<Hosts> hosts = path ? read_hosts(*path) : Hosts();
  if (hosts) return std::move(hosts).value();
  [[maybe_unused]] const Status told =
      person.tell(Tone::Trouble, printable(hosts.error().sentence, ssh::kMaxAnswer));
  return {};
}

int answer_or_step_down(const Challenged &asked) {
  Person person = person_at(asked.target);
  Result<PasskeySources> sources = authenticators_here(ThisComputerIf::Holds);
  const Result<std::string> line = sources ? answer(asked, sources.value(), hosts_for(person), person)
                                           : Result<std::string>(sources.error());
  if (line) return say(line.value());
  if (line.error().kind != ErrorKind::NotAllowed) {
    [[maybe_unused]] const Status told = person.tell(Tone::Trouble, words_of(line.error()));
  }
  return say("");
}

int refuse(const Target &target) {
  [[maybe_unused]] const Status told = person_at(target).tell(
      Tone::Trouble, target.host + " asks for a passkey in a way that makes no sense, and gets no answer.");
  return say("");
}

bool has_any() {
  const Result<PasskeySources> sources = authenticators_here(ThisComputerIf::Holds);
  return sources && !sources->empty();
}

int answer_ssh(const std::string &text) {
  const Hint hint = hint_of(std::getenv("SSH_ASKPASS_PROMPT"));
  const Prompt prompt = hint == Hint::Answer ? read_prompt(text) : Prompt(Foreign{});
  const bool ours = !std::holds_alternative<Foreign>(prompt);
  if (ours && !is_asked_by_an_ssh_that_names_hosts()) return hand_on(find_next(), text, hint);
  if (const auto *challenged = std::get_if<Challenged>(&prompt)) return answer_or_step_down(*challenged);
  if (const auto *senseless = std::get_if<Senseless>(&prompt)) return refuse(senseless->target);
  if (std::holds_alternative<First>(prompt) && has_any()) return say(ssh::version_token());
  return hand_on(find_next(), text, hint);
}

/// Whatever else comes alone is a prompt, with a dash before it or not.
bool is_option(std::string_view text) {
  return text == "--enroll" || text == "--help" || text == "-h" || text == "--version";
}

int run(int argc, char **argv) {
  if (argc == 2 && !is_option(argv[1])) return answer_ssh(argv[1]);
  CLI::App app("Answers a server's prompts over ssh with a passkey of this computer's owner");
  app.name("passkey-askpass");
  app.set_version_flag("--version", "passkey-askpass " PASSKEYD_VERSION);
  bool make = false;
  std::string host;
  CLI::Option *enrolls = app.add_flag("--enroll", make, "Make a passkey out of a line that a server shows");
  app.add_option("--host", host, "What you call that server, where it is not its own name")->needs(enrolls);
  app.footer("ssh starts it for each prompt: SSH_ASKPASS=passkey-askpass SSH_ASKPASS_REQUIRE=force ssh HOST");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &stop) {
    return app.exit(stop) == 0 ? 0 : 2;
  }
  if (make) return enroll(host.empty() ? std::nullopt : std::optional(host));
  std::fprintf(stderr, "%s", app.help().c_str());
  return 2;
}

}  // namespace
}  // namespace passkeyd::askpass

int main(int argc, char **argv) {
  std::setlocale(LC_ALL, "");  // the person's language
  if (access(kOwnCatalogs, F_OK) == 0) bindtextdomain(passkeyd::kCatalogDomain, kOwnCatalogs);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // PINs pass through here: none shall be in a core dump
  try {
    return passkeyd::askpass::run(argc, argv);
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "passkey-askpass: %s\n", problem.what());
    return 1;
  }
}
