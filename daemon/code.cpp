/// Asking for a backup code, and making new ones.
#include "daemon/code.h"

#include <algorithm>

#include "daemon/errand.h"
#include "daemon/questions.h"
#include "daemon/record.h"

namespace passkeyd {
namespace {

/// A yescrypt hash takes a fraction of a second; ten of them, on a slow machine under load, take longer.
constexpr std::chrono::seconds kHashTime{20};

/// Which of the account's codes was typed; nullopt: none. Errors: CodeInvalid (not tried), or a fault.
Task<Result<std::optional<CodeHash>>> match(House &house, const LoginCase &login, Fd typed) {
  const Result<std::vector<CodeHash>> stored = house.ledger.unspent_codes(login.account);
  if (!stored) co_return stored.error();
  wire::Request request = wire::CheckCode{stored.value()};
  std::vector<Fd> secrets;
  secrets.push_back(std::move(typed));
  Result<Returned<wire::CodeChecked>> checked =
      co_await errand<wire::CodeChecked>(house, std::move(request), {}, std::move(secrets), kHashTime);
  if (!checked) co_return checked.error();
  const std::optional<int> number = checked->value.number;
  const auto found = std::find_if(stored->begin(), stored->end(),
                                  [&](const CodeHash &each) { return number && each.number == *number; });
  if (found == stored->end()) co_return std::optional<CodeHash>();
  co_return std::optional<CodeHash>(*found);
}

/// One try: counted, hashed, decided. Errors: CodeWrong, CodeInvalid, Limited, or a fault.
Task<Result<Say>> try_code(House &house, const LoginCase &login, Fd typed) {
  const Result<TryAnswer> counted =
      house.ledger.begin_try(try_key_of(login, Way::Code), house.moment(), house.config.limits);
  if (!counted) co_return counted.error();
  if (!counted->ticket) co_return limited(counted->wait);
  const Result<std::optional<CodeHash>> matched = co_await match(house, login, std::move(typed));
  if (!matched) {
    const Status undone = house.ledger.undo_try(*counted->ticket);
    if (!undone) co_return undone.error();
    co_return matched.error();
  }
  const Result<CodeDecision> decision =
      house.ledger.decide_code(code_attempt_of(login, counted->ticket), matched.value(), house.moment());
  if (!decision) {
    note_undecided(login, decision.error());
    co_return decision.error();
  }
  if (decision->verdict == Verdict::Granted)
    co_return Say(Step::Granted, message::kCodeAccepted)
        .with(detail::kCodesLeft, static_cast<std::uint32_t>(decision->left));
  if (decision->refusal == Refusal::AccountLocked)
    co_return Error{ErrorKind::Locked, "the account is locked"};
  co_return Error{ErrorKind::CodeWrong, "no unspent backup code"};
}

}  // namespace

Task<Result<Say>> prove_by_code(House &house, Face &face, const LoginCase &login, bool &refused) {
  for (int tries = 1;; ++tries) {
    const Status allowed = may_try(house, login, Way::Code);
    if (!allowed) co_return allowed.error();
    Result<Fd> typed = co_await ask_hidden(face, message::kBackupCode, {});
    if (!typed) co_return typed.error();
    Result<Say> said = co_await try_code(house, login, std::move(typed).value());
    if (said || !may_type_again(said.error(), tries)) co_return said;
    refused = refused || is_denial(said.error().kind);
    face.tell(say_error(Step::Tell, said.error()).with(detail::kNext, std::string(next::kAgain)));
  }
}

Task<Result<NewCodes>> make_codes(House &house, const Account &owner, const Actor &by) {
  wire::Request request = wire::MakeCodes{};
  Result<Returned<wire::CodesMade>> made =
      co_await errand<wire::CodesMade>(house, std::move(request), {}, {}, kHashTime);
  if (!made) co_return made.error();
  if (made->files.size() != 1) co_return Error{ErrorKind::Malformed, "the codes did not come in one file"};
  const Status stored = house.ledger.replace_codes(owner, made->value.hashes, by, house.clock.wall());
  if (!stored) co_return stored.error();
  co_return NewCodes{std::move(made->files.front()), made->value.hashes.size()};
}

}  // namespace passkeyd
