/// Backup codes: symbols, the check over them, and the spelling.
///
/// The number and the fifteen symbols are read as digits of a polynomial over the field of 32 elements, which
/// must be zero at the field's generator. So every place has a weight of its own that is not zero: one wrong
/// symbol moves the sum, and so do any two that changed places.
#include "common/backup_code.h"

#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

namespace passkeyd {
namespace {

constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kSymbolsInCode = BackupCode::kRandomSymbols + 1;
constexpr std::size_t kGroup = 5;

/// Working memory for as much of a code as there can be; wiped like the Secret it comes from or goes to.
template <std::size_t kSize>
struct Scratch {
  std::array<std::uint8_t, kSize> bytes{};
  std::size_t used = 0;

  Scratch() = default;
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch() { explicit_bzero(bytes.data(), bytes.size()); }

  /// False if it is full.
  bool add(std::uint8_t byte) {
    if (used == kSize) return false;
    bytes[used++] = byte;
    return true;
  }
  void add(std::string_view text) {
    for (const char c : text) add(static_cast<std::uint8_t>(c));
  }
  [[nodiscard]] ByteView view() const { return ByteView(bytes).first(used); }
};

/// The number, at most two digits, and the symbols.
using Digits = Scratch<2 + kSymbolsInCode>;

/// Times the generator: x, where x^5 = x^2 + 1.
constexpr std::uint8_t times_x(std::uint8_t element) {
  const int shifted = element << 1;
  return static_cast<std::uint8_t>(shifted & 0x20 ? shifted ^ 0x25 : shifted);
}

/// The polynomial's value for a number and some symbols after it.
std::uint8_t value_of(int number, ByteView symbols) {
  auto value = static_cast<std::uint8_t>(number);
  for (const std::uint8_t symbol : symbols) value = times_x(value) ^ symbol;
  return value;
}

/// A typed character as a symbol; nullopt: it is none.
std::optional<std::uint8_t> symbol_of(char typed) {
  const char upper = typed >= 'a' && typed <= 'z' ? static_cast<char>(typed - 'a' + 'A') : typed;
  const char meant = upper == 'O' ? '0' : upper == 'I' || upper == 'L' ? '1' : upper;
  const std::size_t at = kSymbols.find(meant);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

/// The number that one or two digits write without leading zeros; nullopt: no code has it.
std::optional<int> number_of(ByteView digits) {
  int number = 0;
  for (const std::uint8_t digit : digits) {
    if (digit > 9 || (number == 0 && digit == 0)) return std::nullopt;
    number = number * 10 + digit;
  }
  if (number < 1 || number > BackupCode::kCount) return std::nullopt;
  return number;
}

BackupCode code_of(int number, ByteView symbols) {
  Scratch<2 + kSymbolsInCode + kSymbolsInCode / kGroup> text;
  text.add(std::to_string(number));
  for (std::size_t at = 0; at < symbols.size(); ++at) {
    if (at % kGroup == 0) text.add('-');
    text.add(static_cast<std::uint8_t>(kSymbols[symbols[at]]));
  }
  return {number, Secret(text.view())};
}

}  // namespace

Result<BackupCode> BackupCode::make(int number) {
  if (number < 1 || number > kCount)
    return Error{ErrorKind::Internal, "there is no backup code of number " + std::to_string(number)};
  Scratch<kSymbolsInCode> symbols;
  if (getentropy(symbols.bytes.data(), kRandomSymbols) != 0)
    return Error{ErrorKind::Internal, errno_error("getentropy", errno).sentence};
  for (std::uint8_t &byte : symbols.bytes) byte &= 0x1f;  // 256 is a multiple of 32: still uniform
  symbols.used = kRandomSymbols;
  // In this field whatever is added to itself is zero, so the sum so far is the symbol that makes it so.
  symbols.add(times_x(value_of(number, symbols.view())));
  return code_of(number, symbols.view());
}

Result<BackupCode> BackupCode::parse(const Secret &typed) {
  const Error no_code{ErrorKind::CodeInvalid,
                      "what was typed is no backup code, or one with a mistake in it"};
  Digits digits;
  for (const char c : typed.text()) {
    if (c == '-' || c == ' ') continue;
    const std::optional<std::uint8_t> symbol = symbol_of(c);
    if (!symbol || !digits.add(*symbol)) return no_code;
  }
  if (digits.used <= kSymbolsInCode) return no_code;
  const std::size_t head = digits.used - kSymbolsInCode;
  const std::optional<int> number = number_of(digits.view().first(head));
  const ByteView symbols = digits.view().subspan(head);
  if (!number || value_of(*number, symbols) != 0) return no_code;
  return code_of(*number, symbols);
}

Result<Secret> lines_of(std::span<const BackupCode> codes) {
  Scratch<Secret::kMaxBytes> lines;
  for (const BackupCode &code : codes) {
    if (code.text.size() + 1 > Secret::kMaxBytes - lines.used)
      return Error{ErrorKind::InvalidInput, "so many backup codes do not fit one secret"};
    lines.add(code.text.text());
    lines.add('\n');
  }
  return Secret(lines.view());
}

}  // namespace passkeyd
