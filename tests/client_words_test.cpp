/// Every id has words, and hostile details stay harmless in them.
#include "client/words.h"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "client/printable.h"
#include "common/account.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

std::string contents(const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// All ids there are, read from the headers that define them, so that a new one cannot be forgotten here.
std::set<std::string> all_ids() {
  std::set<std::string> ids;
  const std::string steps = contents(SOURCE_ROOT "/common/steps.h");
  const std::string messages = steps.substr(steps.find("namespace message {"));
  const std::regex constant("char \\*k\\w+ =\\s+\"([a-z-]+)\"");
  for (std::sregex_iterator at(messages.begin(), messages.end(), constant), end; at != end; ++at)
    ids.insert((*at)[1]);
  CHECK(ids.size() >= 25);
  const std::string errors = contents(SOURCE_ROOT "/common/error.cpp");
  const std::regex kind("\\{ErrorKind::\\w+, \"([a-z-]+)\"\\}");
  std::size_t kinds = 0;
  for (std::sregex_iterator at(errors.begin(), errors.end(), kind), end; at != end; ++at, ++kinds)
    ids.insert((*at)[1]);
  CHECK(kinds >= 37);
  return ids;
}

/// Every dictionary of details that changes what is said.
std::vector<Details> dressings(const std::string &id) {
  std::vector<Details> all = {{id},
                              {.message = id, .device = "Solo 2"},
                              {.message = id, .name = "work"},
                              {.message = id, .tries_left = 3},
                              {.message = id, .wait_seconds = 30},
                              {.message = id, .wait_seconds = 30, .next = "code"},
                              {.message = id, .codes_left = 2}};
  for (const char *next : {"again", "pin", "passkey", "code", "something-new"})
    all.push_back({.message = id, .tries_left = 3, .next = next});
  return all;
}

/// What has once travelled over the bus keeps its name: add to this list, take nothing off it.
void ids_are_never_renamed() {
  const std::set<std::string> ids = all_ids();
  for (const char *id : {"touch",
                         "verify",
                         "pin-key",
                         "pin-platform",
                         "new-pin-platform",
                         "repeat-pin-platform",
                         "pin-mismatch",
                         "device-busy",
                         "working",
                         "choose-device",
                         "not-enrolled",
                         "enrolled",
                         "welcome",
                         "denied",
                         "password-or-key",
                         "password-or-passkey",
                         "password-or-code",
                         "password-or-pin",
                         "password-pin-or-key",
                         "backup-code",
                         "code-accepted",
                         "insert-key",
                         "choose-account",
                         "old-pin-platform",
                         "pin-changed",
                         "internal",
                         "invalid-input",
                         "not-found",
                         "already-exists",
                         "not-allowed",
                         "io",
                         "corrupt",
                         "not-configured",
                         "disconnected",
                         "no-device",
                         "no-credential",
                         "busy",
                         "timeout",
                         "cancelled",
                         "remote-session",
                         "touch-refused",
                         "pin-required",
                         "pin-invalid",
                         "pin-wrong",
                         "pin-soft-blocked",
                         "pin-blocked",
                         "pin-tries-low",
                         "pin-not-set",
                         "uv-failed",
                         "uv-blocked",
                         "unsupported",
                         "malformed",
                         "tpm-lockout",
                         "tpm-near-lockout",
                         "tpm-key-foreign",
                         "tpm-parent-changed",
                         "tpm-broken",
                         "limited",
                         "code-invalid",
                         "code-wrong",
                         "locked"})
    if (!ids.contains(id)) throw test::Failed(std::string("the id '") + id + "' is gone");
}

void every_message_id_and_error_kind_has_words_of_its_own() {
  for (const std::string &id : all_ids()) {
    if (!has_words(id)) throw test::Failed("no words for '" + id + "'");
    CHECK(words_for({id}) != words_for({"something-new"}));
  }
}

void every_sentence_is_one_printable_line_without_placeholders() {
  for (const std::string &id : all_ids())
    for (const Details &details : dressings(id)) {
      for (const std::string &words : {words_for(details), last_words_for(details)}) {
        if (words.empty() || words.size() > 160) throw test::Failed("too long: " + words);
        CHECK(is_printable(words));
        CHECK(words.find('{') == std::string::npos && words.find('}') == std::string::npos);
        CHECK(words.find("  ") == std::string::npos);
      }
    }
}

void an_unknown_id_still_says_something() {
  CHECK(!has_words("something-new"));
  CHECK(words_for({"something-new"}).size() > 20);
  CHECK(words_for({""}) == words_for({"something-new"}));
  CHECK(tone_of("something-new") == Tone::Trouble);
}

void the_device_the_tries_and_the_wait_are_said() {
  CHECK(words_for({.message = "touch", .device = "Solo 2"}) == "Touch your Solo 2.");
  CHECK(words_for({"touch"}) == "Touch your security key.");
  CHECK(words_for({.message = "pin-wrong", .tries_left = 1}) ==
        "Wrong PIN, 1 try left on this key. Try again.");
  CHECK(words_for({.message = "pin-wrong", .tries_left = 3}) ==
        "Wrong PIN, 3 tries left on this key. Try again.");
  CHECK(words_for({.message = "uv-failed", .tries_left = 2}) ==
        "The fingerprint was not recognized. 2 tries left. Try again.");
  CHECK(words_for({.message = "pin-key", .device = "Solo 2", .tries_left = 3}) ==
        "PIN of your Solo 2, or Enter to skip (3 tries left): ");
  CHECK(words_for({.message = "limited", .wait_seconds = 1}).ends_with(" Try again in 1 second."));
  CHECK(words_for({.message = "limited", .wait_seconds = 91}).ends_with(" Try again in 2 minutes."));
  CHECK(words_for({.message = "limited", .wait_seconds = UINT32_MAX})
            .ends_with(" Try again in 1193047 hours."));
  CHECK(words_for({.message = "enrolled", .name = "work"}) == "The passkey \"work\" is ready to use.");
}

void what_comes_next_is_said_as_the_daemon_has_it() {
  CHECK(words_for({.message = "pin-wrong", .tries_left = 5, .next = "again"}) ==
        "Wrong PIN, 5 tries left on this key. Try again, or press Enter to go on.");
  CHECK(words_for({.message = "uv-failed", .next = "again"}) ==
        "The fingerprint was not recognized. Try again.");
  CHECK(words_for({.message = "uv-failed", .next = "pin"}) ==
        "The fingerprint was not recognized. The PIN will do as well.");
  CHECK(words_for({.message = "touch-refused", .next = "passkey"}) ==
        "The touch was declined or did not come. Next, another passkey is tried.");
  CHECK(words_for({.message = "touch-refused", .next = "code"}) ==
        "The touch was declined or did not come. Next, a backup code is asked for.");
  CHECK(words_for({.message = "limited", .wait_seconds = 120, .next = "code"}) ==
        "Too many failed tries. Try again in 2 minutes, or use a backup code.");
  CHECK(words_for({.message = "tpm-broken", .next = "something-new"}) == "The security chip does not work.");
}

void at_the_end_of_a_sign_in_the_other_ways_are_pointed_to() {
  CHECK(last_words_for({"touch-refused"}) == "The touch was declined or did not come. Sign in another way.");
  CHECK(last_words_for({"denied"}) == "The sign-in was refused. Sign in another way.");
  CHECK(last_words_for({.message = "limited", .wait_seconds = 120}) ==
        "Too many failed tries. Try again in 2 minutes, or sign in another way.");
  CHECK(last_words_for({"something-new"}) == "Something went wrong with the passkey. Sign in another way.");
  CHECK(last_words_for({"welcome"}) == "Passkey accepted.");
}

void who_is_locked_is_pointed_nowhere() {
  CHECK(last_words_for({"locked"}) == "An administrator has locked this account.");
  CHECK(words_for({"locked"}) == last_words_for({"locked"}));
}

void who_has_few_backup_codes_left_is_told_how_to_make_new_ones() {
  CHECK(words_for({.message = "code-accepted", .codes_left = 7}) ==
        "Backup code accepted. 7 backup codes left.");
  CHECK(words_for({.message = "code-accepted", .codes_left = 2}) ==
        "Backup code accepted. 2 backup codes left. "
        "New ones are made with: passkeyctl backup-codes");
  CHECK(words_for({.message = "code-accepted", .codes_left = 1}).find("1 backup code left.") !=
        std::string::npos);
  CHECK(words_for({.message = "code-accepted", .codes_left = 0}).ends_with(" passkeyctl backup-codes"));
}

void a_device_named_like_a_placeholder_is_only_a_name() {
  CHECK(words_for({.message = "touch", .device = "{name}{device}", .name = "x"}) ==
        "Touch your {name}{device}.");
}

void what_must_be_done_now_is_a_cue() {
  CHECK(tone_of("touch") == Tone::Cue);
  CHECK(tone_of("verify") == Tone::Cue);
  CHECK(tone_of("working") == Tone::Note);
  CHECK(tone_of("pin-wrong") == Tone::Trouble);
}

void unprintable_text_becomes_one_harmless_line() {
  CHECK(printable("tty1", 255) == "tty1");
  CHECK(printable("a\x1b[31mb\nc", 255) == "a?[31mb?c");
  CHECK(printable("\xff\xfe", 255) == "??");
  CHECK(printable("caf\xc3\xa9", 255) == "caf\xc3\xa9");
  CHECK(printable("\xe2\x80\xae"
                  "abc",
                  255) == "???abc");  // right-to-left override
  CHECK(printable("", 255).empty());
}

void long_text_is_cut_between_characters() {
  CHECK(printable("aaaa", 3) == "aaa");
  CHECK(printable("a\xc3\xa9", 2) == "a");
  CHECK(printable(std::string(100000, 'x'), 96).size() == 96);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(every_message_id_and_error_kind_has_words_of_its_own),
      TEST(every_sentence_is_one_printable_line_without_placeholders),
      TEST(an_unknown_id_still_says_something),
      TEST(the_device_the_tries_and_the_wait_are_said),
      TEST(ids_are_never_renamed),
      TEST(what_comes_next_is_said_as_the_daemon_has_it),
      TEST(at_the_end_of_a_sign_in_the_other_ways_are_pointed_to),
      TEST(who_is_locked_is_pointed_nowhere),
      TEST(who_has_few_backup_codes_left_is_told_how_to_make_new_ones),
      TEST(a_device_named_like_a_placeholder_is_only_a_name),
      TEST(what_must_be_done_now_is_a_cue),
      TEST(unprintable_text_becomes_one_harmless_line),
      TEST(long_text_is_cut_between_characters),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
