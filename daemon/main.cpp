/// passkeyd: the daemon that verifies passkeys. This file opens what the house needs, in order, and runs the
/// loop; where that cannot be opened, callers are told (out_of_order.h).
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>

#include "common/landlock.h"
#include "common/log.h"
#include "common/sshd.h"
#include "common/steps.h"
#include "daemon/bus.h"
#include "daemon/hangup.h"
#include "daemon/housekeeping.h"
#include "daemon/idleness.h"
#include "daemon/journal.h"
#include "daemon/out_of_order.h"
#include "daemon/service.h"
#include "daemon/system_user.h"

namespace passkeyd {
namespace {

inline void drop_loop(sd_event *loop) {
  sd_event_unref(loop);
}
using Loop = Handle<sd_event, drop_loop>;

struct Options {
  std::string config_directory = "/etc/passkeyd";
  std::string state_directory = "/var/lib/passkeyd";
  unsigned idle_seconds = 0;  ///< 0: stays
};

/// The PIN passes through as a memory file nobody here reads, but a core dump or a debugger has no business
/// anyway.
void harden() {
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  umask(0077);
}

Result<Loop> make_loop() {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, number);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  signal(SIGPIPE, SIG_IGN);
  sd_event *held = nullptr;
  int failed = sd_event_new(&held);
  if (failed < 0) return errno_error("event loop", -failed);
  Loop loop(held);
  for (const int number : {SIGTERM, SIGINT}) {
    failed = sd_event_add_signal(loop.get(), nullptr, number, nullptr, nullptr);  // ends the loop
    if (failed < 0) return errno_error("event loop", -failed);
  }
  sd_event_set_watchdog(loop.get(), 1);
  return loop;
}

/// The system bus at its fixed place; the environment has no say.
Result<Bus> connect_bus(sd_event *loop) {
  sd_bus *held = nullptr;
  int failed = sd_bus_new(&held);
  if (failed < 0) return errno_error("bus", -failed);
  Bus connection(held);
  const std::string address = std::string("unix:path=") + bus::kSystemBusSocket;
  failed = sd_bus_set_address(held, address.c_str());
  if (failed >= 0) failed = sd_bus_set_bus_client(held, 1);
  if (failed >= 0) failed = sd_bus_start(held);
  if (failed >= 0) failed = sd_bus_attach_event(held, loop, SD_EVENT_PRIORITY_NORMAL);
  if (failed >= 0) failed = sd_bus_set_exit_on_disconnect(held, 1);
  if (failed < 0) return errno_error(std::string("connect to ") + bus::kSystemBusSocket, -failed);
  return connection;
}

/// The configured RP ID, or the machine's name: only the very first start asks.
Result<RpId> wished_rp_id(const Config &config) {
  if (config.rp_id) return *config.rp_id;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return errno_error("gethostname", errno);
  Result<RpId> parsed = RpId::parse(name.data());
  if (parsed) return parsed;
  return Error{ErrorKind::NotConfigured,
               "this machine's name cannot be an RP ID; set rp_id in passkeyd.conf"};
}

/// Its ceremonies shut themselves in (daemon/ceremony/walls.h), as far as the kernel can.
void warn_of_missing_walls() {
  if (landlock_version() > 0) return;
  log_line(LogLevel::Warning,
           "this kernel has no Landlock, or it is switched off (lsm= on its command line): where accounts "
           "are looked "
           "up, permissions alone keep a ceremony from files; the other walls stand");
}

/// Every record of the audit is told to the journal, and to those who wait for news.
Status pass_on_records(House &house) {
  return house.ledger.watch_audit([&house](const AuditEntry &entry) {
    tell_journal(entry);
    house.audit_news.tell();
  });
}

/// What it stands on: whether this can be had does not change by trying again, but by an administrator.
struct Foundation {
  Config config;
  Ledger ledger;
  RpId rp_id;
  std::string boot_id;
};

Result<Foundation> lay_foundation(const Options &options, const Clock &clock) {
  Config config = TRY(load_config(options.config_directory));
  const Moment started = TRY(moment_of(clock));
  Ledger ledger = TRY(Ledger::open(options.state_directory + "/ledger.db", started.wall));
  const RpId wished = TRY(wished_rp_id(config));
  RpId rp_id = TRY(ledger.fix_rp_id(wished));
  return Foundation{std::move(config), std::move(ledger), std::move(rp_id), started.boot_id};
}

Status serve(const Options &options, const Clock &clock, Foundation foundation) {
  warn_of_other_rp_id(foundation.config, foundation.rp_id);
  warn_of_missing_walls();
  const Loop loop = TRY(make_loop());
  const Bus connection = TRY(connect_bus(loop.get()));
  House house{loop.get(),
              connection.get(),
              std::move(foundation.config),
              std::move(foundation.rp_id),
              std::move(foundation.ledger),
              Ceremonies(loop.get(), PASSKEYD_CEREMONY),
              clock,
              foundation.boot_id};
  house.state_directory = options.state_directory;
  house.sshds_user = system_user(sshd::kUser);
  TRY(house.departures.listen(house.bus));
  TRY(pass_on_records(house));
  Housekeeping housekeeping(house);
  TRY(housekeeping.begin());
  Hangup hangup(house, options.config_directory);
  TRY(hangup.listen());
  hangup.find_names();
  Service service(house);
  TRY(service.publish());
  Idleness idleness(house, service, options.config_directory);
  if (options.idle_seconds > 0) TRY(idleness.end_after(std::chrono::seconds(options.idle_seconds)));
  int failed = sd_bus_request_name(connection.get(), bus::kService, 0);
  if (failed < 0) return errno_error(std::string("own the bus name ") + bus::kService, -failed);
  log_line(LogLevel::Info, "ready; relying party ID is " + house.rp_id.str());
  say_ready(house);
  housekeeping.prune();
  failed = sd_event_loop(loop.get());
  sd_notify(0, "STOPPING=1");
  note_time(house);
  if (failed < 0) return errno_error("event loop", -failed);
  if (failed > 0) return Error{ErrorKind::Disconnected, "the bus has gone away"};
  return Ok{};
}

/// Tells callers for some seconds, and then looks once more. Errors: Cancelled, of who is told to stop.
Result<Foundation> be_out_of_order(const Options &options, const Clock &clock, const Error &why) {
  const Loop loop = TRY(make_loop());
  const Bus connection = TRY(connect_bus(loop.get()));
  if (TRY(say_out_of_order(loop.get(), connection.get(), why)) == Then::End)
    return Error{ErrorKind::Cancelled, "stopped"};
  return lay_foundation(options, clock);
}

/// Of a daemon that cannot serve until somebody has mended what it says: EX_CONFIG of sysexits.h(3head).
/// systemd is told not to try again by itself; the next call does.
constexpr int kOutOfOrder = 78;

int run(int argc, char **argv) {
  Options options;
  CLI::App app("passkeyd verifies passkeys for pam_passkey and passkeyctl. See passkeyd(8).", "passkeyd");
  app.add_option("--config-directory", options.config_directory,
                 "where passkeyd.conf and passkeyd.conf.d are")
      ->capture_default_str();
  app.add_option("--state-directory", options.state_directory, "where the ledger is")->capture_default_str();
  app.add_option("--exit-when-idle", options.idle_seconds,
                 "end after so many seconds, or up to twice as many, without a call")
      ->check(CLI::Range(1U, 86'400U));
  app.set_version_flag("--version", std::string("passkeyd ") + PASSKEYD_VERSION);
  CLI11_PARSE(app, argc, argv);
  harden();
  const SystemClock clock;
  Result<Foundation> foundation = lay_foundation(options, clock);
  if (!foundation) {
    log_line(LogLevel::Error, foundation.error().sentence);
    foundation = be_out_of_order(options, clock, foundation.error());
    if (!foundation) return foundation.error().kind == ErrorKind::Cancelled ? EXIT_SUCCESS : kOutOfOrder;
  }
  const Status served = serve(options, clock, std::move(foundation).value());
  if (served) return EXIT_SUCCESS;
  log_line(LogLevel::Error, served.error().sentence);
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace passkeyd

int main(int argc, char **argv) {
  try {
    return passkeyd::run(argc, argv);
  } catch (const std::exception &error) {
    passkeyd::log_line(passkeyd::LogLevel::Error, std::string("ended by an exception: ") + error.what());
    return EXIT_FAILURE;
  }
}
