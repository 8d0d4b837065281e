/// Looking at passkeys and looking after them with passkeyctl: what is said of them, whoever named them,
/// however wide the terminal is; what programs are told; and what becomes of nonsense.
#include <cwchar>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/check.h"
#include "tests/passkeyctl.h"
#include "tests/private_machine.h"
#include "tests/scripted_daemon.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

Reaction rows(std::vector<Dictionary> all) {
  return append([all](sd_bus_message *m) {
    sd_bus_message_open_container(m, 'a', "a{sv}");
    for (const Dictionary &row : all) append_dictionary(m, row);
    return sd_bus_message_close_container(m);
  });
}

Reaction dictionary(const Dictionary &all) {
  return append([all](sd_bus_message *m) { return append_dictionary(m, all); });
}

Reaction done() {
  return append([](sd_bus_message *) { return 0; });
}

const Event kFree = {"CheckAccount root", dictionary({{"locked", false}})};

/// With everything that docs/dbus.md has.
const Dictionary kKey = {{"id", "aa11aa11aa"},
                         {"user", "alice"},
                         {"uid", 1000U},
                         {"name", "blue key"},
                         {"way", "usb"},
                         {"device", "Solo 2"},
                         {"state", "suspended"},
                         {"reason", "possible clone"},
                         {"changed-by", 0U},
                         {"changed", std::int64_t{1700000120}},
                         {"created", std::int64_t{1700000000}},
                         {"last-used", std::int64_t{1700000060}},
                         {"user-verification", true},
                         {"sensor", false},
                         {"discoverable", true},
                         {"synced", false},
                         {"aaguid", "b4e6bcc6-bd21-4be9-ab56-854741bf193b"},
                         {"attestation", "trusted"},
                         {"attested-by", "Solo Root"},
                         {"model", "Solo Secp256R1"},
                         {"recalled", "REVOKED"},
                         {"something-new", 7U}};

