/// Kill the process, cut the power or fill the disk at every single step: whatever happened has happened
/// whole or not at all, and nobody was told "granted" for something that is not on the disk.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <set>

#include "ledger/import.h"
#include "ledger/schema.h"
#include "tests/ledger_support.h"
#include "tests/ledger_vfs.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

/// A promise the ledger makes, from a known state.
struct Operation {
  const char *name;
  void (*prepare)(Ledger &);
  Status (*act)(Ledger &);   ///< an error if it was not carried out
  bool has_reserve = false;  ///< a disk that is full is not enough to keep it from being carried out
};

Credential enrolled(Ledger &ledger) {
  return MUST(ledger.find(sample().id)).value();
}

void enroll_and_begin_a_try(Ledger &ledger) {
  MUST(ledger.add(sample(), kAdmin, kNow));
  MUST(ledger.begin_try(pin_of(), moment()));
  MUST(ledger.begin_try(pin_of(), moment()));
}

void hand_out_codes_and_begin_a_try(Ledger &ledger) {
  MUST(ledger.replace_codes(account(), code_set(), kAdmin, kNow));
  MUST(ledger.begin_try(pin_of("alice", Way::Code, Place::Remote), moment()));
}

Status decide_as(Ledger &ledger, const Verification &verification, const Decision &expected) {
  Attempt attempt = attempt_with(enrolled(ledger));
  attempt.ticket = Ticket{2};
  const Decision decision = TRY(ledger.decide(attempt, verification, moment(std::chrono::seconds(9))));
  if (decision != expected) return Error{ErrorKind::Internal, "another decision than expected"};
  return Ok{};
}

Status done(const auto &result) {
  if (!result) return result.error();
  return Ok{};
}

const Operation kGrant = {"granting", enroll_and_begin_a_try, [](Ledger &ledger) {
                            return decide_as(ledger, good(11), {Verdict::Granted, Refusal::None});
                          }};
const Operation kSuspendClone = {
    "suspending a clone", enroll_and_begin_a_try, [](Ledger &ledger) {
      return decide_as(ledger, good(10), {Verdict::Denied, Refusal::CounterWentBack});
    }};
const Operation kBeginTry = {"counting a try", enroll_and_begin_a_try, [](Ledger &ledger) -> Status {
                               const TryAnswer answer = TRY(ledger.begin_try(pin_of(), moment()));
                               if (!answer.ticket) return Error{ErrorKind::Internal, "no ticket"};
                               return Ok{};
                             }};
const Operation kUndoTry = {"taking back a try", enroll_and_begin_a_try,
                            [](Ledger &ledger) { return ledger.undo_try(Ticket{2}); }};
const Operation kAdd = {"enrolling", enroll_and_begin_a_try,
                        [](Ledger &ledger) { return done(ledger.add(sample(2), kAdmin, kNow)); }};
const Operation kRevokeAll = {
    "revoking all",
    [](Ledger &ledger) {
      for (std::uint8_t mark = 1; mark < 5; ++mark)
        MUST(ledger.add(sample(mark, account(), Way::Tpm), kAdmin, kNow));
    },
    [](Ledger &ledger) { return done(ledger.revoke_all(account().name, "lost", kAdmin, kNow)); }, true};
const Operation kRecall = {
    "revoking a model",
    [](Ledger &ledger) {
      for (std::uint8_t mark = 1; mark < 5; ++mark)
        MUST(ledger.add(sample(mark, account(mark % 2 ? "alice" : "bob", 1000U + mark % 2)), kAdmin, kNow));
    },
    [](Ledger &ledger) {
      return done(ledger.revoke_matching({.enrolled_before = kNow + std::chrono::seconds(1)}, "recalled",
                                         kAdmin, kNow));
    },
    true};
const Operation kPrune = {"pruning the audit",
                          [](Ledger &ledger) {
                            for (int at = 0; at < 40; ++at) {
                              AuditRecord record;
                              record.time = kNow + std::chrono::seconds(at);
                              record.event = event::kLogin;
                              MUST(ledger.append(record));
                            }
                          },
                          [](Ledger &ledger) -> Status {
                            const WallTime day = kNow + std::chrono::seconds(30);
                            const std::int64_t gone = TRY(ledger.prune_audit(day, kAdmin, day));
                            if (gone != 30) return Error{ErrorKind::Internal, "not as many as expected"};
                            return Ok{};
                          }};
