/// Which files the ledger takes for its own, and what it does to those it does not.
#include <fcntl.h>
#include <sys/stat.h>

#include <random>

#include "ledger/schema.h"
#include "ledger/state_file.h"
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// A ledger with something in every page that matters, closed again.
void make_ledger(const std::string &path) {
  Ledger ledger = MUST(Ledger::open(path, kNow));
  for (std::uint8_t mark = 1; mark <= 20; ++mark) MUST(ledger.add(sample(mark), kAdmin, kNow));
  MUST(ledger.fix_rp_id(MUST(RpId::parse("workstation"))));
}

/// Opening must fail with `kind`, name the file, say `words`, and change no byte of it.
void refused_untouched(const std::string &path, ErrorKind kind, const std::string &words) {
  const std::string before = contents_of(path);
  const Result<Ledger> opened = Ledger::open(path, kNow);
  CHECK(!opened);
  if (opened.error().kind != kind || opened.error().sentence.find(path) == std::string::npos ||
      opened.error().sentence.find(words) == std::string::npos)
    fail_at(__FILE__, __LINE__, "not the error hoped for: " + opened.error().sentence);
  CHECK(contents_of(path) == before);
}

void a_new_ledger_is_empty_and_closed_to_others() {
  const TempDir dir;
  {
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(ledger.all_credentials()).rows.empty());
    MUST(ledger.set_setting("a", "b"));
    for (const char *suffix : {"", "-wal", "-shm"}) {
      struct stat about = {};
      CHECK(stat((dir.ledger() + suffix).c_str(), &about) == 0);
      CHECK((about.st_mode & 07777) == 0600);
    }
  }
  Raw raw(dir.ledger());
  CHECK(raw.read("PRAGMA journal_mode") == "wal\n");
  CHECK(raw.read("PRAGMA application_id") == std::to_string(schema::kApplicationId) + "\n");
  CHECK(raw.read("PRAGMA user_version") == std::to_string(schema::steps().size()) + "\n");
}

void what_was_written_is_there_after_reopening() {
  const TempDir dir;
  make_ledger(dir.ledger());
  Ledger again = MUST(Ledger::open(dir.ledger(), kNow));
  CHECK(MUST(again.all_credentials()).rows.size() == 20);
  CHECK(MUST(again.verify_chain()).rows == 20);
}

void a_moved_ledger_goes_on_working() {
  const TempDir dir;
  Ledger first = MUST(Ledger::open(dir.ledger(), kNow));
  Ledger second = std::move(first);
  MUST(second.add(sample(), kAdmin, kNow));
  CHECK(MUST(second.all_credentials()).rows.size() == 1);
}

void a_path_that_is_not_absolute_is_refused() {
  for (const char *path : {"", "ledger.db", "./ledger.db", "/", "/tmp/", "/tmp/..", "/tmp/."})
    CHECK(Ledger::open(path, kNow).error().kind == ErrorKind::InvalidInput);
}

void a_missing_directory_is_named_and_not_made() {
  const TempDir dir;
  const Result<Ledger> opened = Ledger::open(dir.path() + "/nowhere/ledger.db", kNow);
  CHECK(!opened && opened.error().kind == ErrorKind::Io);
  CHECK(opened.error().sentence.find(dir.path() + "/nowhere") != std::string::npos);
  CHECK(!std::filesystem::exists(dir.path() + "/nowhere"));
}

void an_unreadable_directory_is_named() {
  const TempDir dir;
  CHECK(chmod(dir.path().c_str(), 0000) == 0);
  const int code = in_child([&] {
    if (geteuid() == 0) CHECK(seteuid(65534) == 0);  // root may read everything
    const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
    CHECK(!opened && opened.error().kind == ErrorKind::Io);
    CHECK(opened.error().sentence.find(dir.path()) != std::string::npos);
    return 0;
  });
  CHECK(chmod(dir.path().c_str(), 0700) == 0);
  CHECK(code == 0);
}

