/// Finding and asking for names.
#include "daemon/naming.h"

#include <algorithm>

#include "ledger/credential_row.h"

namespace passkeyd {
namespace {

constexpr int kMostTimes = 3;

/// The beginning of a text that has room, not cut inside a character.
std::string_view beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_free(std::string_view name, const std::vector<Credential> &others) {
  return std::ranges::none_of(others, [&](const Credential &each) {
    return each.state != CredentialState::Revoked && each.name == name;
  });
}

std::string free_name(std::string_view wanted, const std::vector<Credential> &others) {
  std::string name(trimmed(beginning(wanted, credential_row::kMaxName)));
  for (int number = 2; !is_free(name, others); ++number) {
    const std::string end = " " + std::to_string(number);
    name = std::string(trimmed(beginning(wanted, credential_row::kMaxName - end.size()))) + end;
  }
  return name;
}

Task<std::string> ask_name(Face &face, std::string suggestion, std::vector<Credential> others) {
  for (int times = 0; times < kMostTimes; ++times) {
    Say question = Say(Step::Ask, message::kNamePasskey).with(detail::kName, suggestion);
    const Answer answer = co_await face.ask(std::move(question));
    const std::string name(trimmed(answer.text));
    if (name.empty()) break;
    const bool possible = !credential_row::problem_with_name(name);
    if (possible && is_free(name, others)) co_return name;
    const ErrorKind why = possible ? ErrorKind::AlreadyExists : ErrorKind::InvalidInput;
    face.tell(Say(Step::Tell, name_of(why)));
  }
  co_return suggestion;
}

}  // namespace passkeyd
