/// What to say of the facts: a function for each check.
#include "daemon/health.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "common/account.h"
#include "common/log.h"

namespace passkeyd {
namespace {

using Findings = std::vector<Finding>;

constexpr std::uint64_t kMiB = 1024 * 1024;

std::string count(std::uint64_t number, const char *what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

// --- the TPM ---

/// Without one there is nothing else to say of it.
bool check_presence(const HealthFacts &facts, Findings &say) {
  if (facts.tpm) {
    const wire::TpmExamined &tpm = facts.tpm.value();
    say.push_back({"tpm-present", Level::Good, tpm.maker + " " + tpm.vendor + ", firmware " + tpm.firmware});
    return true;
  }
  const Error &error = facts.tpm.error();
  const bool absent = error.kind == ErrorKind::NoDevice || error.kind == ErrorKind::NotConfigured;
  Level level = error.kind == ErrorKind::TpmBroken ? Level::Bad : Level::Warning;
  if (absent) level = facts.platform_credentials > 0 ? Level::Bad : Level::Note;
  say.push_back({"tpm-present",
                 level,
                 facts.tcti + ": " + error.sentence,
                 {{"credentials", facts.platform_credentials}}});
  return false;
}

void check_software(const wire::TpmExamined &tpm, Findings &say) {
  if (tpm.software)
    say.push_back({"tpm-software", Level::Note,
                   "this TPM is a program: its keys are as safe as the machine that runs it and its files"});
  else
    say.push_back({"tpm-software", Level::Good, "this TPM does not say that it is a program"});
}

void check_lockout_auth(const wire::TpmExamined &tpm, Findings &say) {
  if (tpm.lockout_auth_set)
    say.push_back({"tpm-lockout-auth", Level::Good, "the lockout hierarchy has a password"});
  else
    say.push_back(
        {"tpm-lockout-auth", Level::Warning,
         "the lockout hierarchy has no password: root, or a live system, can set the count of wrong "
         "PINs back and try them without end"});
}

/// The reserve is that of tpm/lockout.h: with so few tries left, PINs are not sent any more.
void check_counter(const wire::TpmExamined &tpm, Findings &say) {
  const std::uint64_t reserve = std::max<std::uint64_t>(2, tpm.max_tries / 4);
  const std::uint64_t usable = tpm.max_tries > reserve ? tpm.max_tries - reserve : 0;
  Finding finding{"tpm-counter",
                  Level::Good,
                  count(tpm.counter, "wrong PIN") + " counted of " + std::to_string(tpm.max_tries),
                  {{"used", tpm.counter}, {"max", tpm.max_tries}, {"usable", usable}}};
  if (tpm.counter * 2 >= usable) finding.level = Level::Warning;
  if (tpm.counter >= usable) {
    finding.detail += "; the rest is kept for others, so no PIN is sent now";
  }
  if (tpm.in_lockout) {
    finding.level = Level::Bad;
    finding.detail += "; the TPM is locked and refuses every PIN";
  }
  say.push_back(std::move(finding));
}

void check_parameters(const wire::TpmExamined &tpm, Findings &say) {
  const bool odd = tpm.max_tries < 8 || tpm.max_tries > 100 || tpm.interval < 60 || tpm.recovery < 60;
  say.push_back({"tpm-parameters",
                 odd ? Level::Note : Level::Good,
                 "locks after " + std::to_string(tpm.max_tries) + " wrong PINs, forgives one every " +
                     std::to_string(tpm.interval) + " s; " + std::to_string(tpm.recovery) +
                     " s after a wrong lockout password" + (odd ? "; 32, 600 and 86400 are usual" : ""),
                 {{"max", tpm.max_tries}, {"interval", tpm.interval}, {"recovery", tpm.recovery}}});
}

/// Not the place to repeat what tpm-credentials says of each.
void check_root_key(const wire::TpmExamined &tpm, Findings &say) {
  Finding finding{"tpm-srk",
                  Level::Good,
                  "the storage root key at 0x81000001 can serve",
                  {{"parent-changed", tpm.parent_changed}}};
  if (tpm.root_key == "none") {
    finding.level = Level::Note;
    finding.detail = "there is no storage root key at 0x81000001; the next enrollment makes one";
  } else if (tpm.root_key != "fit") {
    finding.level = Level::Warning;
    finding.detail = "the key at 0x81000001 is no storage root key; one of our own is used beside it";
  }
  if (tpm.parent_changed > 0) {
    finding.level = Level::Bad;
    finding.detail = count(tpm.parent_changed, "passkey") +
                     " enrolled under another storage root key: the TPM was reset or replaced";
  }
  say.push_back(std::move(finding));
}

void check_owner_auth(const wire::TpmExamined &tpm, Findings &say) {
  Finding finding{"tpm-owner-auth", Level::Good, "the owner hierarchy has no password"};
  if (tpm.owner_auth_set) {
    const bool needed = tpm.root_key != "fit";
    finding.level = needed ? Level::Warning : Level::Note;
    finding.detail = needed ? "the owner hierarchy has a password, so no storage root key can be made"
                            : "the owner hierarchy has a password; the storage root key is there already";
  }
  say.push_back(std::move(finding));
}

void check_credentials(const HealthFacts &facts, const wire::TpmExamined &tpm, Findings &say) {
  const std::uint64_t looked_at = std::uint64_t{tpm.loads} + tpm.parent_changed + tpm.foreign + tpm.broken;
  Finding finding{"tpm-credentials",
                  Level::Good,
                  std::to_string(tpm.loads) + " of " + count(looked_at, "passkey") + " load",
                  {{"active", facts.platform_credentials},
                   {"looked-at", looked_at},
                   {"loads", tpm.loads},
                   {"parent-changed", tpm.parent_changed},
                   {"foreign", tpm.foreign},
                   {"broken", tpm.broken}}};
  if (tpm.loads < looked_at) {
    finding.level = Level::Bad;
    finding.detail += "; the others open nothing on this TPM: their owners must enroll again";
  }
  say.push_back(std::move(finding));
}

// --- the ledger ---

void check_chain(const HealthFacts &facts, Findings &say) {
  if (!facts.chain) return say.push_back({"ledger-chain", Level::Bad, facts.chain.error().sentence});
  const AuditChain &chain = facts.chain.value();
  Finding finding{"ledger-chain",
                  Level::Good,
                  count(static_cast<std::uint64_t>(chain.rows), "audit record") + ", none altered",
                  {{"rows", static_cast<std::uint64_t>(chain.rows)},
                   {"pruned", static_cast<std::uint64_t>(chain.pruned)}}};
  if (chain.first_bad) {
    finding.level = Level::Bad;
    finding.detail = "audit record " + std::to_string(*chain.first_bad) + " was altered or is missing";
    finding.numbers["first-bad"] = static_cast<std::uint64_t>(*chain.first_bad);
  }
  say.push_back(std::move(finding));
}

void check_integrity(const HealthFacts &facts, Findings &say) {
  Finding finding{"ledger-integrity", Level::Good, "the file is whole", {{"bad-rows", facts.bad_rows}}};
  if (facts.bad_rows > 0) {
    finding.level = Level::Bad;
    finding.detail =
        "stored passkeys that cannot be read and are passed over: " + std::to_string(facts.bad_rows);
  }
  if (!facts.ledger) {
    finding.level = Level::Bad;
    finding.detail = facts.ledger.error().sentence;
  }
  say.push_back(std::move(finding));
}

void check_disk(const HealthFacts &facts, Findings &say) {
  if (!facts.room) return say.push_back({"ledger-disk", Level::Warning, facts.room.error().sentence});
  const LedgerRoom &room = facts.room.value();
  Finding finding{"ledger-disk",
                  Level::Good,
                  std::to_string(room.free / kMiB) + " MiB free",
                  {{"free", room.free}, {"size", room.size}}};
  if (room.free < 128 * kMiB) finding.level = Level::Warning;
  if (room.free < 8 * kMiB) finding.level = Level::Bad;
  if (room.read_only) {
    finding.level = Level::Bad;
    finding.detail = "the file system is read-only: nobody can sign in with a passkey";
  }
  say.push_back(std::move(finding));
}

// --- the rest ---

void check_config(const HealthFacts &facts, Findings &say) {
  const bool loaded = facts.config_state == kConfigLoaded;
  say.push_back({"config", loaded ? Level::Good : Level::Warning,
                 loaded
                     ? "the configuration is in force"
                     : "the last reload was refused, the one before it is in force: " + facts.config_state});
}

/// A minute of grace: two clocks of one machine agree no better while one of them is being set.
void check_clock(const HealthFacts &facts, Findings &say) {
  constexpr std::chrono::seconds kGrace{60};
  Finding finding{"clock", Level::Good, "not before the newest audit record"};
  if (facts.newest_record && *facts.newest_record > facts.now + kGrace) {
    const auto behind = static_cast<std::uint64_t>((*facts.newest_record - facts.now).count());
    finding = {"clock",
               Level::Warning,
               "the clock is " + count(behind, "second") + " before the newest audit record: it was set back",
               {{"behind", behind}}};
  }
  say.push_back(std::move(finding));
}

std::string date_of(WallTime time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

void check_metadata(const HealthFacts &facts, Findings &say) {
  if (!facts.metadata) return say.push_back({"metadata", Level::Warning, facts.metadata.error().sentence});
  const std::optional<MetadataState> &state = facts.metadata.value();
  if (!state)
    return say.push_back({"metadata", Level::Note, "no FIDO Metadata was imported: recalls are not noticed"});
  const bool old = state->next_update < date_of(facts.now);
  say.push_back({"metadata",
                 old ? Level::Warning : Level::Good,
                 "number " + std::to_string(state->number) + "; a newer one is out by " + state->next_update,
                 {{"number", static_cast<std::uint64_t>(state->number)}}});
}

void check_rp_id(const HealthFacts &facts, Findings &say) {
  const bool same = !facts.configured_rp_id || *facts.configured_rp_id == facts.rp_id;
  say.push_back({"rp-id", same ? Level::Good : Level::Warning,
                 same ? facts.rp_id
                      : "passkeys are enrolled for " + facts.rp_id +
                            ", which stays in force; passkeyd.conf says " + *facts.configured_rp_id});
}

void check_ceremonies(const HealthFacts &facts, Findings &say) {
  Finding finding{"ceremonies",
                  Level::Good,
                  "processes that talk to a device: " + std::to_string(facts.ceremonies),
                  {{"running", facts.ceremonies}, {"overdue", facts.overdue_ceremonies}}};
  if (facts.overdue_ceremonies > 0) {
    finding.level = Level::Warning;
    finding.detail += "; killed, and kept by their device: " + std::to_string(facts.overdue_ceremonies);
  }
  say.push_back(std::move(finding));
}

/// What a ceremony shuts its files away with (daemon/ceremony/file_walls.h).
void check_landlock(const HealthFacts &facts, Findings &say) {
  Finding finding{"landlock",
                  Level::Good,
                  "ceremonies shut their files away with Landlock " + std::to_string(facts.landlock),
                  {{"version", static_cast<std::uint64_t>(std::max(facts.landlock, 0))}}};
  if (facts.landlock <= 0) {
    finding.level = Level::Warning;
    finding.detail =
        "the kernel has no Landlock, or it is switched off: where accounts are looked up, permissions alone "
        "keep a ceremony from files; the other walls stand";
  }
  say.push_back(std::move(finding));
}

}  // namespace

std::vector<Finding> findings_of(const HealthFacts &facts) {
  Findings say;
  if (check_presence(facts, say)) {
    const wire::TpmExamined &tpm = facts.tpm.value();
    check_software(tpm, say);
    check_lockout_auth(tpm, say);
    check_counter(tpm, say);
    check_parameters(tpm, say);
    check_root_key(tpm, say);
    check_owner_auth(tpm, say);
    check_credentials(facts, tpm, say);
  }
  check_chain(facts, say);
  check_integrity(facts, say);
  check_disk(facts, say);
  check_config(facts, say);
  check_clock(facts, say);
  check_metadata(facts, say);
  check_rp_id(facts, say);
  check_ceremonies(facts, say);
  check_landlock(facts, say);
  say.push_back({"version", Level::Good, std::string("passkeyd ") + PASSKEYD_VERSION});
  for (Finding &each : say) each.detail = log_safe(each.detail);
  return say;
}

}  // namespace passkeyd
