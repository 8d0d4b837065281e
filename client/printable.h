/// Texts from elsewhere (the bus, a device's own name, a host's idea of a terminal), made fit to be shown and
/// sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace passkeyd {

/// `text` as one line of valid UTF-8 of at most `most` bytes: whatever is_printable() would refuse becomes
/// '?', and what is too long is cut between characters. Never empty if `text` was not.
std::string printable(std::string_view text, std::size_t most);

}  // namespace passkeyd
