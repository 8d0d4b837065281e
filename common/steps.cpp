/// The names of steps, once.
#include "common/steps.h"

#include <array>
#include <utility>

namespace passkeyd {
namespace {

constexpr std::array<std::pair<Step, std::string_view>, 8> kNames = {{
    {Step::Unavailable, "unavailable"},
    {Step::Denied, "denied"},
    {Step::Granted, "granted"},
    {Step::Tell, "tell"},
    {Step::AskSecret, "ask-secret"},
    {Step::Ask, "ask"},
    {Step::Choose, "choose"},
    {Step::Offer, "offer"},
}};

}  // namespace

std::string_view name_of(Step step) {
  for (const auto &[known, name] : kNames)
    if (known == step) return name;
  return "unavailable";
}

std::optional<Step> step_of(std::string_view name) {
  for (const auto &[step, known] : kNames)
    if (known == name) return step;
  return std::nullopt;
}

}  // namespace passkeyd
