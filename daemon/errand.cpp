/// Looking up accounts in a process of their own, since NSS may wait for a network.
#include "daemon/errand.h"

#include "common/log.h"

namespace passkeyd {

void log_problems(const Credentials &stored) {
  for (const BadRow &bad : stored.problems)
    log_line(LogLevel::Error,
             "ledger: credential " + std::to_string(bad.row) + " is passed over: " + log_safe(bad.problem));
}

Task<Result<Account>> look_up(House &house, UserName user) {
  wire::Request request = wire::LookUpAccount{user.str()};
  Result<Returned<wire::AccountFound>> found =
      co_await errand<wire::AccountFound>(house, std::move(request), std::string());
  if (!found) co_return found.error();
  Result<UserName> name = UserName::parse(found->value.name);
  if (!name) co_return name.error();
  co_return Account{std::move(name).value(), found->value.uid};
}

}  // namespace passkeyd
