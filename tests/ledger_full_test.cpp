/// No room, or a file system that cannot be written to: a clear error, nothing changed, nothing lost, nobody
/// granted; and revoking and locking still work as long as there is a reserve.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

constexpr int kNoMounts = 77;

/// Runs `body` in a process that may mount what it likes. Skips where that is impossible.
template <class Body>
void with_mounts(Body body) {
  const int code = in_child([&] {
    if (unshare(CLONE_NEWNS) != 0) return kNoMounts;
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoMounts;
    return body();
  });
  if (code == kNoMounts) throw Skipped("mounting takes root");
  CHECK(code == 0);
}

bool small_disk(const std::string &path, const char *options) {
  return mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
}

/// Everything that is left on the disk, taken by a file of its own.
class Filler {
 public:
  explicit Filler(const std::string &directory) : path_(directory + "/filler") { fill(); }
  void fill() const {
    const Fd filler(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const std::string block(4096, 'x');
    while (write(filler.get(), block.data(), block.size()) > 0) {
    }
    CHECK(errno == ENOSPC);
  }
  void remove() const { CHECK(std::filesystem::remove(path_)); }

 private:
  std::string path_;
};

/// What nobody may be told to have happened.
struct Deed {
  const char *name;
  std::function<Status(Ledger &)> act;
};

Status done(const auto &result) {
  if (!result) return result.error();
  return Ok{};
}

const Account kBob = account("bob", 1001);

std::vector<Deed> deeds(const Credential &key) {
  return {
      {"enroll", [](Ledger &l) { return done(l.add(sample(50), kAdmin, kNow)); }},
      {"rename", [=](Ledger &l) { return done(l.rename(key.row, "another name", kAdmin, kNow)); }},
      {"decide", [=](Ledger &l) { return done(l.decide(attempt_with(key), good(4000), moment())); }},
      {"decide a code",
       [](Ledger &l) { return done(l.decide_code(code_attempt(), code_set()[0], moment())); }},
      {"count a try", [](Ledger &l) { return done(l.begin_try(pin_of(), moment())); }},
      {"unlock", [](Ledger &l) { return l.unlock(kBob.name, kAdmin, kNow); }},
      {"resume",
       [=](Ledger &l) { return done(l.set_state(key.row, CredentialState::Active, "", kAdmin, kNow)); }},
      {"prune", [](Ledger &l) { return done(l.prune_audit(kNow + std::chrono::seconds(1), kAdmin, kNow)); }},
      {"import models", [](Ledger &l) { return l.replace_models(metadata(1, 5), kAdmin, kNow); }},
      {"append", [](Ledger &l) { return l.append({}); }},
  };
}

std::vector<Deed> urgent_deeds(const Credential &key) {
  return {
      {"revoke",
       [=](Ledger &l) { return done(l.set_state(key.row, CredentialState::Revoked, "", kAdmin, kNow)); }},
      {"revoke all", [](Ledger &l) { return done(l.revoke_all(account().name, "", kAdmin, kNow)); }},
      {"recall",
       [](Ledger &l) {
         return done(l.revoke_matching({.enrolled_before = WallTime::max()}, "", kAdmin, kNow));
       }},
      {"lock", [](Ledger &l) { return l.lock(account().name, LockScope::AllMethods, "", kAdmin, kNow); }},
  };
}

Credential prepare(Ledger &ledger) {
  const Credential key = MUST(ledger.add(sample(1), kAdmin, kNow));
  MUST(ledger.replace_codes(account(), code_set(), kAdmin, kNow));
  MUST(ledger.lock(kBob.name, LockScope::Passkeys, "", kAdmin, kNow));
  return key;
}

void refuses(Ledger &ledger, const Deed &deed, const std::string &path) {
  const std::string before = Raw(path).everything();
  const Status said = deed.act(ledger);
  if (said) fail_at(__FILE__, __LINE__, std::string(deed.name) + ": said yes");
  if (said.error().kind != ErrorKind::StorageFull)
    fail_at(__FILE__, __LINE__, std::string(deed.name) + ": " + said.error().sentence);
  CHECK(said.error().sentence.find("ledger.db") != std::string::npos);
  if (Raw(path).everything() != before) fail_at(__FILE__, __LINE__, std::string(deed.name) + ": half done");
}

/// The log that SQLite writes first is emptied and takes no room that it had, and no reserve is kept.
void leave_no_room(Ledger &ledger, const TempDir &dir, Filler &filler) {
  filler.remove();
  CHECK(Raw(dir.ledger()).read("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0\n");
  std::filesystem::remove(dir.ledger() + "-reserve");
  filler.fill();
  CHECK(ledger.all_credentials());
}

void a_full_disk_changes_nothing_and_grants_nothing() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=8m,mode=0700")) return kNoMounts;
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    const Credential key = prepare(ledger);
    Filler filler(dir.path());
    std::vector<Deed> all = deeds(key);
    for (Deed &each : urgent_deeds(key)) all.push_back(std::move(each));
    for (const Deed &deed : all) {
      leave_no_room(ledger, dir, filler);
      refuses(ledger, deed, dir.ledger());
    }
    filler.remove();
    CHECK(!MUST(ledger.verify_chain()).first_bad);
    for (const Deed &deed : all)
      if (deed.name != std::string("revoke") && deed.name != std::string("revoke all"))
        MUST(deed.act(ledger));
    return 0;
  });
}

