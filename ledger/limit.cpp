/// The rule that makes guessing slow.
#include "ledger/limit.h"

#include <algorithm>

namespace passkeyd {
namespace {

/// What is left of `wait`, counted from `then`. A `then` that lies ahead has waited for nothing yet.
Age left_of(Age wait, Age then, Age now) {
  return std::max(wait - std::max(now - then, Age::zero()), Age::zero());
}

std::chrono::seconds wait_after(const LimitRule &rule, std::size_t in_a_row) {
  if (in_a_row < rule.free_in_a_row) return std::chrono::seconds::zero();
  std::chrono::seconds wait = std::min(rule.first_wait, rule.longest_wait);
  for (std::size_t more = in_a_row - rule.free_in_a_row; more > 0 && wait < rule.longest_wait; --more)
    wait = std::min(wait * 2, rule.longest_wait);
  return wait;
}

}  // namespace

std::string_view name_of(Place place) {
  return place == Place::Local ? "local" : "remote";
}

std::chrono::seconds wait_before_next(const LimitRule &rule, const std::vector<CountedTry> &tries, Age now) {
  std::size_t in_a_row = 0;
  Age newest = Age::min();
  std::vector<Age> today;
  for (const CountedTry &one : tries) {
    if (one.in_a_row) ++in_a_row, newest = std::max(newest, one.age);
    if (left_of(rule.day, one.age, now) > Age::zero()) today.push_back(one.age);
  }
  Age wait = in_a_row == 0 ? Age::zero() : left_of(wait_after(rule, in_a_row), newest, now);
  if (today.size() >= rule.per_day && !today.empty()) {
    // So many of today's must become yesterday's that one place is free.
    std::sort(today.begin(), today.end());
    const std::size_t last_to_go = std::min(today.size() - rule.per_day, today.size() - 1);
    wait = std::max(wait, left_of(rule.day, today[last_to_go], now));
  }
  return std::chrono::ceil<std::chrono::seconds>(wait);
}

std::size_t tries_that_matter(const LimitRule &rule) {
  std::size_t count = rule.free_in_a_row;
  while (wait_after(rule, count) < rule.longest_wait) {
    if (wait_after(rule, count) <= std::chrono::seconds::zero() && count > rule.free_in_a_row) break;
    ++count;
  }
  return count;
}

}  // namespace passkeyd
