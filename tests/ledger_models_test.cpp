/// The models of authenticators: taken whole, never for an older edition, and read with suspicion.
#include "tests/ledger_support.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

struct Fixture {
  TempDir dir{memory_directory()};
  Ledger ledger = MUST(Ledger::open(dir.ledger(), kNow));
  std::optional<Model> model(std::uint8_t mark) { return MUST(ledger.model_of(Bytes(16, mark))); }
  Status take(const Metadata &metadata) { return ledger.replace_models(metadata, kAdmin, kNow); }
};

void what_was_imported_reads_back() {
  Fixture f;
  CHECK(!MUST(f.ledger.metadata_state()) && !f.model(1));
  Metadata first = metadata(7, 3);
  first.models.push_back(
      {.id = Bytes(20, 9), .description = "U2F", .status = "", .recalled = false, .roots = {}});
  MUST(f.take(first));
  CHECK(MUST(f.ledger.metadata_state()) == first.state);
  CHECK(f.model(1) == first.models[0] && f.model(3) == first.models[2]);
  CHECK(MUST(f.ledger.model_of(Bytes(20, 9))) == first.models[3]);
  CHECK(!f.model(9) && !MUST(f.ledger.model_of({})));
}

void a_newer_edition_replaces_all_and_an_older_one_is_refused() {
  Fixture f;
  MUST(f.take(metadata(7, 3)));
  MUST(f.take(metadata(7, 3)));
  MUST(f.take(metadata(9, 1)));
  CHECK(f.model(1) && !f.model(2) && MUST(f.ledger.metadata_state())->number == 9);
  const std::string before = Raw(f.dir.ledger()).everything();
  const Status older = f.take(metadata(8, 3));
  CHECK(!older && older.error().kind == ErrorKind::NotAllowed);
  CHECK(Raw(f.dir.ledger()).everything() == before);
}

void the_import_is_on_record() {
  Fixture f;
  MUST(f.take(metadata(7, 3)));
  const AuditRecord record = MUST(f.ledger.audit({})).back().record;
  CHECK(record.event == "import-metadata" && record.outcome == "done" &&
        record.reason == "number 7, 3 models");
  CHECK(record.user.empty() && !record.uid && record.caller_uid == 1000);
}

void what_could_not_be_read_back_is_not_taken() {
  Fixture f;
  MUST(f.take(metadata(7, 3)));
  const std::string before = Raw(f.dir.ledger()).everything();
  using Spoil = void (*)(Metadata &);
  const Spoil spoils[] = {
      [](Metadata &m) { m.state.number = -1; },
      [](Metadata &m) { m.state.next_update = "2026\n"; },
      [](Metadata &m) { m.state.next_update = std::string(33, '1'); },
      [](Metadata &m) { m.models[1].id = Bytes(15, 1); },
      [](Metadata &m) { m.models[1].id.clear(); },
      [](Metadata &m) { m.models[1].id = m.models[0].id; },
      [](Metadata &m) { m.models[1].description = std::string(256, 'x'); },
      [](Metadata &m) { m.models[1].status = "\x1b[31m"; },
      [](Metadata &m) { m.models[1].roots = {Bytes{}}; },
      [](Metadata &m) {
        m.models[1].roots = {Bytes{0x30, 2, 1}};
      },
      [](Metadata &m) {
        m.models[1].roots = {Bytes{0x30, 1, 1, 1}};
      },
      [](Metadata &m) {
        m.models[1].roots = {Bytes{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0}};
      },
      [](Metadata &m) { m.models.resize(Metadata::kMaxModels + 1); },
      [](Metadata &m) {
        Bytes root(60'000);
        root[0] = 0x30, root[1] = 0x82, root[2] = 0xea, root[3] = 0x5c;
        m.models[1].roots.assign(5, root);
      },
  };
  for (const Spoil spoil : spoils) {
    Metadata next = metadata(8, 3);
    spoil(next);
    const Status taken = f.take(next);
    CHECK(!taken && taken.error().kind == ErrorKind::InvalidInput);
    CHECK(Raw(f.dir.ledger()).everything() == before);
  }
}

void a_model_that_was_damaged_is_an_error_and_hides_no_other() {
  Fixture f;
  MUST(f.take(metadata(7, 3)));
  const std::string spoil = "UPDATE model SET roots = x'3005' WHERE id = x'" + to_hex(Bytes(16, 2)) + "'";
  CHECK(Raw(f.dir.ledger()).run(spoil));
  CHECK(f.ledger.model_of(Bytes(16, 2)).error().kind == ErrorKind::Corrupt);
  CHECK(f.model(1) && f.model(3));
}

void what_is_in_force_cannot_be_set_by_name() {
  Fixture f;
  MUST(f.take(metadata(7, 1)));
  CHECK(f.ledger.set_setting("metadata-number", "1").error().kind == ErrorKind::NotAllowed);
  CHECK(Raw(f.dir.ledger()).run("UPDATE setting SET value = '7x' WHERE name = 'metadata-number'"));
  CHECK(f.ledger.metadata_state().error().kind == ErrorKind::Corrupt);
  CHECK(f.take(metadata(8, 1)).error().kind == ErrorKind::Corrupt);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(what_was_imported_reads_back),
      TEST(a_newer_edition_replaces_all_and_an_older_one_is_refused),
      TEST(the_import_is_on_record),
      TEST(what_could_not_be_read_back_is_not_taken),
      TEST(a_model_that_was_damaged_is_an_error_and_hides_no_other),
      TEST(what_is_in_force_cannot_be_set_by_name),
  };
  return cmocka_run_group_tests_name("ledger-models", tests, nullptr, nullptr);
}