void revoking_and_locking_go_on_as_long_as_there_is_a_reserve() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=16m,mode=0700")) return kNoMounts;
    Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    const Credential key = prepare(ledger);
    for (std::uint8_t mark = 2; mark < 60; ++mark)
      MUST(ledger.add(sample(mark, account(), Way::Tpm), kAdmin, kNow));
    const std::string path = dir.ledger();
    for (const Deed &deed : urgent_deeds(key)) {
      Filler filler(dir.path());
      filler.remove();
      CHECK(Raw(path).read("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0\n");
      MUST(ledger.note_time(moment()));  // the reserve is there again
      CHECK(std::filesystem::file_size(path + "-reserve") == static_cast<std::uintmax_t>(Reserve::kBytes));
      CHECK(Raw(path).read("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0\n");
      filler.fill();
      CHECK(ledger.add(sample(200), kAdmin, kNow).error().kind == ErrorKind::StorageFull);
      const Status said = deed.act(ledger);
      if (!said) fail_at(__FILE__, __LINE__, std::string(deed.name) + ": " + said.error().sentence);
      filler.remove();
    }
    CHECK(MUST(ledger.find(key.id))->state == CredentialState::Revoked);
    CHECK(MUST(ledger.lock_of(account().name)) && !MUST(ledger.verify_chain()).first_bad);
    return 0;
  });
}

void a_full_disk_loses_nothing_of_what_was_enrolled() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=1m,mode=0700")) return kNoMounts;  // too small for a reserve
    std::size_t enrolled = 1;
    {
      Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
      CHECK(!std::filesystem::exists(dir.ledger() + "-reserve") ||
            std::filesystem::file_size(dir.ledger() + "-reserve") == 0);
      MUST(ledger.add(sample(1), kAdmin, kNow));
      const Filler filler(dir.path());
      Result<Credential> last = Error{};
      for (std::uint8_t mark = 2; mark < 60; ++mark, ++enrolled) {
        last = ledger.add(sample(mark), kAdmin, kNow);
        if (!last) break;
      }
      CHECK(!last && last.error().kind == ErrorKind::StorageFull);
      CHECK(last.error().sentence.find("full") != std::string::npos);
      CHECK(MUST(ledger.all_credentials()).rows.size() == enrolled);
    }
    CHECK(std::filesystem::remove(dir.path() + "/filler"));
    Ledger again = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(again.all_credentials()).rows.size() == enrolled);
    CHECK(!MUST(again.verify_chain()).first_bad);
    MUST(again.add(sample(100), kAdmin, kNow));
    return 0;
  });
}