void a_directory_open_to_others_is_refused() {
  const TempDir dir;
  for (const mode_t mode : {0770, 0701, 0755, 0720}) {
    CHECK(chmod(dir.path().c_str(), mode) == 0);
    const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
    CHECK(!opened && opened.error().kind == ErrorKind::NotConfigured);
    CHECK(opened.error().sentence.find(dir.path()) != std::string::npos);
    CHECK(!std::filesystem::exists(dir.ledger()));
  }
}

void a_file_open_to_others_is_refused() {
  const TempDir dir;
  make_ledger(dir.ledger());
  for (const mode_t mode : {0660, 0620, 0602, 0644}) {
    CHECK(chmod(dir.ledger().c_str(), mode) == 0);
    refused_untouched(dir.ledger(), ErrorKind::Corrupt, "open to other users");
  }
}

void somebody_elses_file_or_directory_is_refused() {
  if (geteuid() != 0) throw Skipped("giving files away takes root");
  const TempDir dir;
  make_ledger(dir.ledger());
  CHECK(chown(dir.ledger().c_str(), 65534, 65534) == 0);
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "belongs to uid 65534");
  CHECK(chown(dir.ledger().c_str(), 0, 0) == 0);
  CHECK(chown(dir.path().c_str(), 65534, 65534) == 0);
  CHECK(Ledger::open(dir.ledger(), kNow).error().kind == ErrorKind::NotConfigured);
}

void links_fifos_and_directories_are_refused() {
  const TempDir dir;
  const TempDir elsewhere;
  make_ledger(elsewhere.ledger());
  const auto refused = [&](const char *words) {
    const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
    CHECK(!opened && opened.error().kind == ErrorKind::Corrupt);
    CHECK(opened.error().sentence.find(words) != std::string::npos);
    CHECK(std::filesystem::remove(dir.ledger()));
  };
  std::filesystem::create_symlink(elsewhere.ledger(), dir.ledger());
  refused("symbolic link");
  std::filesystem::create_symlink(dir.path() + "/nothing", dir.ledger());
  refused("symbolic link");
  CHECK(!std::filesystem::exists(dir.path() + "/nothing"));
  CHECK(mkfifo(dir.ledger().c_str(), 0600) == 0);
  refused("no regular file");
  CHECK(mkdir(dir.ledger().c_str(), 0700) == 0);
  refused("no regular file");
}

void a_log_that_is_a_link_is_refused() {
  const TempDir dir;
  make_ledger(dir.ledger());
  write_file(dir.path() + "/victim", "precious");
  std::filesystem::create_symlink(dir.path() + "/victim", dir.ledger() + "-wal");
  CHECK(Ledger::open(dir.ledger(), kNow).error().kind == ErrorKind::Corrupt);
  CHECK(contents_of(dir.path() + "/victim") == "precious");
}

void a_log_without_its_ledger_is_not_built_upon() {
  const TempDir dir;
  write_file(dir.ledger() + "-wal", "left over");
  CHECK(Ledger::open(dir.ledger(), kNow).error().kind == ErrorKind::Corrupt);
  CHECK(!std::filesystem::exists(dir.ledger()));
}

void an_empty_file_is_refused_not_filled() {
  const TempDir dir;
  write_file(dir.ledger(), "");
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "cut short");
}

void random_bytes_are_refused() {
  const TempDir dir;
  std::mt19937 random(7);
  std::string noise(8192, '\0');
  for (char &c : noise) c = static_cast<char>(random() & 0xff);
  write_file(dir.ledger(), noise);
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "no SQLite database");
}

void a_truncated_ledger_is_refused() {
  const TempDir dir;
  make_ledger(dir.ledger());
  const std::string whole = contents_of(dir.ledger());
  for (const std::size_t size :
       {std::size_t{50}, std::size_t{100}, std::size_t{4096}, whole.size() / 2, whole.size() - 4096}) {
    write_file(dir.ledger(), whole.substr(0, size));
    refused_untouched(dir.ledger(), ErrorKind::Corrupt, "");
  }
}

