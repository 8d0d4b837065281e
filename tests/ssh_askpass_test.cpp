/// passkey-askpass by its parts: whose prompt it is, which names go together, what goes back, who is next.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "ssh/askpass/answer.h"
#include "ssh/askpass/client.h"
#include "ssh/askpass/enroll.h"
#include "ssh/askpass/next.h"
#include "tests/scripted_conversation.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::askpass;
using namespace passkeyd::test;

namespace {

const std::string kFirst(ssh::kFirstPrompt);

ssh::AssertionPrompt challenge(std::vector<Bytes> allowed = {Bytes(64, 7)}) {
  return {.rp_id = "web.example.com", .challenge = Bytes(32, 9), .allowed = std::move(allowed)};
}

bool is_foreign(const std::string &text) {
  return std::holds_alternative<Foreign>(read_prompt(text));
}

/// Whatever comes, nobody but the client has said where it goes to.
bool gets_no_answer(const std::string &text) {
  const Prompt prompt = read_prompt(text);
  return std::holds_alternative<Foreign>(prompt) || std::holds_alternative<Senseless>(prompt);
}

// --- whose prompt
// -------------------------------------------------------------------------------------------

void our_prompts_are_known_behind_the_clients_own_words() {
  const Prompt first = read_prompt("(alice@Web.Example.com) " + kFirst);
  CHECK(std::get<First>(first).target.user == "alice");
  CHECK(std::get<First>(first).target.host == "web.example.com");
  const Prompt asked = read_prompt("(a.b-c_d@fe80::1%eth0) " + ssh::write(challenge()));
  CHECK(std::get<Challenged>(asked).target.host == "fe80::1%eth0");
  CHECK(std::get<Challenged>(asked).challenge.challenge == Bytes(32, 9));
}

void what_is_anybody_elses_is_nobody_of_ours() {
  for (const std::string text : {"", "(", "Password: ", "Enter passphrase for key '/home/alice/.ssh/id': ",
                                 "(alice@web) Password: ", "(alice@web) Passkey or password:",
                                 "(alice@web) Passkey or password:  ", "(alice@web)", "(alice@web) "})
    CHECK(is_foreign(text));
  CHECK(is_foreign(kFirst));
  CHECK(is_foreign(ssh::write(challenge())));
  for (const std::string before :
       {" ", "\n", "x", "(alice@web)", "((alice@web) ", "(alice@web)  ", "(@web) ", "(alice@) ",
        "alice@web) ", "(alice web) ", "(al ice@web) ", "(alice@w/b) "}) {
    CHECK(is_foreign(before + kFirst));
    CHECK(is_foreign(before + ssh::write(challenge())));
  }
}

void a_prefix_that_the_server_made_gets_no_answer() {
  const std::string forged = "(alice@web.example.com) ";
  for (const std::string before : {"", "\n", "\r", "Hello ", "passkeyd1:"}) {
    CHECK(gets_no_answer("(alice@evil.example) " + before + forged + kFirst));
    CHECK(gets_no_answer("(alice@evil.example) " + before + forged + ssh::write(challenge())));
  }
  CHECK(std::get<Challenged>(read_prompt("(alice@evil.example) " + ssh::write(challenge()))).target.host ==
        "evil.example");
}

void a_crafted_user_name_gets_no_answer() {
  // "ssh -l 'x@good) passkeyd1:...' evil": what follows is the client's "@evil) " and the server's text.
  for (const std::string &user :
       {"x@web.example.com) " + kFirst, "x@web.example.com) " + ssh::write(challenge()),
        std::string("x@web.example.com) passkeyd1:")})
    for (const std::string &behind : {std::string(), kFirst, ssh::write(challenge()), std::string("AAAA")})
      CHECK(gets_no_answer("(" + user + "@evil.example) " + behind));
}

void ours_that_makes_no_sense_is_nobodys() {
  const std::string good = ssh::write(challenge());
  for (const std::string &behind :
       {std::string("passkeyd1:"), std::string("passkeyd1:AAAA"), good + "=", good + "A",
        good.substr(0, good.size() - 4), "passkeyd1:" + std::string(120'000, 'A')})
    CHECK(std::holds_alternative<Senseless>(read_prompt("(alice@web) " + behind)));
}

/// A seeded source of texts that are nearly prompts.
void no_change_to_a_prompt_moves_it_to_another_host() {
  std::mt19937_64 random(20);
  const std::string good = "(alice@evil.example) (bob@web.example.com) " + ssh::write(challenge());
  using namespace std::string_literals;
  const std::string parts = "()@ :\n\r\0\x1b\xff passkeyd1:PA@) ("s;
  for (int round = 0; round < 50'000; ++round) {
    std::string text = good;
    for (std::size_t left = 1 + random() % 6; left > 0; --left) {
      // The client's own words stay: they are not the server's to change.
      const std::size_t at = 21 + random() % (text.size() - 21);
      switch (random() % 3) {
        case 0:
          text[at] = parts[random() % parts.size()];
          break;
        case 1:
          text.insert(at, 1, parts[random() % parts.size()]);
          break;
        default:
          text.erase(at, 1 + random() % 4);
      }
    }
    const Prompt prompt = read_prompt(text);
    if (const auto *asked = std::get_if<Challenged>(&prompt)) CHECK(asked->target.host == "evil.example");
    if (const auto *first = std::get_if<First>(&prompt)) CHECK(first->target.host == "evil.example");
  }
}

void only_ssh_itself_asks_about_host_keys() {
  const std::string question =
      "The authenticity of host 'web (192.0.2.1)' can't be established.\n"
      "Are you sure you want to continue connecting (yes/no/[fingerprint])? ";
  CHECK(asks_about_a_host_key(question));
  CHECK(!asks_about_a_host_key("(alice@web) Password (yes/no/[fingerprint])? "));
  CHECK(!asks_about_a_host_key("Enter PIN for ED25519-SK key /home/alice/.ssh/id: "));
}

// --- which names
// --------------------------------------------------------------------------------------------

bool goes(const std::string &host, const char *rp_id, const Hosts &hosts = {}) {
  return goes_with(host, MUST(RpId::parse(rp_id)), hosts);
}

void a_host_may_ask_for_its_own_name_and_what_is_above_it() {
  CHECK(goes("web.example.com", "web.example.com"));
  CHECK(goes("web.example.com", "example.com"));
  CHECK(goes("a.web.example.com", "example.com"));
  CHECK(goes("web", "web"));
  CHECK(goes("web", "web.example.com"));
}

void a_host_may_not_ask_for_anothers_name() {
  CHECK(!goes("web.example.com", "com"));
  CHECK(!goes("web.example.com", "mail.example.com"));
  CHECK(!goes("example.com", "web.example.com"));
  CHECK(!goes("evil-example.com", "example.com"));
  CHECK(!goes("webexample.com", "example.com"));
  CHECK(!goes("web", "we"));
  CHECK(!goes("we", "web.example.com"));
  CHECK(!goes("example", "web.example"));
  CHECK(!goes("web.example.com.evil.example", "web.example.com"));
  CHECK(!goes("web.", "web.example.com"));
}

void an_address_goes_with_what_the_file_says_only() {
  for (const char *address : {"192.0.2.1", "fe80::1%eth0", "::1", "127.1", "0x7f000001"}) {
    CHECK(!goes(address, "web.example.com"));
    CHECK(!goes(address, "2.1"));
    CHECK(goes(address, "web.example.com", {{address, "web.example.com"}}));
  }
  CHECK(!goes("192.0.2.1", "192.0.2.1"));
  CHECK(!goes("127", "127.0.0.1"));
}

// --- the hosts file
// -----------------------------------------------------------------------------------------

void the_file_is_lines_of_two_words() {
  const Hosts hosts =
      MUST(parse_hosts("# mine\n\n Web  Example.COM # the web\r\n192.0.2.1\tweb.example.com"));
  CHECK((hosts == Hosts{{"web", "example.com"}, {"192.0.2.1", "web.example.com"}}));
  CHECK(MUST(parse_hosts("")).empty());
}

void one_bad_line_spoils_the_file() {
  for (const std::string &bad :
       {std::string("web"), std::string("web a b"), std::string("web ex_ample"), std::string("-oProxy=x a.b"),
        std::string("w\0b a.b", 7), std::string("w*b a.b"), "web " + std::string(300, 'a'),
        std::string(300, 'a') + " a.b"}) {
    const Result<Hosts> hosts = parse_hosts("good example.com\n" + bad + "\n");
    CHECK(!hosts && hosts.error().sentence.starts_with("line 2"));
  }
}

/// A folder of this test's own.
struct Folder {
  Folder() { CHECK(mkdtemp(name) != nullptr); }
  ~Folder() { std::filesystem::remove_all(name); }
  [[nodiscard]] std::string operator/(const char *file) const { return std::string(name) + "/" + file; }
  char name[32] = "/tmp/askpass-XXXXXX";
};

void put(const std::string &path, const std::string &text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  CHECK(chmod(path.c_str(), mode) == 0);
}

void a_file_that_somebody_else_can_write_is_not_believed() {
  const Folder folder;
  put(folder / "hosts", "web example.com\n", 0644);
  CHECK(MUST(read_hosts(folder / "hosts")).size() == 1);
  for (const mode_t mode : {0620, 0602}) {
    chmod((folder / "hosts").c_str(), mode);
    CHECK(read_hosts(folder / "hosts").error().kind == ErrorKind::NotAllowed);
  }
  chmod((folder / "hosts").c_str(), 0600);
  if (getuid() == 0) {  // another's
    CHECK(chown((folder / "hosts").c_str(), 12345, 12345) == 0);
    CHECK(read_hosts(folder / "hosts").error().kind == ErrorKind::NotAllowed);
  }
}

void what_is_no_file_is_not_waited_for() {
  const Folder folder;
  CHECK(MUST(read_hosts(folder / "none")).empty());
  CHECK(MUST(read_hosts(folder / "none/hosts")).empty());
  CHECK(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(!read_hosts(folder / "pipe"));
  CHECK(!read_hosts("/dev/zero"));
  put(folder / "large", std::string(kMaxHostsFile + 1, '\n'));
  CHECK(!read_hosts(folder / "large"));
  put(folder / "full", std::string(kMaxHostsFile, '\n'));
  CHECK(read_hosts(folder / "full"));
  CHECK(!add_host(folder / "full", {"web", "example.com"}));
}

void a_host_is_added_once() {
  const Folder folder;
  std::filesystem::create_directory(folder / "home");
  const std::string path = folder / "home/.config/passkeyd/hosts";
  for (int time = 0; time < 2; ++time) MUST(add_host(path, {"192.0.2.1", "web.example.com"}));
  MUST(add_host(path, {"web", "web.example.com"}));
  CHECK((MUST(read_hosts(path)) == Hosts{{"192.0.2.1", "web.example.com"}, {"web", "web.example.com"}}));
  put(path, "old example.com");  // no end of line
  MUST(add_host(path, {"new", "example.com"}));
  CHECK(MUST(read_hosts(path)).size() == 2);
  put(path, "nonsense\n");
  CHECK(!add_host(path, {"web", "web.example.com"}));
}

// --- what goes back
// -----------------------------------------------------------------------------------------

/// Holds what it is told to hold, and answers with that.
struct ScriptedSource final : PasskeySource {
  ScriptedSource(std::string called, std::vector<Bytes> held)
      : called_(std::move(called)), held_(std::move(held)) {}
  [[nodiscard]] const std::string &name() const override { return called_; }
  Result<bool> holds(const RpId &, const std::vector<Bytes> &ids) override {
    ++looked;
    for (const Bytes &id : ids)
      if (std::ranges::find(held_, id) != held_.end()) return true;
    return false;
  }
  Result<std::optional<Assertion>> prove(const AssertionRequest &request, Conversation &) override {
    ++proved;
    asked = request.client_data;
    if (refuses) return Error{ErrorKind::Cancelled, "dismissed"};
    return std::optional(Assertion{.credential_id = held_.front(),
                                   .authenticator_data = Bytes(37 + extra),
                                   .signature = Bytes(72),
                                   .client_data = request.client_data,
                                   .user_handle = {}});
  }
  Result<ssh::MadeRegistration> enroll(const RegistrationRequest &, Conversation &) override {
    return Error{ErrorKind::Unsupported, "not here"};
  }

  std::string called_;
  std::vector<Bytes> held_;
  std::string asked = {};
  int looked = 0, proved = 0;
  std::size_t extra = 0;
  bool refuses = false;
};

struct Bench {
  explicit Bench(std::vector<std::vector<Bytes>> holdings, std::deque<Reply> replies = {})
      : person(std::move(replies)) {
    for (std::vector<Bytes> &held : holdings) {
      auto source =
          std::make_unique<ScriptedSource>("key " + std::to_string(keys.size() + 1), std::move(held));
      keys.push_back(source.get());
      sources.push_back(std::move(source));
    }
  }
  Result<std::string> answer_for(const std::string &host, const ssh::AssertionPrompt &asked) {
    return answer({{"alice", host}, asked}, sources, hosts, person);
  }

  std::vector<ScriptedSource *> keys;
  PasskeySources sources;
  Hosts hosts;
  ScriptedConversation person;
};

void the_answer_names_the_host_as_the_client_calls_it() {
  Bench bench({{Bytes(64, 7)}});
  const ssh::AssertionPrompt asked = challenge({Bytes(64, 1), Bytes(64, 7)});
  const std::string line = MUST(bench.answer_for("a.web.example.com", asked));
  const Assertion back = MUST(ssh::read_assertion(line, asked.allowed));
  CHECK(back.credential_id == Bytes(64, 7));
  CHECK(back.client_data == client_data_json(Ceremony::Get, asked.challenge, "ssh://a.web.example.com"));
}

void another_servers_challenge_touches_no_key() {
  Bench bench({{Bytes(64, 7)}});
  CHECK(bench.answer_for("evil.example", challenge()).error().kind == ErrorKind::NotAllowed);
  CHECK(bench.keys[0]->looked == 0 && bench.keys[0]->proved == 0);
  CHECK(bench.person.said.size() == 1 &&
        bench.person.said[0].starts_with("trouble: evil.example asks for a passkey "
                                         "of web.example.com"));
  bench.hosts = {{"evil.example", "web.example.com"}};  // the person's word
  CHECK(bench.answer_for("evil.example", challenge()));
}

void a_key_that_holds_nothing_is_left_alone() {
  Bench bench({{Bytes(64, 1)}, {Bytes(64, 7)}});
  CHECK(bench.answer_for("web", challenge()));
  CHECK(bench.keys[0]->proved == 0 && bench.keys[1]->proved == 1 && bench.person.said.empty());
  Bench none({{Bytes(64, 1)}});
  CHECK(none.answer_for("web", challenge()).error().kind == ErrorKind::NoCredential);
  CHECK(none.keys[0]->proved == 0);
  Bench nothing({});
  CHECK(nothing.answer_for("web", challenge()).error().kind == ErrorKind::NoDevice);
}

void of_several_that_hold_one_the_person_chooses() {
  Bench bench({{Bytes(64, 7)}, {Bytes(64, 8)}}, {"1"});
  const ssh::AssertionPrompt asked = challenge({Bytes(64, 7), Bytes(64, 8)});
  CHECK(MUST(ssh::read_assertion(MUST(bench.answer_for("web", asked)), asked.allowed)).credential_id ==
        Bytes(64, 8));
  Bench left({{Bytes(64, 7)}, {Bytes(64, 8)}}, {""});
  CHECK(left.answer_for("web", asked).error().kind == ErrorKind::Cancelled);
}

void an_answer_is_never_longer_than_ssh_takes() {
  // A credential is named by its place, so that its own length is none of the answer's.
  Bench bench({{Bytes(1023, 63)}});
  std::vector<Bytes> many;
  for (std::uint8_t at = 0; at < ssh::kMaxAllowed; ++at) many.push_back(Bytes(1023, at));
  CHECK(MUST(bench.answer_for("web", challenge(many))).size() < 500);
  bench.keys[0]->extra = 1000;
  CHECK(bench.answer_for("web", challenge(many)).error().kind == ErrorKind::InvalidInput);
}

// --- the line of an enrollment
// ------------------------------------------------------------------------------

void a_pasted_line_fits_a_terminal() {
  ssh::MadeRegistration made;
  made.registration.format = "packed";
  made.registration.authenticator_data = Bytes(200, 1);
  made.registration.attestation = Bytes(900, 2);
  CHECK(MUST(ssh::read_registration(MUST(line_of(made)))).registration.format == "packed");
  made.registration.attestation = Bytes(4000, 2);
  const ssh::MadeRegistration plain = MUST(ssh::read_registration(MUST(line_of(made))));
  CHECK(plain.registration.format == "none" && plain.registration.attestation == Bytes{0xa0});
  CHECK(plain.registration.authenticator_data == made.registration.authenticator_data);
  made.registration.authenticator_data = Bytes(4000, 1);
  CHECK(!line_of(made));
}

// --- who is next
// --------------------------------------------------------------------------------------------

void the_next_is_the_persons_own_and_never_ourselves() {
  setenv("PASSKEY_ASKPASS_NEXT", "/bin/true", 1);
  CHECK(find_next().asker == Asker::Program && find_next().program == "/bin/true");
  const Folder folder;
  const std::string ourselves = std::filesystem::read_symlink("/proc/self/exe");
  std::filesystem::create_symlink(ourselves, folder / "us");
  for (const std::string &bad :
       {ourselves, folder / "us", std::string("true"), std::string("/nowhere/askpass")}) {
    setenv("PASSKEY_ASKPASS_NEXT", bad.c_str(), 1);
    CHECK(find_next().program != bad);
  }
  unsetenv("PASSKEY_ASKPASS_NEXT");
}

void a_hint_that_is_not_known_is_none() {
  CHECK(hint_of("confirm") == Hint::Confirm);
  CHECK(hint_of("none") == Hint::None);
  CHECK(hint_of(nullptr) == Hint::Answer && hint_of("") == Hint::Answer && hint_of("other") == Hint::Answer);
}

std::string script(const Folder &folder, const std::string &body) {
  put(folder / "next", "#!/bin/sh\n" + body + "\n", 0700);
  return folder / "next";
}

void the_pin_comes_through_the_persons_askpass() {
  const Folder folder;
  setenv("SSH_ASKPASS_PROMPT", "confirm", 1);
  const std::string echo = script(folder, "printf '%s|%s\\nmore\\n' \"$1\" \"${SSH_ASKPASS_PROMPT-unset}\"");
  CHECK(MUST(ask_through(echo, "PIN: ")).text() == "PIN: |unset");
  unsetenv("SSH_ASKPASS_PROMPT");
  CHECK(ask_through(script(folder, "echo 1234; exit 1"), "PIN: ").error().kind == ErrorKind::Cancelled);
  CHECK(!ask_through(folder / "nothing", "PIN: "));
  CHECK(!ask_through(script(folder, "yes 0 | tr -d '\\n'"), "PIN: "));  // without an end
}

void a_notice_goes_when_it_is_over() {
  const Folder folder;
  const std::string path = folder / "shown";
  CHECK(mkfifo(path.c_str(), 0600) == 0);
  const std::string shows =
      script(folder, "exec >'" + path + "'; echo \"$1 $SSH_ASKPASS_PROMPT\"; exec tail -f /dev/null");
  std::string text(64, '\0');
  Fd reader;
  {
    const Notice notice(shows, "touch it");
    reader.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t got = read(reader.get(), text.data(), text.size());
    CHECK(got > 0 && text.starts_with("touch it none\n"));
  }
  CHECK(read(reader.get(), text.data(), text.size()) == 0);  // its end
}

void only_an_ssh_that_names_hosts_is_answered() {
  for (const char *new_enough : {"OpenSSH_8.5", "OpenSSH_8.5p1, OpenSSL", "OpenSSH_9.2p1 Debian-2+deb12u6",
                                 "OpenSSH_10.0p2", "OpenSSH_8.10"})
    CHECK(names_hosts(new_enough));
  for (const char *other : {"OpenSSH_8.4p1", "OpenSSH_7.9", "OpenSSH_", "OpenSSH_9", "OpenSSH_x.y",
                            "Dropbear v2022", "", "openssh_9.2", " OpenSSH_9.2", "Python 3.11"})
    CHECK(!names_hosts(other));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(only_an_ssh_that_names_hosts_is_answered),
      TEST(our_prompts_are_known_behind_the_clients_own_words),
      TEST(what_is_anybody_elses_is_nobody_of_ours),
      TEST(a_prefix_that_the_server_made_gets_no_answer),
      TEST(a_crafted_user_name_gets_no_answer),
      TEST(ours_that_makes_no_sense_is_nobodys),
      TEST(no_change_to_a_prompt_moves_it_to_another_host),
      TEST(only_ssh_itself_asks_about_host_keys),
      TEST(a_host_may_ask_for_its_own_name_and_what_is_above_it),
      TEST(a_host_may_not_ask_for_anothers_name),
      TEST(an_address_goes_with_what_the_file_says_only),
      TEST(the_file_is_lines_of_two_words),
      TEST(one_bad_line_spoils_the_file),
      TEST(a_file_that_somebody_else_can_write_is_not_believed),
      TEST(what_is_no_file_is_not_waited_for),
      TEST(a_host_is_added_once),
      TEST(the_answer_names_the_host_as_the_client_calls_it),
      TEST(another_servers_challenge_touches_no_key),
      TEST(a_key_that_holds_nothing_is_left_alone),
      TEST(of_several_that_hold_one_the_person_chooses),
      TEST(an_answer_is_never_longer_than_ssh_takes),
      TEST(a_pasted_line_fits_a_terminal),
      TEST(the_next_is_the_persons_own_and_never_ourselves),
      TEST(a_hint_that_is_not_known_is_none),
      TEST(the_pin_comes_through_the_persons_askpass),
      TEST(a_notice_goes_when_it_is_over),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