void a_full_disk_makes_no_new_ledger_and_leaves_no_litter() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=64k,mode=0700")) return kNoMounts;
    const Filler filler(dir.path());
    const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
    CHECK(!opened && opened.error().kind == ErrorKind::StorageFull);
    filler.remove();
    CHECK(std::filesystem::is_empty(dir.path()));
    return 0;
  });
}

void a_full_disk_opens_the_ledger_by_its_reserve_and_never_calls_it_damaged() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=8m,mode=0700")) return kNoMounts;
    const Credential key = prepare(*std::make_unique<Ledger>(MUST(Ledger::open(dir.ledger(), kNow))));
    Filler filler(dir.path());
    {
      Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
      MUST(ledger.set_state(key.row, CredentialState::Revoked, "", kAdmin, kNow));
    }
    std::filesystem::remove(dir.ledger() + "-reserve");
    filler.fill();
    const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
    CHECK(!opened && opened.error().kind == ErrorKind::StorageFull);
    filler.remove();
    Ledger again = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(MUST(again.find(key.id))->state == CredentialState::Revoked);
    CHECK(!MUST(again.verify_chain()).first_bad);
    return 0;
  });
}

void a_ledger_on_a_full_disk_says_that_it_must_not_be_closed() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    if (!small_disk(dir.path(), "size=8m,mode=0700")) return kNoMounts;
    const Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
    CHECK(ledger.has_room());
    const Filler filler(dir.path());
    CHECK(!ledger.has_room());
    filler.remove();
    CHECK(ledger.has_room());
    return 0;
  });
}

void a_file_system_that_is_read_only_changes_nothing_and_grants_nothing() {
  const TempDir dir(memory_directory());
  const TempDir view(memory_directory());
  with_mounts([&] {
    Ledger writer = MUST(Ledger::open(dir.ledger(), kNow));
    const Credential key = prepare(writer);
    if (mount(dir.path().c_str(), view.path().c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        mount("none", view.path().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
      return kNoMounts;
    Ledger ledger = MUST(Ledger::open(view.ledger(), kNow));  // while another has it open, it can be read
    CHECK(MUST(ledger.all_credentials()).rows.size() == 1);
    std::vector<Deed> all = deeds(key);
    for (Deed &each : urgent_deeds(key)) all.push_back(std::move(each));
    for (const Deed &deed : all) refuses(ledger, deed, dir.ledger());
    CHECK(MUST(ledger.find(key.id))->state == CredentialState::Active);
    return 0;
  });
}

void on_a_read_only_file_system_there_is_no_ledger_to_start_with_and_it_says_why() {
  const TempDir dir(memory_directory());
  with_mounts([&] {
    for (const bool there : {false, true}) {
      if (there) prepare(*std::make_unique<Ledger>(MUST(Ledger::open(dir.ledger(), kNow))));
      if (mount(dir.path().c_str(), dir.path().c_str(), nullptr, MS_BIND, nullptr) != 0 ||
          mount("none", dir.path().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
        return kNoMounts;
      const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
      if (opened) fail_at(__FILE__, __LINE__, "it opened");
      if (opened.error().kind != ErrorKind::StorageFull) fail_at(__FILE__, __LINE__, opened.error().sentence);
      CHECK(umount(dir.path().c_str()) == 0);
    }
    CHECK(MUST(MUST(Ledger::open(dir.ledger(), kNow)).all_credentials()).rows.size() == 1);
    return 0;
  });
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_full_disk_changes_nothing_and_grants_nothing),
      TEST(revoking_and_locking_go_on_as_long_as_there_is_a_reserve),
      TEST(a_full_disk_loses_nothing_of_what_was_enrolled),
      TEST(a_full_disk_makes_no_new_ledger_and_leaves_no_litter),
      TEST(a_full_disk_opens_the_ledger_by_its_reserve_and_never_calls_it_damaged),
      TEST(a_ledger_on_a_full_disk_says_that_it_must_not_be_closed),
      TEST(a_file_system_that_is_read_only_changes_nothing_and_grants_nothing),
      TEST(on_a_read_only_file_system_there_is_no_ledger_to_start_with_and_it_says_why),
  };
  return cmocka_run_group_tests_name("ledger-full", tests, nullptr, nullptr);
}