void a_damaged_header_is_refused() {
  const TempDir dir;
  make_ledger(dir.ledger());
  const std::string whole = contents_of(dir.ledger());
  // The magic, the page size, the payload fractions, the schema format: "Database File Format", section 1.3.
  for (const std::size_t at : {0, 8, 15, 16, 17, 21, 22, 23, 47, 68}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_file(dir.ledger(), damaged);
    refused_untouched(dir.ledger(), ErrorKind::Corrupt, "");
  }
}

void damage_anywhere_never_crashes_and_never_costs_bytes() {
  const TempDir dir;
  make_ledger(dir.ledger());
  const std::string whole = contents_of(dir.ledger());
  std::mt19937 random(11);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string damaged = whole;
    for (int flips = 0; flips < 8; ++flips)
      damaged[random() % damaged.size()] = static_cast<char>(random() & 0xff);
    write_file(dir.ledger(), damaged);
    {
      Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
      if (!opened) {
        CHECK(opened.error().kind == ErrorKind::Corrupt);
        CHECK(contents_of(dir.ledger()) == damaged);
        ++refused;
      } else {
        // Damage inside a value: SQLite has no checksums. Whatever is read must still parse or be reported.
        (void)opened->all_credentials();
        (void)opened->verify_chain();
      }
    }
    for (const char *suffix : {"-wal", "-shm"}) std::filesystem::remove(dir.ledger() + suffix);
  }
  CHECK(refused > 50 && refused < 400);
}

void a_refused_ledger_keeps_its_log() {
  const TempDir dir;
  make_ledger(dir.ledger());
  const int status = wait_for(start_child([&] {
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    for (std::uint8_t mark = 100; mark < 104; ++mark) MUST(ledger.add(sample(mark), kAdmin, kNow));
    return kill(getpid(), SIGKILL);
  }));
  CHECK(WIFSIGNALED(status));
  const std::string log = contents_of(dir.ledger() + "-wal");
  CHECK(log.size() > 4096);
  const std::string whole = contents_of(dir.ledger());
  // Page 3 (from 1) holds the root of a table or index; its first byte says which.
  std::string damaged = whole;
  damaged[2 * 4096] = '\x55';
  write_file(dir.ledger(), damaged);
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "");
  CHECK(contents_of(dir.ledger() + "-wal") == log);
  write_file(dir.ledger(), whole);
  CHECK(MUST(MUST(Ledger::open(dir.ledger(), kNow)).all_credentials()).rows.size() == 24);
}

void somebody_elses_database_is_left_alone() {
  const TempDir dir;
  Raw(dir.ledger())
      .run("PRAGMA application_id = 252006674; CREATE TABLE mail (a); INSERT INTO mail VALUES (1)");
  CHECK(chmod(dir.ledger().c_str(), 0600) == 0);
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "not passkeyd's");
  Raw(dir.ledger()).run("PRAGMA application_id = 0");
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "not passkeyd's");
}

void a_ledger_from_the_future_is_refused() {
  const TempDir dir;
  make_ledger(dir.ledger());
  const std::string next = std::to_string(schema::steps().size() + 1);
  CHECK(Raw(dir.ledger()).run("PRAGMA user_version = " + next));
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "newer passkeyd");
  CHECK(Raw(dir.ledger()).run("PRAGMA user_version = 0"));
  refused_untouched(dir.ledger(), ErrorKind::Corrupt, "no version");
}

void a_ledger_without_its_guards_is_refused() {
  for (const char *change : {"DROP TRIGGER audit_no_delete", "DROP INDEX credential_name", "DROP TABLE clock",
                             "CREATE TABLE more (a)", "ALTER TABLE setting ADD COLUMN b TEXT",
                             "CREATE TRIGGER t AFTER INSERT ON audit BEGIN SELECT 1; END"}) {
    const TempDir dir;
    make_ledger(dir.ledger());
    CHECK(Raw(dir.ledger()).run(change));
    refused_untouched(dir.ledger(), ErrorKind::Corrupt, "altered");
  }
}