Dictionary passkey(const std::string &id, const std::string &name, Dictionary more = {}) {
  Dictionary row = {{"id", id},
                    {"user", "alice"},
                    {"name", name},
                    {"way", "tpm"},
                    {"device", "TPM 2.0"},
                    {"state", "active"},
                    {"created", std::int64_t{1700000000}},
                    {"user-verification", true}};
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

std::vector<std::string> lines_of(std::string text) {
  std::erase(text, '\r');
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Columns on a terminal, by the C library and not by what is under test.
int columns_of(const std::string &text) {
  std::wstring wide(text.size() + 1, L'\0');
  const std::size_t length = std::mbstowcs(wide.data(), text.c_str(), wide.size());
  CHECK(length != static_cast<std::size_t>(-1));
  return wcswidth(wide.c_str(), length);
}

// --- show
// ----------------------------------------------------------------------------------------------------------

void show_says_everything_about_one_passkey_in_words() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListCredentials alice", rows({passkey("bb22", "work"), kKey})}});
  const Ran ran = run({"show", "aa11aa11aa", "--user", "alice"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(
      ran.out ==
      "id:            aa11aa11aa\n"
      "name:          blue key\n"
      "account:       alice (uid 1000)\n"
      "protected by:  security key, touch and PIN; attested by Solo Root (trusted); model recalled: REVOKED\n"
      "state:         suspended, model recalled since 2023-11-14 22:15 by uid 0: possible clone\n"
      "device:        Solo 2\n"
      "model:         Solo Secp256R1\n"
      "AAGUID:        b4e6bcc6-bd21-4be9-ab56-854741bf193b\n"
      "attested by:   Solo Root\n"
      "recalled:      REVOKED\n"
      "discoverable:  yes: found without a user name\n"
      "synced:        no\n"
      "created:       2023-11-14 22:13\n"
      "last used:     2023-11-14 22:14\n");
  daemon.must_be_done();
}

void a_passkey_that_is_little_known_is_not_called_safe() {
  const PrivateBus bus;
  const std::pair<Dictionary, const char *> all[] = {
      {{}, "this computer's security chip, PIN; attestation not known\n"},
      {{{"attestation", "none"}}, "PIN; not attested\n"},
      {{{"attestation", "self"}}, "PIN; attested by nobody but itself\n"},
      {{{"attestation", "untrusted"}, {"attested-by", "Eve"}}, "PIN; attested by Eve (not trusted here)\n"},
      {{{"attestation", "perfect"}}, "PIN; attestation not known\n"},
      {{{"synced", true}}, "not known; may be on other devices, too\n"},
      {{{"way", "usb"}, {"user-verification", false}}, "security key, touch only;"},
      {{{"way", "usb"}, {"sensor", true}}, "security key, its own sensor;"},
      {{{"way", "telepathy"}}, "telepathy; attestation not known"},
  };
  for (const auto &[more, words] : all) {
    Dictionary row = passkey("bb22", "work");
    for (const auto &entry : more)
      std::erase_if(row, [&](const auto &each) { return each.first == entry.first; });
    row.insert(row.end(), more.begin(), more.end());
    ScriptedDaemon daemon({{"ListCredentials root", rows({row})}});
    CHECK(says(run({"show", "bb22"}).out, words));
    daemon.must_be_done();
  }
}

void a_name_will_do_if_only_one_passkey_that_is_not_revoked_bears_it() {
  const PrivateBus bus;
  const Reaction all = rows({passkey("aa11", "work"), passkey("bb22", "work"), passkey("cc33", "home"),
                             passkey("dd44", "home", {{"state", "revoked"}}), passkey("home-id", "cc33")});
  ScriptedDaemon daemon({{"ListCredentials root", all},
                         {"ListCredentials root", all},
                         {"ListCredentials root", all},
                         {"ListCredentials root", all}});
  CHECK(says(run({"show", "home"}).out, "id:            cc33\n"));
  CHECK(says(run({"show", "cc33"}).out, "name:          home\n"));  // an id comes before a name
  const Ran several = run({"show", "work"});
  CHECK(several.status == 3 && says(several.err, "use the id") && several.out.empty());
  const Ran none = run({"show", "ee55"});
  CHECK(none.status == 5 && says(none.err, "no such") && none.out.empty());
  daemon.must_be_done();
}

// --- list
// ----------------------------------------------------------------------------------------------------------

void revoked_passkeys_are_listed_only_where_they_are_asked_for() {
  const PrivateBus bus;
  const Reaction all = rows({passkey("aa11", "old", {{"state", "revoked"}}), passkey("bb22", "new")});
  ScriptedDaemon daemon({{"ListCredentials root", all},
                         kFree,
                         {"ListCredentials root", all},
                         kFree,
                         {"ListCredentials root", all}});
  const Ran without = run({"list"});
  CHECK(!says(without.out, "aa11") && says(without.out, "bb22"));
  CHECK(says(without.out, "\n1 revoked passkey is not shown; --revoked shows it.\n"));
  const Ran with = run({"list", "--revoked"});
  CHECK(says(with.out, "aa11") && says(with.out, "revoked") && !says(with.out, "not shown"));
  CHECK(nlohmann::json::parse(run({"list", "--json"}).out).size() == 1);
  daemon.must_be_done();
}

void what_is_wrong_with_a_passkey_stands_in_words() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"ListCredentials root", rows({passkey("aa11", "a", {{"recalled", "REVOKED"}}), kKey})}, kFree});
  const Ran ran = run({"list"});
  CHECK(says(ran.out, "active, model recalled") && says(ran.out, "suspended, model recalled"));
  CHECK(!says(ran.out, "\x1b"));
  daemon.must_be_done();
}

void the_list_of_everybody_says_whose_each_is() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListAllCredentials", asks_through_polkit(rows({kKey, passkey("bb22", "work")}))},
                         {"ListAllCredentials", error("org.passkeyd1.Error.NotAllowed")}});
  const Ran ran = run({"list", "--all"});
  CHECK(ran.status == 0 && ran.err.empty());
  CHECK(lines_of(ran.out)[0].starts_with("USER   ID") &&
        lines_of(ran.out)[1].starts_with("alice  aa11aa11aa"));
  CHECK(run({"list", "--all"}).status == 4);
  daemon.must_be_done();
}

const char *const kWide = "\u65e5\u672c\u8a9e\u306e\u9375";
const char *const kEmoji = "\U0001f511\U0001f511";
const char *const kRightToLeft = "\u05de\u05e4\u05ea\u05d7";
const char *const kCombining = "e\u0301te\u0301";

