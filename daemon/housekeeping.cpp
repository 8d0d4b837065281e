/// The hourly work.
#include "daemon/housekeeping.h"

#include <ctime>

#include "common/log.h"
#include "daemon/retention.h"

namespace passkeyd {
namespace {

constexpr std::uint64_t kHour = 3600ULL * 1'000'000;

}  // namespace

void note_time(House &house) {
  const Status noted = house.ledger.note_time(house.moment());
  if (!noted) log_line(LogLevel::Error, "ledger: " + noted.error().sentence);
}

void Housekeeping::prune() {
  if (!pruning_.done()) return;
  pruning_ = prune_by_age(house_);
  pruning_.start();
}

int Housekeeping::on_hour(sd_event_source *source, std::uint64_t, void *of) {
  auto &self = *static_cast<Housekeeping *>(of);
  note_time(self.house_);
  self.prune();
  sd_event_source_set_time_relative(source, kHour);
  return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

Status Housekeeping::begin() {
  sd_event_source *source = nullptr;
  const int failed =
      sd_event_add_time_relative(house_.loop, &source, CLOCK_MONOTONIC, kHour, kHour / 6, on_hour, this);
  if (failed < 0) return errno_error("timer", -failed);
  timer_.reset(source);
  return Ok{};
}

}  // namespace passkeyd