void a_vacuumed_or_analyzed_ledger_is_still_one() {
  const TempDir dir;
  make_ledger(dir.ledger());
  CHECK(Raw(dir.ledger()).run("ANALYZE; VACUUM"));
  CHECK(MUST(MUST(Ledger::open(dir.ledger(), kNow)).all_credentials()).rows.size() == 20);
}

void the_rp_id_is_fixed_by_its_first_use() {
  const TempDir dir;
  {
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(ledger.fix_rp_id(MUST(RpId::parse("first.example")))).str() == "first.example");
    CHECK(!ledger.set_setting("rp-id", "third.example"));
  }
  Ledger again = MUST(Ledger::open(dir.ledger(), kNow));
  CHECK(MUST(again.fix_rp_id(MUST(RpId::parse("second.example")))).str() == "first.example");
  CHECK(Raw(dir.ledger()).run("UPDATE setting SET value = '-bad-' WHERE name = 'rp-id'"));
  CHECK(again.fix_rp_id(MUST(RpId::parse("second.example"))).error().kind == ErrorKind::Corrupt);
}

void settings_are_kept_and_bounded() {
  const TempDir dir;
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  CHECK(!MUST(ledger.setting("theme")));
  MUST(ledger.set_setting("theme", "dark"));
  MUST(ledger.set_setting("theme", "'; DROP TABLE setting; --"));
  CHECK(MUST(ledger.setting("theme")) == "'; DROP TABLE setting; --");
  CHECK(!ledger.set_setting("", "x"));
  CHECK(!ledger.set_setting(std::string(65, 'n'), "x"));
  CHECK(!ledger.set_setting("n", std::string(4097, 'x')));
}

void commits_are_synced_and_the_schema_is_not_trusted() {
  const TempDir dir;
  make_ledger(dir.ledger());
  // A function that may act must not run from a trigger, a view or an index of the file.
  sql::Database database = MUST(sql::Database::open(dir.ledger()));
  CHECK(MUST(database.number("PRAGMA trusted_schema")) == 0);
  CHECK(MUST(database.number("PRAGMA foreign_keys")) == 1);
  CHECK(MUST(database.number("PRAGMA busy_timeout")) == 2000);
  CHECK(!database.script("ATTACH '/dev/null' AS other"));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_new_ledger_is_empty_and_closed_to_others),
      TEST(what_was_written_is_there_after_reopening),
      TEST(a_moved_ledger_goes_on_working),
      TEST(a_path_that_is_not_absolute_is_refused),
      TEST(a_missing_directory_is_named_and_not_made),
      TEST(an_unreadable_directory_is_named),
      TEST(a_directory_open_to_others_is_refused),
      TEST(a_file_open_to_others_is_refused),
      TEST(somebody_elses_file_or_directory_is_refused),
      TEST(links_fifos_and_directories_are_refused),
      TEST(a_log_that_is_a_link_is_refused),
      TEST(a_log_without_its_ledger_is_not_built_upon),
      TEST(an_empty_file_is_refused_not_filled),
      TEST(random_bytes_are_refused),
      TEST(a_truncated_ledger_is_refused),
      TEST(a_damaged_header_is_refused),
      TEST(damage_anywhere_never_crashes_and_never_costs_bytes),
      TEST(a_refused_ledger_keeps_its_log),
      TEST(somebody_elses_database_is_left_alone),
      TEST(a_ledger_from_the_future_is_refused),
      TEST(a_ledger_without_its_guards_is_refused),
      TEST(a_vacuumed_or_analyzed_ledger_is_still_one),
      TEST(the_rp_id_is_fixed_by_its_first_use),
      TEST(settings_are_kept_and_bounded),
      TEST(commits_are_synced_and_the_schema_is_not_trusted),
  };
  return cmocka_run_group_tests_name("ledger-open", tests, nullptr, nullptr);
}