std::vector<Dictionary> many_names() {
  std::vector<Dictionary> all;
  for (const char *name : {kWide, kEmoji, kRightToLeft, kCombining, "plain", "a\x1b[31m\nb"})
    all.push_back(passkey("0011223344", name));
  return all;
}

void columns_stay_aligned_whatever_the_names() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"ListCredentials root", rows(many_names())}, kFree});
  const Ran ran = run({"list"});
  CHECK(!says(ran.out, "\x1b"));
  const std::vector<std::string> lines = lines_of(ran.out);
  CHECK(lines.size() == 7);
  const int where = columns_of(lines[0].substr(0, lines[0].find("WAY")));
  for (std::size_t at = 1; at < lines.size(); ++at)
    CHECK(columns_of(lines[at].substr(0, lines[at].find("tpm"))) == where);
  daemon.must_be_done();
}

void the_list_fits_the_terminal_and_keeps_what_matters() {
  const PrivateBus bus;
  const std::vector<Dictionary> all = {
      passkey("0011223344", std::string(64, 'n')),
      passkey("5566778899", kWide, {{"device", std::string(80, 'd')}}),
      passkey("aabbccddee", "c", {{"state", "suspended"}}),
  };
  const unsigned short widths[] = {200, 120, 100, 80, 60, 50, 40, 30};
  for (const unsigned short columns : widths) {
    ScriptedDaemon daemon({{"ListCredentials root", rows(all)}, kFree});
    OnTerminal terminal({"list"}, columns);
    CHECK(terminal.end() == 0);
    for (std::string line : lines_of(terminal.screen)) {
      for (std::size_t at = 0; (at = line.find('\x1b')) != std::string::npos;)
        line.erase(at, line.find('m', at) - at + 1);
      CHECK(columns_of(line) <= columns);
    }
    for (const char *part : {"0011223344", "5566778899", "suspended", "NAME"})
      CHECK(says(terminal.screen, part));
    CHECK(says(terminal.screen, "LAST USED") == (columns >= 50));
    CHECK(says(terminal.screen, "CREATED") == (columns >= 100));
    daemon.must_be_done();
  }
}

void colour_is_for_terminals_whose_owner_wants_it() {
  const PrivateBus bus;
  struct Row {
    const char *terminal;
    const char *no_colour;
    bool coloured;
  };
  for (const Row &row :
       {Row{"xterm", "", true}, Row{"dumb", "", false}, Row{"", "", false}, Row{"xterm", "1", false}}) {
    ScriptedDaemon daemon({{"ListCredentials root", rows({kKey})}, kFree});
    setenv("TERM", row.terminal, 1);
    setenv("NO_COLOR", row.no_colour, 1);
    OnTerminal terminal({"list"}, 100);
    CHECK(terminal.end() == 0);
    CHECK(says(terminal.screen, "\x1b[31msuspended") == row.coloured);
    CHECK(says(terminal.screen, "\x1b") == row.coloured && says(terminal.screen, "suspended"));
    daemon.must_be_done();
  }
}

void a_row_with_a_value_of_the_wrong_kind_hides_no_other() {
  const PrivateBus bus;
  for (const Dictionary &wrong :
       {Dictionary{{"synced", "yes"}}, Dictionary{{"aaguid", 7U}}, Dictionary{{"uid", "root"}},
        Dictionary{{"recalled", true}}, Dictionary{{"changed", "now"}}}) {
    ScriptedDaemon daemon(
        {{"ListCredentials root", rows({passkey("aa11", "bad", wrong), passkey("bb22", "good")})}, kFree});
    const Ran ran = run({"list"});
    CHECK(ran.status == 0 && says(ran.out, "good") && !says(ran.out, "bad") && says(ran.err, "1 entries"));
    daemon.must_be_done();
  }
}

// --- rename and test
// -----------------------------------------------------------------------------------------------

