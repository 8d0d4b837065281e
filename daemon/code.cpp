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

/// What costs a hash: what can be a code; or anything at all, where nobody shall see the difference.
enum class Hashed { Codes, Everything };

/// Which of the stored codes was typed; nullopt: none. Errors: CodeInvalid (not tried), or a fault.
Task<Result<std::optional<CodeHash>>> match(House &house, std::vector<CodeHash> stored, Fd typed,
                                            Hashed hashed) {
  wire::Request request = wire::CheckCode{stored, hashed == Hashed::Everything};
  std::vector<Fd> secrets;
  secrets.push_back(std::move(typed));
  Result<Returned<wire::CodeChecked>> checked =
      co_await errand<wire::CodeChecked>(house, std::move(request), {}, std::move(secrets), kHashTime);
  if (!checked) co_return checked.error();
  const std::optional<int> number = checked->value.number;
  const auto found = std::find_if(stored.begin(), stored.end(),
                                  [&](const CodeHash &each) { return number && each.number == *number; });
  if (found == stored.end()) co_return std::optional<CodeHash>();
  co_return std::optional<CodeHash>(*found);
}

/// The same with the account's codes as they are now.
Task<Result<std::optional<CodeHash>>> match_stored(House &house, const LoginCase &login, Fd typed,
                                                   Hashed hashed) {
  Result<std::vector<CodeHash>> stored = house.ledger.unspent_codes(login.account);
  if (!stored) co_return stored.error();
  co_return co_await match(house, std::move(stored).value(), std::move(typed), hashed);
}

/// Asks for a try. Errors: Limited, or a fault.
Result<Ticket> ticket_for(House &house, const LoginCase &login) {
  const TryAnswer counted =
      TRY(house.ledger.begin_try(try_key_of(login, Way::Code), house.moment(), house.config.limits));
  if (!counted.ticket) return limited(counted.wait);
  return *counted.ticket;
}

/// One try that was counted: hashed, decided. Errors: CodeWrong, CodeInvalid, or a fault.
Task<Result<Say>> try_code(House &house, const LoginCase &login, Ticket ticket, Fd typed, Hashed hashed) {
  const Result<std::optional<CodeHash>> matched =
      co_await match_stored(house, login, std::move(typed), hashed);
  if (!matched) {
    const Status undone = house.ledger.undo_try(ticket);
    if (!undone) co_return undone.error();
    co_return matched.error();
  }
  const Result<CodeDecision> decision =
      house.ledger.decide_code(code_attempt_of(login, ticket), matched.value(), house.moment());
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
    const Result<Ticket> ticket = ticket_for(house, login);
    if (!ticket) co_return ticket.error();
    Result<Say> said =
        co_await try_code(house, login, ticket.value(), std::move(typed).value(), Hashed::Codes);
    if (said || !may_type_again(said.error(), tries)) co_return said;
    refused = refused || is_denial(said.error().kind);
    face.tell(say_error(Step::Tell, said.error()).with(detail::kNext, std::string(next::kAgain)));
  }
}

Task<Result<Say>> prove_by_code_unseen(House &house, Face &face, const LoginCase &login) {
  Result<Fd> typed = co_await ask_hidden(face, message::kBackupCode, {});
  if (!typed) co_return typed.error();
  Result<Ticket> ticket = Error{ErrorKind::CodeWrong, "the account has no backup codes"};
  if (login.codes > 0) ticket = ticket_for(house, login);
  if (ticket)
    co_return co_await try_code(house, login, ticket.value(), std::move(typed).value(), Hashed::Everything);
  // As much work, and for nothing.
  const Result<std::optional<CodeHash>> none =
      co_await match(house, {}, std::move(typed).value(), Hashed::Everything);
  if (!none && none.error().kind != ErrorKind::CodeInvalid) co_return none.error();
  co_return ticket.error();
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