const Operation kImportModels = {
    "replacing the models", [](Ledger &ledger) { MUST(ledger.replace_models(metadata(1, 3), kAdmin, kNow)); },
    [](Ledger &ledger) { return ledger.replace_models(metadata(2, 5), kAdmin, kNow); }};
const Operation kSpendCode = {
    "spending a backup code", hand_out_codes_and_begin_a_try, [](Ledger &ledger) -> Status {
      const CodeDecision decision =
          TRY(ledger.decide_code(code_attempt(account(), Ticket{1}), code_set()[3], moment()));
      if (decision.verdict != Verdict::Granted)
        return Error{ErrorKind::Internal, "another decision than expected"};
      return Ok{};
    }};
const Operation kNewCodes = {
    "handing out new backup codes", hand_out_codes_and_begin_a_try,
    [](Ledger &ledger) { return ledger.replace_codes(account(), code_set("second"), kAdmin, kNow); }};
const Operation kLock = {
    "locking an account", enroll_and_begin_a_try,
    [](Ledger &ledger) { return ledger.lock(account().name, LockScope::AllMethods, "", kAdmin, kNow); },
    true};
const Operation kFixRpId = {"fixing the RP ID", [](Ledger &) {},
                            [](Ledger &ledger) { return done(ledger.fix_rp_id(sample().rp_id)); }};

/// One of everything that an import does.
Status take_in(Ledger &ledger) {
  HeldCredential counted{sample(1), {}};
  counted.credential.counter = 99;
  HeldCredential revoked{sample(2), {}};
  revoked.credential.state = CredentialState::Revoked;
  const HeldLock lock{account().name, {}};
  return done(ledger.take_in({.rp_id = sample().rp_id,
                              .credentials = {counted, revoked, {sample(3), {}}, {sample(4), {}}},
                              .locks = {lock},
                              .accounts = {{"alice", account()}},
                              .source = "elsewhere"},
                             ImportMode::Change, kAdmin, kNow));
}
const Operation kImport = {"importing",
                           [](Ledger &ledger) {
                             MUST(ledger.fix_rp_id(sample().rp_id));
                             MUST(ledger.add(sample(1), kAdmin, kNow));
                             MUST(ledger.add(sample(2), kAdmin, kNow));
                           },
                           take_in};

/// What an operation starts from and leads to, as every row of every table.
struct Story {
  TempDir dir{memory_directory()};
  std::string before;
  std::string after;

  explicit Story(const Operation &operation) {
    {
      Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
      operation.prepare(ledger);
      MUST(ledger.note_time(moment()));
    }
    before = Raw(dir.ledger()).everything();
    const TempDir done_dir(memory_directory());
    std::filesystem::copy_file(dir.ledger(), done_dir.ledger());
    {
      Ledger ledger = MUST(Ledger::open(done_dir.ledger(), kNow));
      MUST(operation.act(ledger));
    }
    after = Raw(done_dir.ledger()).everything();
    CHECK(before != after);
  }
};

/// What is in the file once it has been opened again, after checking all that can be checked.
std::string recovered(const std::string &path) {
  Ledger ledger = MUST(Ledger::open(path, kNow));
  CHECK(!MUST(ledger.verify_chain()).first_bad);
  CHECK(MUST(ledger.all_credentials()).problems.empty());
  Raw raw(path);
  CHECK(raw.read("PRAGMA integrity_check") == "ok\n");
  return raw.everything();
}

/// One run of the operation in a child whose disk meets `fate` at the n-th step.
struct Run {
  bool ended_by_itself = false;
  bool said_yes = false;
};