void a_passkey_gets_another_name() {
  const PrivateBus bus;
  ScriptedDaemon daemon({{"RenameCredential root blue key \u9375", asks_through_polkit(done())},
                         {"RenameCredential alice aa11 -x", asks_through_polkit(done())},
                         {"RenameCredential alice aa11 taken", error("org.passkeyd1.Error.AlreadyExists")},
                         {"RenameCredential alice bb22 new", error("org.passkeyd1.Error.NotFound")},
                         {"RenameCredential alice cc33 new", error("org.passkeyd1.Error.StorageFull")}});
  const Ran ran = run({"rename", "blue key", "\u9375"});
  CHECK(ran.status == 0 && ran.out == "The passkey is now called \"\u9375\".\n");
  CHECK(run({"rename", "--user", "alice", "--", "aa11", "-x"}).status == 0);
  const Ran taken = run({"rename", "--user", "alice", "aa11", "taken"});
  CHECK(taken.status == 3 && says(taken.err, "one of that name"));
  const Ran others = run({"rename", "--user", "alice", "bb22", "new"});
  CHECK(others.status == 5 && says(others.err, "no such"));
  CHECK(says(run({"rename", "--user", "alice", "cc33", "new"}).err, "Nothing was changed"));
  daemon.must_be_done();
}

void a_test_can_be_of_one_passkey_by_its_id_or_its_name() {
  const PrivateBus bus;
  const Event granted = next("", "granted", {{"message", "welcome"}});
  ScriptedDaemon daemon({begins("user=root service=passkeyctl credential=0011223344"),
                         granted,
                         {"ListCredentials root", rows({passkey("aa11aa11aa", "work")})},
                         begins("user=root service=passkeyctl credential=aa11aa11aa"),
                         granted,
                         {"ListCredentials root", rows({})},
                         begins("user=root service=passkeyctl credential=ffffffffff"),
                         next("", "unavailable", {{"message", "not-found"}})});
  CHECK(run({"test", "0011223344"}).status == 0);
  CHECK(run({"test", "work"}).status == 0);
  CHECK(run({"test", "play"}).status == 5);
  CHECK(run({"test", "ffffffffff"}).status == 5);
  daemon.must_be_done();
}

// --- status, completion
// ---------------------------------------------------------------------------------------------

void the_status_says_what_really_protects_each_passkey() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {{"GetStatus", dictionary({{"version", "1"}, {"metadata-number", 7U}})},
       {"ListCredentials root", rows({kKey, passkey("bb22", "work", {{"attestation", "none"}})})}});
  CHECK(run({"status"}).out ==
        "metadata-number:  7\nversion:          1\n\nPasskeys:\n"
        "aa11aa11aa  blue key  suspended, model recalled; security key, touch and PIN; attested by Solo Root "
        "(trusted); model recalled: REVOKED\n"
        "bb22        work      this computer's security chip, PIN; not attested\n");
  daemon.must_be_done();
}

void ids_are_completed_with_their_names_and_nobody_is_asked_for_a_password() {
  const PrivateBus bus;
  const Reaction all = rows({kKey, passkey("bb22", "work"), passkey("cc33", "old", {{"state", "revoked"}})});
  const Reaction unasked = [all](sd_bus_message *call) {
    return sd_bus_message_get_allow_interactive_authorization(call) > 0 ? -EACCES : all(call);
  };
  ScriptedDaemon daemon(
      {{"ListCredentials root", all}, {"ListCredentials alice", unasked}, {"ListCredentials root", unasked}});
  const Ran ran = run({"__complete", "show", "b"});
  CHECK(ran.status == 0 && ran.out == "bb22\twork\n");
  CHECK(says(run({"__complete", "rename", "--user", "alice", ""}).out, "aa11aa11aa\tblue key\n"));
  CHECK(!says(run({"__complete", "test", ""}).out, "cc33"));
  daemon.must_be_done();
}

// --- for programs
// --------------------------------------------------------------------------------------------------

/// The keys of the object, or of the objects in the array, with the type of each value; those below, too.
nlohmann::json shape_of(const nlohmann::json &value) {
  if (value.is_array())
    return value.empty() ? nlohmann::json::array() : nlohmann::json::array({shape_of(value[0])});
  if (!value.is_object()) return value.type_name();
  nlohmann::json shape = nlohmann::json::object();
  for (const auto &[key, each] : value.items()) shape[key] = shape_of(each);
  return shape;
}

