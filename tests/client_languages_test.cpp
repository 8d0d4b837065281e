/// The words in other languages: nothing is missing, and a catalog can say things badly but do no harm. Also
/// lists every sentence in all languages, for reviewers.
#include <libintl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "client/catalog.h"
#include "client/sentences.h"
#include "client/words.h"
#include "common/account.h"
#include "common/steps.h"
#include "tests/check.h"

using namespace passkeyd;

namespace {

/// The person's language from now on; "" is English. C.UTF-8 is a locale that every machine has; libc looks
/// for catalogs anew whenever the locale changes.
void speak(const std::string &language, const std::string &catalogs = CATALOGS_DIR) {
  CHECK(setenv("LANGUAGE", language.c_str(), 1) == 0);
  CHECK(setlocale(LC_ALL, "C") != nullptr);
  CHECK(language.empty() || setlocale(LC_ALL, "C.UTF-8") != nullptr);
  CHECK(bindtextdomain("passkeyd", catalogs.c_str()) != nullptr);
}

/// Standard output of a command; fails the test if the command fails.
std::string output_of(const std::string &command) {
  FILE *pipe = popen(("exec 2>&1; " + command).c_str(), "re");
  CHECK(pipe != nullptr);
  std::string text;
  char piece[4096];
  for (std::size_t got = 0; (got = fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, got);
  if (pclose(pipe) != 0) throw test::Failed(command + ":\n" + text);
  return text;
}

/// One entry of a catalog's source.
struct Entry {
  std::string one;
  std::string many = {};  ///< empty: does not depend on a number
  std::vector<std::string> translations = {};
};

/// What stands between the quotes of `msgid "Say \"yes\"."`.
std::string quoted_in(const std::string &line) {
  std::string text;
  for (std::size_t at = line.find('"') + 1; at + 1 < line.size(); ++at)
    text += line[at] == '\\' ? line[++at] : line[at];
  return text;
}

std::vector<Entry> entries_of(const std::string &language) {
  std::ifstream file(PO_DIR "/" + language + ".po");
  std::vector<Entry> entries;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("msgid \""))
      entries.push_back({quoted_in(line)});
    else if (line.starts_with("msgid_plural "))
      entries.back().many = quoted_in(line);
    else if (line.starts_with("msgstr"))
      entries.back().translations.push_back(quoted_in(line));
  }
  CHECK(entries.size() > 80 && entries.front().one.empty());
  entries.erase(entries.begin());  // the header
  return entries;
}

void every_sentence_of_the_sources_is_in_both_catalogs() {
  const std::string template_of_now =
      "xgettext --language=C++ --keyword=tr:1,1t --keyword=tr:1,2,2t --from-code=UTF-8 -o - -D " SOURCE_ROOT
      " -f " PO_DIR "/POTFILES";
  for (const char *language : {"de", "ja"})
    output_of(template_of_now + " | msgcmp " PO_DIR "/" + language + ".po -");
  output_of(template_of_now + " | msgcmp --use-untranslated " PO_DIR "/passkeyd.pot -");
}

/// A translation that translated() does not take would silently stay English.
void every_translation_can_stand_for_its_original() {
  for (const char *language : {"de", "ja"}) {
    speak(language);
    for (const Entry &entry : entries_of(language)) {
      const std::string &last = entry.translations.back();
      const std::string now = entry.many.empty()
                                  ? translated(entry.one.c_str())
                                  : translated(Plural{entry.one.c_str(), entry.many.c_str()}, 5);
      if (now != last) throw test::Failed(std::string(language) + ": not taken: " + last);
      if (!entry.many.empty())
        CHECK(translated(Plural{entry.one.c_str(), entry.many.c_str()}, 1) == entry.translations.front());
    }
  }
}

void german_and_japanese_really_come_out() {
  speak("de");
  CHECK(words_for({.message = "touch", .device = "Solo 2"}) == "Bitte Solo 2 berühren.");
  CHECK(words_for({.message = "pin-wrong", .tries_left = 1, .next = "again"}) ==
        "Falsche PIN, an diesem Schlüssel noch 1 Versuch. Bitte noch einmal versuchen oder weiter mit der "
        "Eingabetaste.");
  CHECK(words_for({.message = "limited", .wait_seconds = 120, .next = "code"}) ==
        "Zu viele Fehlversuche. Bitte in 2 Minuten noch einmal versuchen oder einen Ersatzcode benutzen.");
  speak("ja");
  CHECK(words_for({.message = "touch", .device = "Solo 2"}) == "Solo 2に触れてください。");
  CHECK(words_for({.message = "pin-key", .device = "Solo 2", .tries_left = 3}) ==
        "Solo 2のPIN（スキップするにはEnter）（残り3回）: ");
  CHECK(last_words_for({"touch-refused"}) ==
        "タッチが拒否されたか、検出されませんでした。別の方法でサインインしてください。");
}