Run run_until(const Operation &operation, const std::string &path, Fate fate, int n) {
  int ends[2] = {};
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  Fd reader(ends[0]);
  Fd writer(ends[1]);
  const pid_t child = start_child([&] {
    use_failing_disk(fate);
    {
      Ledger ledger = MUST(Ledger::open(path, kNow));
      MUST(ledger.note_time(moment()));  // the log exists and is in use
      arm(n);
      MUST(operation.act(ledger));
      CHECK(syscall(SYS_write, writer.get(), "y", 1) == 1);  // not one of the steps
    }  // closing copies the log into the file: that can be interrupted too
    return 0;
  });
  writer.reset();
  const int status = wait_for(child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
        (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  char yes = 0;
  return {WIFEXITED(status), read(reader.get(), &yes, 1) == 1};
}

/// Goes through every step of an operation until one run meets no fate any more.
void survives(const Operation &operation, Fate fate) {
  const Story story(operation);
  std::set<std::string> states;
  int n = 0;
  for (bool over = false; !over;) {
    const TempDir dir(memory_directory());
    std::filesystem::copy_file(story.dir.ledger(), dir.ledger());
    const Run run = run_until(operation, dir.ledger(), fate, ++n);
    const std::string state = recovered(dir.ledger());
    const std::string where = std::string(operation.name) + ", step " + std::to_string(n);
    if (state != story.before && state != story.after) fail_at(__FILE__, __LINE__, where + ": half done");
    if (run.said_yes && state != story.after) fail_at(__FILE__, __LINE__, where + ": said yes too early");
    if (run.ended_by_itself && !run.said_yes) fail_at(__FILE__, __LINE__, where + ": never said yes");
    states.insert(state);
    over = run.ended_by_itself;
  }
  CHECK(states.size() == 2);  // it was interrupted both before and after the point of no return
  CHECK(n > 10);
  print_message("    %s: %d steps\n", operation.name, n - 1);
}

void survive_all(Fate fate) {
  for (const Operation *operation :
       {&kGrant, &kSuspendClone, &kBeginTry, &kUndoTry, &kAdd, &kRevokeAll, &kRecall, &kSpendCode, &kNewCodes,
        &kLock, &kPrune, &kImportModels, &kFixRpId, &kImport})
    survives(*operation, fate);
}

void killed_at_any_step_it_has_happened_whole_or_not_at_all() {
  survive_all(Fate::Kill);
}

void killed_within_a_write_it_has_happened_whole_or_not_at_all() {
  survive_all(Fate::TornWrite);
}

void a_power_cut_at_any_step_takes_back_nothing_that_was_granted() {
  survive_all(Fate::PowerCut);
}

void a_power_cut_within_a_sync_takes_back_nothing_that_was_granted() {
  survive_all(Fate::TornSync);
}

/// A disk that fails is an error, never a yes; and when it has room again, the same ledger goes on.
void outlives_failure(const Operation &operation, Fate fate) {
  const Story story(operation);
  int failed = 0;
  for (int n = 1;; ++n) {
    const TempDir dir(memory_directory());
    std::filesystem::copy_file(story.dir.ledger(), dir.ledger());
    const int code = in_child([&] {
      use_failing_disk(fate);
      Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
      MUST(ledger.note_time(moment()));
      arm(n);
      const Status first = operation.act(ledger);
      const int steps = operations();
      arm(0);
      if (first) return steps < n ? 2 : operation.has_reserve ? 3 : 98;
      CHECK(first.error().kind == ErrorKind::Io || first.error().kind == ErrorKind::StorageFull);
      CHECK(first.error().sentence.find(dir.ledger()) != std::string::npos);
      CHECK(Raw(dir.ledger()).everything() == story.before);  // in the eyes of everybody else
      MUST(operation.act(ledger));
      return 0;
    });
    CHECK(code == 0 || code == 2 || code == 3);
    CHECK(recovered(dir.ledger()) == story.after);
    if (code == 2) break;
    ++failed;
  }
  CHECK(failed >= 3);
}

void a_failing_disk_is_an_error_and_never_a_yes() {
  for (const Fate fate : {Fate::Fail, Fate::FailAll})
    for (const Operation *operation : {&kGrant, &kSuspendClone, &kBeginTry, &kUndoTry, &kAdd, &kRevokeAll,
                                       &kRecall, &kSpendCode, &kNewCodes, &kLock, &kPrune, &kImportModels, &kImport})
      outlives_failure(*operation, fate);
}

/// Making a new ledger, interrupted at every step: the next start makes or finds a whole one.
void a_new_ledger_appears_whole_or_not_at_all() {
  const TempDir model(memory_directory());
  MUST(Ledger::open(model.ledger(), kNow));
  const std::string fresh = Raw(model.ledger()).everything();
  int without = 0;
  for (const Fate fate : {Fate::Kill, Fate::TornWrite, Fate::PowerCut, Fate::TornSync, Fate::Fail}) {
    bool over = false;
    int n = 0;
    while (!over) {
      const TempDir dir(memory_directory());
      ++n;
      const pid_t child = start_child([&] {
        use_failing_disk(fate);
        arm(n);
        const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
        const bool reached = operations() >= n;
        arm(0);
        if (opened) return reached ? 3 : 2;  // 3: a failure it could do without
        CHECK(opened.error().kind == ErrorKind::Io || opened.error().kind == ErrorKind::StorageFull);
        return 0;
      });
      const int status = wait_for(child);
      CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) <= 3);
      over = WIFEXITED(status) && WEXITSTATUS(status) == 2;
      if (!std::filesystem::exists(dir.ledger())) {
        CHECK(std::filesystem::is_empty(dir.path()));  // no litter
        ++without;
      }
      CHECK(recovered(dir.ledger()) == fresh);
    }
    CHECK(n > 5);
  }
  CHECK(without >= 5);
}

