/// A very small terminal, and zbar.
#include "tests/qr_reader.h"

#include <zbar.h>

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <vector>

#include "tests/check.h"

namespace passkeyd::test {
namespace {

using Shade = std::uint8_t;  ///< 0: black
using PixelRow = std::vector<Shade>;

constexpr std::size_t kScale = 4;  ///< pixels of a module, each way

struct Colours {
  Shade ink;
  Shade ground;
};

Colours colours_of(Surface surface) {
  return surface == Surface::DarkTerminal ? Colours{230, 20} : Colours{20, 230};
}

/// Of the 256 colours only the two that matter.
Shade shade_of(int colour) {
  return colour == 16 ? 0 : colour == 231 ? 255 : 128;
}

/// Obeys "ESC [ ... m": 0, 38;5;N and 48;5;N.
void obey(const std::string &sequence, Colours &now, const Colours &usual) {
  std::vector<int> numbers;
  std::istringstream parts(sequence);
  for (std::string part; std::getline(parts, part, ';');) numbers.push_back(std::stoi(part));
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    if (numbers[at] == 0) now = usual;
    if ((numbers[at] != 38 && numbers[at] != 48) || at + 2 >= numbers.size()) continue;
    (numbers[at] == 38 ? now.ink : now.ground) = shade_of(numbers[at + 2]);
    at += 2;
  }
}

/// Two rows of modules for each line of text. Letters are drawn as empty cells: they are not looked at.
std::vector<PixelRow> modules_of(const std::string &output, Surface surface) {
  const Colours usual = colours_of(surface);
  Colours now = usual;
  std::vector<PixelRow> rows(2);
  for (std::size_t at = 0; at < output.size(); ++at) {
    const std::string_view rest(output.data() + at, output.size() - at);
    if (rest.starts_with("\x1b[")) {
      const std::size_t end = output.find('m', at);
      CHECK(end != std::string::npos);
      obey(output.substr(at + 2, end - at - 2), now, usual);
      at = end;
      continue;
    }
    if (rest[0] == '\n') rows.resize(rows.size() + 2);
    if (rest[0] == '\n' || rest[0] == '\r') continue;
    const bool full = rest.starts_with("\u2588");
    const bool upper = full || rest.starts_with("\u2580");
    const bool lower = full || rest.starts_with("\u2584");
    if (upper || lower) at += 2;  // three bytes each
    rows[rows.size() - 2].push_back(upper ? now.ink : now.ground);
    rows[rows.size() - 1].push_back(lower ? now.ink : now.ground);
  }
  return rows;
}

struct Picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<Shade> pixels;
};

Picture picture_of(const std::vector<PixelRow> &rows, Shade ground) {
  Picture picture;
  for (const PixelRow &row : rows) picture.width = std::max(picture.width, row.size() * kScale);
  picture.height = rows.size() * kScale;
  picture.pixels.assign(picture.width * picture.height, ground);
  for (std::size_t y = 0; y < picture.height; ++y)
    for (std::size_t x = 0; x < rows[y / kScale].size() * kScale; ++x)
      picture.pixels[y * picture.width + x] = rows[y / kScale][x / kScale];
  return picture;
}

}  // namespace

std::string read_qr(const std::string &output, Surface surface) {
  const Picture picture = picture_of(modules_of(output, surface), colours_of(surface).ground);
  zbar::ImageScanner scanner;
  zbar::Image image(static_cast<unsigned>(picture.width), static_cast<unsigned>(picture.height), "Y800",
                    picture.pixels.data(), picture.pixels.size());
  scanner.scan(image);
  std::vector<std::string> found;
  for (auto symbol = image.symbol_begin(); symbol != image.symbol_end(); ++symbol)
    if (symbol->get_type() == zbar::ZBAR_QRCODE) found.push_back(symbol->get_data());
  if (found.size() != 1) throw Failed("QR codes seen: " + std::to_string(found.size()));
  return found.front();
}

}  // namespace passkeyd::test
