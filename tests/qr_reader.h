/// Reads a QR code off a screen or a page, as a camera would: the characters are drawn as they would be seen,
/// and zbar, which is not the library that encoded them, looks at the picture.
#pragma once

#include <string>

namespace passkeyd::test {

/// What the characters are shown on; escape sequences that set colours are obeyed.
enum class Surface { DarkTerminal, LightTerminal, Paper };

/// The text of the one QR code in `output`. Fails the test if there is none, or more than one.
std::string read_qr(const std::string &output, Surface surface);

}  // namespace passkeyd::test