/// What an old ledger becomes, version by version, each as every row of every table.
std::set<std::string> states_on_the_way(const char *dump) {
  std::set<std::string> states;
  for (std::size_t version = 1; version <= schema::steps().size(); ++version) {
    const TempDir dir(memory_directory());
    make_from_dump(dir.ledger(), dump);
    {
      sql::Database database = MUST(sql::Database::open(dir.ledger()));
      MUST(schema::migrate(database, schema::steps().first(version)));
    }
    states.insert(Raw(dir.ledger()).everything());
  }
  return states;
}

/// Opening a ledger of an older version, interrupted at every step: it is of one version or the next, whole,
/// and the next start finishes the work.
void an_old_ledger_comes_along_whole_or_not_at_all() {
  const TempDir model(memory_directory());
  make_from_dump(model.ledger(), "version-1.sql");
  MUST(Ledger::open(model.ledger(), kNow));
  const std::string migrated = Raw(model.ledger()).everything();
  const std::set<std::string> versions = states_on_the_way("version-1.sql");
  CHECK(versions.size() == schema::steps().size() && versions.contains(migrated));
  for (const Fate fate : {Fate::Kill, Fate::TornWrite, Fate::PowerCut, Fate::TornSync, Fate::Fail}) {
    std::set<std::string> states;
    bool over = false;
    for (int n = 1; !over; ++n) {
      const TempDir dir(memory_directory());
      make_from_dump(dir.ledger(), "version-1.sql");
      const int status = wait_for(start_child([&] {
        use_failing_disk(fate);
        arm(n);
        const Result<Ledger> opened = Ledger::open(dir.ledger(), kNow);
        const bool reached = operations() >= n;
        arm(0);
        if (!opened)
          CHECK(opened.error().kind == ErrorKind::Io || opened.error().kind == ErrorKind::StorageFull);
        return reached ? 0 : 2;
      }));
      CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2);
      over = WIFEXITED(status) && WEXITSTATUS(status) == 2;
      const std::string state = Raw(dir.ledger()).everything();
      CHECK(versions.contains(state));
      states.insert(state);
      CHECK(recovered(dir.ledger()) == migrated);
    }
    CHECK(states == versions);
  }
}

void a_file_that_may_not_grow_is_an_error_and_loses_nothing() {
  const Story story(kGrant);
  int failed = 0;
  // The log of the granting transaction has several pages; the limit lets in none, some, or all of them.
  for (rlim_t size = 0; size <= 64 * 1024; size += 4096) {
    const TempDir dir(memory_directory());
    std::filesystem::copy_file(story.dir.ledger(), dir.ledger());
    const int code = in_child([&] {
      Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
      MUST(ledger.note_time(moment()));
      signal(SIGXFSZ, SIG_IGN);
      rlimit limit = {};
      CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
      const rlimit tight = {size, limit.rlim_max};
      CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
      const Status first = kGrant.act(ledger);
      CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
      if (first) return 2;
      CHECK(first.error().kind == ErrorKind::Io);  // a limit of the process, not of the disk
      CHECK(Raw(dir.ledger()).everything() == story.before);
      MUST(kGrant.act(ledger));
      return 0;
    });
    CHECK(code == 0 || code == 2);
    if (code == 0) ++failed;
    CHECK(recovered(dir.ledger()) == story.after);
  }
  CHECK(failed >= 2 && failed < 17);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(killed_at_any_step_it_has_happened_whole_or_not_at_all),
      TEST(killed_within_a_write_it_has_happened_whole_or_not_at_all),
      TEST(a_power_cut_at_any_step_takes_back_nothing_that_was_granted),
      TEST(a_power_cut_within_a_sync_takes_back_nothing_that_was_granted),
      TEST(a_failing_disk_is_an_error_and_never_a_yes),
      TEST(a_new_ledger_appears_whole_or_not_at_all),
      TEST(an_old_ledger_comes_along_whole_or_not_at_all),
      TEST(a_file_that_may_not_grow_is_an_error_and_loses_nothing),
  };
  return cmocka_run_group_tests_name("ledger-crash", tests, nullptr, nullptr);
}
