/// Backup codes: what is taken for one, and that a slip of the finger never is.
#include "common/backup_code.h"

#include <set>
#include <vector>

#include "tests/check.h"

using namespace passkeyd;

namespace {

constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

Result<BackupCode> parse(std::string_view typed) {
  return BackupCode::parse(MUST(Secret::parse(typed)));
}

bool reads_as(std::string_view typed, std::string_view canonical) {
  const Result<BackupCode> code = parse(typed);
  return code && code->text.text() == canonical;
}

void refused(std::string_view typed) {
  const Result<BackupCode> code = parse(typed);
  if (code) test::fail_at(__FILE__, __LINE__, "taken for a code: " + std::string(typed));
  CHECK(code.error().kind == ErrorKind::CodeInvalid);
}

/// A few codes of each number, as their texts.
std::vector<std::string> some_codes(int of_each) {
  std::vector<std::string> codes;
  for (int number = 1; number <= BackupCode::kCount; ++number)
    for (int at = 0; at < of_each; ++at) codes.emplace_back(MUST(BackupCode::make(number)).text.text());
  return codes;
}

/// What `symbol` may be typed as besides itself.
bool means(char typed, char symbol) {
  const std::string_view same = symbol == '0' ? "Oo" : symbol == '1' ? "IiLl" : "";
  const char lower = symbol >= 'A' ? static_cast<char>(symbol + ('a' - 'A')) : symbol;
  return typed == symbol || typed == lower || same.find(typed) != std::string_view::npos;
}

void a_made_code_reads_back_as_itself() {
  for (int number = 1; number <= BackupCode::kCount; ++number) {
    const BackupCode made = MUST(BackupCode::make(number));
    const std::string head = std::to_string(number) + "-";
    CHECK(made.number == number && made.text.text().substr(0, head.size()) == head);
    CHECK(made.text.size() == head.size() + 17);
    for (const char c : made.text.text()) CHECK(c == '-' || kSymbols.find(c) != std::string_view::npos);
    const BackupCode read = MUST(parse(made.text.text()));
    CHECK(read.number == number && read.text.text() == made.text.text());
  }
}

void only_ten_numbers_exist() {
  for (const int number : {-1, 0, BackupCode::kCount + 1, 100})
    CHECK(BackupCode::make(number).error().kind == ErrorKind::Internal);
  for (const char *number : {"", "0", "00", "01", "07", "11", "17", "31", "71", "100", "A"})
    for (const char check : kSymbols) refused(std::string(number) + "-K3M9X-0TQ4Z-P8RW" + check);
}

void a_code_may_be_typed_in_many_ways() {
  constexpr const char *kCode = "7-K3M9X-0TQ4Z-P8RWS";
  for (const char *typed : {kCode, "7K3M9X0TQ4ZP8RWS", "7 k3m9x 0tq4z p8rws", " 7-K3M9X 0TQ4Z  P8RWS ",
                            "7k3M9xoTQ4ZP8RWS", "7--K-3-M-9-X-O-T-Q-4-Z-P-8-R-W-S--"})
    CHECK(reads_as(typed, kCode));
  const std::string ten(MUST(BackupCode::make(10)).text.text());
  for (const char *head : {"10", "IO", "lo", "L0", "1 0"}) CHECK(reads_as(head + ten.substr(2), ten));
}

void other_texts_are_no_codes() {
  for (const char *typed :
       {"", "-", " ", "7", "hunter22", "correct horse battery staple", "123456", "7-K3M9X-0TQ4Z-P8RW",
        "7-K3M9X-0TQ4Z-P8RWSS", "7_K3M9X_0TQ4Z_P8RWS", "7-K3M9X-0TQ4Z-P8RWS\n", "7-K3M9X-0TQ4Z-P8RWU",
        "-------------------", "0000000000000000", "\xff\xfe",
        "7-\xc3\x9c"
        "3M9X-0TQ4Z-P8RWS"})
    refused(typed);
  refused(std::string(Secret::kMaxBytes, '7'));
  refused(std::string(Secret::kMaxBytes, '-'));
}

void every_single_mistyped_symbol_is_noticed() {
  for (const std::string &code : some_codes(2))
    for (std::size_t at = 0; at < code.size(); ++at)
      for (int byte = 1; byte < 256 && code[at] != '-'; ++byte) {
        std::string typed = code;
        typed[at] = static_cast<char>(byte);
        if (means(typed[at], code[at]))
          CHECK(reads_as(typed, code));
        else if (byte != '-' && byte != ' ')  // those would be a symbol left out, not mistyped
          refused(typed);
      }
}

void every_swap_of_neighbours_is_noticed() {
  for (const std::string &code : some_codes(20)) {
    std::string bare;
    for (const char c : code)
      if (c != '-') bare += c;
    for (std::size_t at = 0; at + 1 < bare.size(); ++at) {
      std::string typed = bare;
      std::swap(typed[at], typed[at + 1]);
      if (typed == bare)
        CHECK(reads_as(typed, code));
      else
        refused(typed);
    }
  }
}

void no_two_codes_are_alike_and_all_symbols_occur() {
  std::set<std::string> codes;
  std::set<char> symbols;
  for (const std::string &code : some_codes(50)) {
    codes.insert(code);
    symbols.insert(code.end() - 5, code.end());
  }
  CHECK(codes.size() == 500);
  CHECK(symbols.size() == kSymbols.size());
}

void an_error_says_nothing_of_what_was_typed() {
  for (const char *typed : {"hunter22", "7-K3M9X-0TQ4Z-P8RW0"}) {
    const std::string sentence = parse(typed).error().sentence;
    CHECK(!sentence.empty() && sentence.find(typed) == std::string::npos);
    CHECK(sentence == parse("another").error().sentence);
  }
}

void a_set_is_written_a_line_each_and_too_much_is_refused() {
  std::vector<BackupCode> codes;
  std::string expected;
  for (int number = 1; number <= BackupCode::kCount; ++number) {
    codes.push_back(MUST(BackupCode::make(number)));
    expected += std::string(codes.back().text.text()) + "\n";
  }
  CHECK(MUST(lines_of(codes)).text() == expected);
  CHECK(MUST(lines_of({})).empty());
  for (int at = 0; at < 20; ++at) codes.push_back(MUST(BackupCode::make(1)));
  CHECK(lines_of(codes).error().kind == ErrorKind::InvalidInput);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_made_code_reads_back_as_itself),
      TEST(only_ten_numbers_exist),
      TEST(a_code_may_be_typed_in_many_ways),
      TEST(other_texts_are_no_codes),
      TEST(every_single_mistyped_symbol_is_noticed),
      TEST(every_swap_of_neighbours_is_noticed),
      TEST(no_two_codes_are_alike_and_all_symbols_occur),
      TEST(an_error_says_nothing_of_what_was_typed),
      TEST(a_set_is_written_a_line_each_and_too_much_is_refused),
  };
  return cmocka_run_group_tests_name("backup-code", tests, nullptr, nullptr);
}
