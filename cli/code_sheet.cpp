/// Columns and the page.
#include "cli/code_sheet.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string>

#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr std::string_view kMargin = "  ";
constexpr std::string_view kGap = "      ";

/// Down the first column, then down the second.
void put_columns(const std::vector<std::string_view> &codes, Output &output) {
  std::size_t widest = 0;
  for (const std::string_view code : codes) widest = std::max(widest, code.size());
  const std::size_t rows = (codes.size() + 1) / 2;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t at = row; at < codes.size(); at += rows) {
      output.put(at == row ? kMargin : kGap);
      output.put(std::string(widest - codes[at].size(), ' '));
      output.put(codes[at]);
    }
    output.put("\n");
  }
}

std::string host_name() {
  std::array<char, 256> name = {};
  if (gethostname(name.data(), name.size() - 1) != 0) return "?";
  return printable(name.data(), 255);
}

/// The same in every language, for the page may be read elsewhere.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  std::array<char, 32> text = {};
  if (localtime_r(&now, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts) == 0)
    return "?";
  return text.data();
}

}  // namespace

const char *const kAboutCodes =
    "Each code opens one sign-in, where a backup code is asked for: after a passkey that did not work, and,\n"
    "where the administrator has set backup_codes = always, also without any. Type it with its number.\n"
    "They are not shown again. Write them down or print them, and keep them apart from the key and from\n"
    "this computer: whoever has one can sign in as its owner.\n";

void put_codes(const CodeSet &set, Output &output) {
  if (Output::is_terminal()) {
    output.put("\n");
    put_columns(set.codes(), output);
    output.put("\n");
    return;
  }
  output.put(set.text().text());
  output.put("\n");
}

void put_page(const CodeSet &set, const UserName &user, Output &output) {
  output.put("Backup codes for signing in\n\n");
  output.put("  account:   " + printable(user.str(), UserName::kMaxBytes) + "\n");
  output.put("  computer:  " + host_name() + "\n");
  output.put("  made on:   " + today() + "\n\n");
  put_columns(set.codes(), output);
  output.put(
      "\n"
      "Each code opens one sign-in, where a backup code is asked for: after a\n"
      "passkey that did not work, and, where the administrator has set\n"
      "backup_codes = always, also without any. Type it with its number, such\n"
      "as 3-XXXXX-XXXXX-XXXXX; capitals, hyphens and spaces do not matter.\n"
      "Cross it out: it is good only once.\n"
      "\n"
      "Keep this page as you would keep a key: apart from the computer and\n"
      "from the security key. Whoever has a code can sign in as its owner.\n"
      "If the page is lost, or the codes run out, an administrator makes new\n"
      "ones, and these are void then:\n"
      "sudo passkeyctl backup-codes --user " +
      printable(user.str(), UserName::kMaxBytes) + "\n");
}

}  // namespace passkeyd::cli
