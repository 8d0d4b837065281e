/// A QR code drawn with characters, two modules on top of each other in each. The encoding is libqrencode's.
#pragma once

#include "cli/output.h"
#include "common/result.h"
#include "common/secret.h"

namespace passkeyd::cli {

enum class Ink {
  Plain,     ///< dark is what the medium writes with: for paper
  Coloured,  ///< black on white by escape sequences, whatever the colours of the terminal are
};

/// Draws `text` with the quiet zone around it that the standard wants. Errors: Unsupported (too long a text,
/// or more than `columns` wide; 0: any width), Internal.
Status draw_qr(const Secret &text, Ink ink, std::size_t columns, Output &output);

}  // namespace passkeyd::cli
