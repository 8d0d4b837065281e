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
  const std::regex constant("char \\*k\\w+ = \"([a-z-]+)\"");
  for (std::sregex_iterator at(messages.begin(), messages.end(), constant), end; at != end; ++at)
    ids.insert((*at)[1]);
  CHECK(ids.size() >= 14);
  const std::string errors = contents(SOURCE_ROOT "/common/error.cpp");
  const std::regex kind("\\{ErrorKind::\\w+, \"([a-z-]+)\"\\}");
  std::size_t kinds = 0;
  for (std::sregex_iterator at(errors.begin(), errors.end(), kind), end; at != end; ++at, ++kinds)
    ids.insert((*at)[1]);
  CHECK(kinds >= 32);
  return ids;
}

/// Every dictionary of details that changes what is said.
std::vector<Details> dressings(const std::string &id) {
  return {{id},
          {.message = id, .device = "Solo 2"},
          {.message = id, .name = "work"},
          {.message = id, .tries_left = 3},
          {.message = id, .wait_seconds = 30}};
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
      const std::string words = words_for(details);
      CHECK(!words.empty() && words.size() <= 120);
      CHECK(is_printable(words));
      CHECK(words.find('{') == std::string::npos && words.find('}') == std::string::npos);
    }
}

void an_unknown_id_still_says_something() {
  CHECK(!has_words("something-new"));
  CHECK(words_for({"something-new"}).size() > 20);
  CHECK(words_for({""}) == words_for({"something-new"}));
  CHECK(tone_of("something-new") == Tone::Trouble);
}

void the_device_the_tries_and_the_wait_are_said() {
  CHECK(words_for({.message = "touch", .device = "Solo 2"}) == "Touch Solo 2.");
  CHECK(words_for({"touch"}) == "Touch your security key.");
  CHECK(words_for({.message = "pin-wrong", .tries_left = 1}) == "Wrong PIN. (1 try left)");
  CHECK(words_for({.message = "pin-wrong", .tries_left = 3}) == "Wrong PIN. (3 tries left)");
  CHECK(words_for({.message = "pin-key", .device = "Solo 2", .tries_left = 3}) ==
        "PIN of Solo 2, or Enter to skip (3 tries left): ");
  CHECK(words_for({.message = "limited", .wait_seconds = 1}).ends_with(" Try again in 1 second."));
  CHECK(words_for({.message = "limited", .wait_seconds = 91}).ends_with(" Try again in 2 minutes."));
  CHECK(words_for({.message = "limited", .wait_seconds = UINT32_MAX})
            .ends_with(" Try again in 1193047 hours."));
  CHECK(words_for({.message = "enrolled", .name = "work"}) == "The passkey \"work\" is ready to use.");
}

void a_device_named_like_a_placeholder_is_only_a_name() {
  CHECK(words_for({.message = "touch", .device = "{name}{device}", .name = "x"}) == "Touch {name}{device}.");
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
      TEST(a_device_named_like_a_placeholder_is_only_a_name),
      TEST(what_must_be_done_now_is_a_cue),
      TEST(unprintable_text_becomes_one_harmless_line),
      TEST(long_text_is_cut_between_characters),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