/// The example under "## `verb`" in docs/json.md.
nlohmann::json example_of(const std::string &verb) {
  std::ifstream file(std::string(SOURCE_ROOT) + "/docs/json.md");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string fence = "```json\n";
  std::size_t at = text.find("## `" + verb + "`\n");
  CHECK(at != std::string::npos);
  at = text.find(fence, at);
  CHECK(at != std::string::npos);
  at += fence.size();
  return nlohmann::json::parse(text.substr(at, text.find("```", at) - at));
}

void the_json_has_exactly_the_keys_that_are_documented() {
  const PrivateBus bus;
  ScriptedDaemon daemon({
      {"ListCredentials alice", rows({kKey})},
      {"ListCredentials alice", rows({kKey})},
      {"GetStatus", dictionary({{"version", "0.1.0"},
                                {"rp-id", "box"},
                                {"config", "ok"},
                                {"attempts", 0U},
                                {"metadata-number", 7U},
                                {"metadata-next-update", "2026-12-01"},
                                {"new", true}})},
      {"ListCredentials alice", rows({kKey})},
      {"GetPolicy sudo", rows({{{"key", "ways"}, {"value", "usb"}, {"source", "default"}}})},
      begins("user=alice service=passkeyctl"),
      next("", "granted", {{"message", "welcome"}, {"credential", "aa11aa11aa"}}),
      {"BeginEnrollment user=alice", attempt()},
      next("", "granted",
           {{"message", "enrolled"}, {"credential", "aa11aa11aa"}, {"name", "k"}, {"device", "d"}}),
      {"ListCredentials alice", rows({})},
  });
  const std::pair<std::string, std::vector<std::string>> verbs[] = {
      {"list", {"list", "--user", "alice"}},     {"show", {"show", "aa11aa11aa", "--user", "alice"}},
      {"status", {"status", "--user", "alice"}}, {"policy", {"policy", "sudo"}},
      {"test", {"test", "--user", "alice"}},     {"enroll", {"enroll", "--user", "alice"}}};
  for (auto [verb, line] : verbs) {
    line.push_back("--json");
    const Ran ran = run(line);
    if (ran.status != 0 || shape_of(nlohmann::json::parse(ran.out)) != shape_of(example_of(verb)))
      throw Failed(verb + ": " + ran.out + ran.err);
  }
  daemon.must_be_done();
}

void a_test_that_fails_is_json_too() {
  const PrivateBus bus;
  ScriptedDaemon daemon(
      {begins("user=root service=passkeyctl"), next("", "denied", {{"message", "pin-wrong"}})});
  const Ran ran = run({"test", "--json"});
  CHECK(ran.status == 1 && says(ran.err, "Wrong PIN"));
  CHECK((nlohmann::json::parse(ran.out) ==
         nlohmann::json{{"verdict", "denied"}, {"message", "pin-wrong"}, {"id", nullptr}}));
  daemon.must_be_done();
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  program = argv[1];
  std::setlocale(LC_CTYPE, "C.UTF-8");
  enter_private_machine();
  const CMUnitTest tests[] = {
      TEST(show_says_everything_about_one_passkey_in_words),
      TEST(a_passkey_that_is_little_known_is_not_called_safe),
      TEST(a_name_will_do_if_only_one_passkey_that_is_not_revoked_bears_it),
      TEST(revoked_passkeys_are_listed_only_where_they_are_asked_for),
      TEST(what_is_wrong_with_a_passkey_stands_in_words),
      TEST(the_list_of_everybody_says_whose_each_is),
      TEST(columns_stay_aligned_whatever_the_names),
      TEST(the_list_fits_the_terminal_and_keeps_what_matters),
      TEST(colour_is_for_terminals_whose_owner_wants_it),
      TEST(a_row_with_a_value_of_the_wrong_kind_hides_no_other),
      TEST(a_passkey_gets_another_name),
      TEST(a_test_can_be_of_one_passkey_by_its_id_or_its_name),
      TEST(the_status_says_what_really_protects_each_passkey),
      TEST(ids_are_completed_with_their_names_and_nobody_is_asked_for_a_password),
      TEST(the_json_has_exactly_the_keys_that_are_documented),
      TEST(a_test_that_fails_is_json_too),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
