/// Encoding and drawing. See ISO/IEC 18004, qrencode.h.
#include "cli/qr.h"

#include <qrencode.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/handle.h"

namespace passkeyd::cli {
namespace {

/// Modules that stay light on every side.
constexpr std::size_t kQuiet = 4;

/// Black on white of the fixed part of the 256 colours: no theme changes these.
constexpr std::string_view kColours = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view kReset = "\x1b[0m";

/// The modules are the text in another spelling. Copies that the library made on its way are freed by it and
/// end with the process.
void wipe_and_free(QRcode *code) {
  explicit_bzero(code->data, static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width));
  QRcode_free(code);
}
using Code = Handle<QRcode, wipe_and_free>;

/// The modules with their quiet zone, by column and row.
class Modules {
 public:
  explicit Modules(const QRcode &code) : code_(code), width_(static_cast<std::size_t>(code.width)) {}

  [[nodiscard]] std::size_t side() const { return width_ + 2 * kQuiet; }
  [[nodiscard]] bool is_dark(std::size_t column, std::size_t row) const {
    if (column < kQuiet || row < kQuiet || column >= kQuiet + width_ || row >= kQuiet + width_) return false;
    return (code_.data[(row - kQuiet) * width_ + column - kQuiet] & 1U) != 0;
  }

 private:
  const QRcode &code_;
  std::size_t width_;
};

std::string_view glyph(bool upper, bool lower) {
  if (upper) return lower ? "\u2588" : "\u2580";
  return lower ? "\u2584" : " ";
}

}  // namespace

Status draw_qr(const Secret &text, Ink ink, std::size_t columns, Output &output) {
  const Code code(QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1));
  if (!code && errno == ERANGE) return Error{ErrorKind::Unsupported, "too much text for a QR code"};
  if (!code) return errno_error("QRcode_encodeString", errno);
  const Modules modules(*code.get());
  if (columns > 0 && modules.side() > columns)
    return Error{ErrorKind::Unsupported,
                 "the QR code needs a terminal of " + std::to_string(modules.side()) + " columns"};
  for (std::size_t row = 0; row < modules.side(); row += 2) {
    if (ink == Ink::Coloured) output.put(kColours);
    for (std::size_t column = 0; column < modules.side(); ++column)
      output.put(glyph(modules.is_dark(column, row), modules.is_dark(column, row + 1)));
    if (ink == Ink::Coloured) output.put(kReset);
    output.put("\n");
  }
  return Ok{};
}

}  // namespace passkeyd::cli