void without_a_locale_or_a_catalog_it_is_english() {
  for (const auto &[language, catalogs] :
       {std::pair{"", CATALOGS_DIR}, {"nosuch", CATALOGS_DIR}, {"de", "/nonexistent"}}) {
    speak(language, catalogs);
    CHECK(words_for({"touch"}) == "Touch your security key.");
    CHECK(words_for({.message = "pin-wrong", .tries_left = 1}) ==
          "Wrong PIN, 1 try left on this key. Try again.");
  }
}

/// A locale that is not UTF-8 gets English, which it can show, rather than bytes that are no text.
void a_charset_that_is_not_utf8_gets_english() {
  speak("de");
  CHECK(bind_textdomain_codeset("passkeyd", "ISO-8859-1") != nullptr);
  CHECK(words_for({"touch"}) == "Touch your security key.");
  CHECK(bind_textdomain_codeset("passkeyd", "UTF-8") != nullptr);
  CHECK(words_for({"touch"}) == "Bitte Sicherheitsschlüssel berühren.");
}

/// A catalog "xx" that says `evil` for "Touch your {device}."; its directory.
std::string catalog_saying(const std::string &evil) {
  char directory[] = "/tmp/passkeyd-catalog-XXXXXX";
  CHECK(mkdtemp(directory) != nullptr);
  const std::string folder = std::string(directory) + "/xx/LC_MESSAGES";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/passkeyd.po")
      << "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n"
      << "msgid \"Touch your {device}.\"\nmsgstr \"" << evil << "\"\n";
  output_of("msgfmt -o " + folder + "/passkeyd.mo " + folder + "/passkeyd.po");
  return directory;
}

void a_hostile_catalog_cannot_break_out() {
  const std::string evils[] = {
      "\\033[2J{device}",           // a control character
      "{device}\\nroot password:",  // a second line
      "\u202e{device}",             // right to left from here
      "Touch.",                     // leaves the device out
      "{device} {device}",          // says it twice
      "{device} {name}",            // asks for more
      "{device}" + std::string(kMaxTranslation, 'x'),
  };
  for (const std::string &evil : evils) {
    const std::string catalogs = catalog_saying(evil);
    speak("xx", catalogs);
    const std::string words = words_for({.message = "touch", .device = "Solo 2"});
    std::filesystem::remove_all(catalogs);
    if (words != "Touch your Solo 2.") throw test::Failed("the catalog got through with: " + words);
  }
}

void what_looks_like_a_format_is_only_text() {
  const std::string catalogs = catalog_saying("%n%s{device}%99999d");
  speak("xx", catalogs);
  CHECK(words_for({.message = "touch", .device = "%s"}) == "%n%s%s%99999d");
  std::filesystem::remove_all(catalogs);
}

// --- for reviewers
// -----------------------------------------------------------------------------------------------

std::string said(const Details &details, bool last) {
  return last ? last_words_for(details) : words_for(details);
}

/// One situation in every language.
void list(const std::string &title, const Details &details, bool last = false) {
  std::printf("# %s\n", title.c_str());
  for (const char *language : {"", "de", "ja"}) {
    speak(language);
    const std::string words = said(details, last);
    CHECK(is_printable(words) && words.size() <= 400);
    std::printf("#   %s: %s\n", *language == '\0' ? "en" : language, words.c_str());
  }
}

void every_sentence_is_listed_for_review() {
  for (const Sentence &row : all_sentences()) {
    const std::string id(row.id);
    list(id, {.message = id, .device = "YubiKey 5", .name = "work"});
    if (row.with_tries.one == nullptr) continue;
    for (const std::uint32_t tries : {1U, 3U})
      list(id + ", tries left", {.message = id, .device = "YubiKey 5", .tries_left = tries});
  }
  list("a device without a name", {"touch"});
  list("a question with tries", {.message = "pin-key", .device = "YubiKey 5", .tries_left = 3});
  for (const char *next : {"again", "pin", "passkey", "code"})
    list(std::string("next: ") + next, {.message = "uv-failed", .tries_left = 2, .next = next});
  list("next, of what was typed: again", {.message = "pin-wrong", .tries_left = 5, .next = "again"});
  for (const std::uint32_t seconds : {1U, 30U, 120U, 7200U, 86400U})
    list("a wait", {.message = "limited", .wait_seconds = seconds});
  list("a wait, or a code", {.message = "limited", .wait_seconds = 120, .next = "code"});
  for (const std::uint32_t codes : {0U, 1U, 2U, 7U})
    list("backup codes left", {.message = "code-accepted", .codes_left = codes});
  list("the end of a sign-in", {"touch-refused"}, true);
  list("the end of a sign-in, with a wait", {.message = "limited", .wait_seconds = 120}, true);
  list("an id that nobody knows", {"something-new"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(every_sentence_of_the_sources_is_in_both_catalogs),
      TEST(every_translation_can_stand_for_its_original),
      TEST(german_and_japanese_really_come_out),
      TEST(without_a_locale_or_a_catalog_it_is_english),
      TEST(a_charset_that_is_not_utf8_gets_english),
      TEST(a_hostile_catalog_cannot_break_out),
      TEST(what_looks_like_a_format_is_only_text),
      TEST(every_sentence_is_listed_for_review),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
