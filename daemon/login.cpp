/// The story of one sign-in.
#include "daemon/login.h"

#include "daemon/agent_proof.h"
#include "daemon/ladder.h"
#include "daemon/login_case.h"
#include "daemon/nameless.h"
#include "daemon/remote_login.h"

namespace passkeyd {

Task<void> tell_login(House &house, Face &face, LoginRequest request) {
  if (!request.user) co_return co_await tell_nameless_login(house, face, std::move(request));
  if (request.askpass && house.config.policy_for(request.service).askpass)
    co_return co_await tell_remote_login(house, face, std::move(request));
  std::optional<LoginCase> login = co_await open_case(house, face, std::move(request));
  if (!login) co_return;
  co_await meet_agent(house, *login);
  Ladder ladder(house, face, *login);
  co_await ladder.wait_for_key();
  std::optional<Say> last;
  if (login->request.first == First::Either) last = co_await ladder.offer();
  if (!last) last = co_await ladder.climb();
  face.finish(*std::move(last));
}

}  // namespace passkeyd
