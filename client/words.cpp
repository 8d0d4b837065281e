/// How a sentence is put together: what happened, then what comes next.
#include "client/words.h"

#include <optional>

#include "client/catalog.h"
#include "client/sentences.h"
#include "common/askpass.h"

namespace passkeyd {
namespace {

constexpr Sentence kUnknown = {"", Tone::Trouble, Shape::Sentence,
                               tr("Something went wrong with the passkey.")};

const Sentence &row_of(std::string_view id) {
  const Sentence *known = sentence_of(id);
  return known != nullptr ? *known : kUnknown;
}

/// Two sentences in a row; the second may be empty.
std::string joined(const std::string &first, const std::string &second) {
  if (second.empty()) return first;
  return filled(translated(tr("{first} {second}")), {{"first", first}, {"second", second}});
}

std::string counted(const Plural &words, std::uint32_t count) {
  const std::string number = std::to_string(count);
  return filled(translated(words, count), {{"count", number}});
}

/// Rounded up, so that who waits that long does not come too early.
std::string duration(std::uint32_t seconds) {
  constexpr std::uint32_t kManyOfThem = 90;
  if (seconds <= kManyOfThem) return counted(tr("{count} second", "{count} seconds"), seconds);
  const std::uint32_t minutes = seconds / 60 + (seconds % 60 != 0 ? 1 : 0);
  if (minutes <= kManyOfThem) return counted(tr("{count} minute", "{count} minutes"), minutes);
  return counted(tr("{count} hour", "{count} hours"), (minutes + 59) / 60);
}

/// The row's own words, with the names and, where the row has words for that, the tries.
std::string what_happened(const Sentence &row, const Details &details) {
  const bool with_tries = row.with_tries.one != nullptr && details.tries_left;
  const std::string words =
      with_tries ? translated(row.with_tries, *details.tries_left) : translated(row.words);
  const std::string device = details.device.empty() ? translated(tr("security key")) : details.device;
  const std::string name = details.name.empty() ? translated(tr("(no name)")) : details.name;
  const std::string tries = std::to_string(details.tries_left.value_or(0));
  const std::string text = filled(words, {{"device", device}, {"name", name}, {"count", tries}});
  if (with_tries || !details.tries_left || row.shape == Shape::Question) return text;
  return joined(text, counted(tr("{count} try left.", "{count} tries left."), *details.tries_left));
}

std::string question(const Sentence &row, const Details &details) {
  const std::string text = what_happened(row, details);
  if (!details.tries_left) return filled(translated(tr("{question}:")), {{"question", text}}) + " ";
  const std::string tries = counted(tr("{count} try left", "{count} tries left"), *details.tries_left);
  return filled(translated(tr("{question} ({tries}):")), {{"question", text}, {"tries", tries}}) + " ";
}

/// What the daemon says will come; empty: it says nothing, or something newer than this.
std::string what_is_next(const Sentence &row, std::string_view next) {
  if (next == next::kAgain)
    return translated(row.shape == Shape::Complaint ? tr("Try again, or press Enter to go on.")
                                                    : tr("Try again."));
  if (next == next::kPin) return translated(tr("The PIN will do as well."));
  if (next == next::kPasskey) return translated(tr("Next, another passkey is tried."));
  if (next == next::kCode) return translated(tr("Next, a backup code is asked for."));
  return {};
}

/// What lies behind the attempt that this is about.
enum class Behind { Nothing, OtherWays };

std::string when_again(const Details &details, Behind behind) {
  const char *words = tr("Try again in {time}.");
  if (details.next == next::kCode)
    words = tr("Try again in {time}, or use a backup code.");
  else if (behind == Behind::OtherWays)
    words = tr("Try again in {time}, or sign in another way.");
  const std::string time = duration(*details.wait_seconds);
  return filled(translated(words), {{"time", time}});
}

std::string codes_left(std::uint32_t codes) {
  const std::string left = counted(tr("{count} backup code left.", "{count} backup codes left."), codes);
  if (codes > kFewCodes) return left;
  return joined(left, translated(tr("New ones are made with: passkeyctl backup-codes")));
}

/// What comes after `what_happened`. Only a complaint can be waited out.
std::string sequel(const Sentence &row, const Details &details, Behind behind) {
  if (row.shape == Shape::LastWord) return {};
  if (details.codes_left) return codes_left(*details.codes_left);
  if (details.wait_seconds && row.tone == Tone::Trouble) return when_again(details, behind);
  std::string next = what_is_next(row, details.next);
  if (!next.empty()) return next;
  if (behind == Behind::OtherWays && row.tone == Tone::Trouble) return translated(tr("Sign in another way."));
  return row.advice == nullptr ? std::string() : translated(row.advice);
}

std::string all_words(const Details &details, Behind behind) {
  // What a passkey-askpass knows us by is the same in every language.
  if (details.message == message::kPasskeyOrPassword) return std::string(askpass::kFirstPrompt);
  if (details.message == message::kRelay && !details.prompt.empty()) return details.prompt;
  const Sentence &row = row_of(details.message);
  if (row.shape == Shape::Question) return question(row, details);
  return joined(what_happened(row, details), sequel(row, details, behind));
}

}  // namespace

std::string words_for(const Details &details) {
  return all_words(details, Behind::Nothing);
}

std::string last_words_for(const Details &details) {
  return all_words(details, Behind::OtherWays);
}

Tone tone_of(std::string_view message) {
  return row_of(message).tone;
}

bool has_words(std::string_view message) {
  return sentence_of(message) != nullptr;
}

}  // namespace passkeyd
