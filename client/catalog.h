/// The catalog: English sentences in the language of the person, through gettext(3), domain "passkeyd". The
/// locale is the host's (nobody here calls setlocale), the catalogs lie where libc looks by itself; without a
/// locale or a catalog it stays English.
///
/// A catalog is a file like any other: what it gives is taken only if it is one printable line of bounded
/// length with the very placeholders of the original. Placeholders are {words}, never formats of printf.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace passkeyd {

/// gettext's name for the catalogs.
inline constexpr const char *kCatalogDomain = "passkeyd";

/// Most bytes of a translated sentence, before its placeholders are filled.
inline constexpr std::size_t kMaxTranslation = 300;

/// Marks a text for xgettext, which reads the sources; does nothing.
constexpr const char *tr(const char *english) {
  return english;
}

/// A text that depends on a number, {count}.
struct Plural {
  const char *one = nullptr;
  const char *many = nullptr;
};
/// The same mark for those.
constexpr Plural tr(const char *one, const char *many) {
  return {one, many};
}

/// Both give the original where there is no translation, or none that can be trusted.
std::string translated(const char *english);
std::string translated(const Plural &english, unsigned long count);

struct Filling {
  std::string_view placeholder;  ///< without its braces
  std::string_view text;
};

/// Replaces the placeholders, in one pass: what is put in is never looked at again. One without a filling
/// stays as it is.
std::string filled(std::string_view sentence, std::initializer_list<Filling> fillings);

}  // namespace passkeyd
