/// How wide a text is on a terminal, and how it is shortened. Texts here are printable UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace passkeyd::cli {

/// Columns that `text` takes: two for wide characters (most of East Asia's, emoji), none for combining ones.
std::size_t width_of(std::string_view text);

/// `text` in at most `columns` columns; where something is left out, "…" stands for it.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace passkeyd::cli
