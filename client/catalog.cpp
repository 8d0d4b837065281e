/// Asking gettext, and judging what it says.
#include "client/catalog.h"

#include <libintl.h>

#include <algorithm>
#include <vector>

#include "common/account.h"

namespace passkeyd {
namespace {

/// The next "{word}" in `text`, braces included; empty: there is none.
std::string_view next_placeholder(std::string_view text) {
  const std::size_t start = text.find('{');
  if (start == std::string_view::npos) return {};
  const std::size_t end = text.find('}', start);
  return end == std::string_view::npos ? std::string_view() : text.substr(start, end - start + 1);
}

std::vector<std::string_view> placeholders_of(std::string_view text) {
  std::vector<std::string_view> found;
  for (std::string_view word = next_placeholder(text); !word.empty(); word = next_placeholder(text)) {
    found.push_back(word);
    text.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - text.data()));
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool can_stand_for(std::string_view original, std::string_view translation) {
  return !translation.empty() && translation.size() <= kMaxTranslation && is_printable(translation) &&
         placeholders_of(translation) == placeholders_of(original);
}

}  // namespace

std::string translated(const char *english) {
  const char *found = dgettext(kCatalogDomain, english);
  return found != nullptr && can_stand_for(english, found) ? found : english;
}

std::string translated(const Plural &english, unsigned long count) {
  const char *found = dngettext(kCatalogDomain, english.one, english.many, count);
  if (found != nullptr && can_stand_for(english.many, found)) return found;
  return count == 1 ? english.one : english.many;
}

std::string filled(std::string_view sentence, std::initializer_list<Filling> fillings) {
  std::string text;
  for (std::string_view word = next_placeholder(sentence); !word.empty(); word = next_placeholder(sentence)) {
    const std::string_view name = word.substr(1, word.size() - 2);
    const auto *filling = std::find_if(fillings.begin(), fillings.end(),
                                       [&](const Filling &each) { return each.placeholder == name; });
    text.append(sentence.data(), word.data());
    text += filling == fillings.end() ? word : filling->text;
    sentence.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - sentence.data()));
  }
  return text += sentence;
}

}  // namespace passkeyd
