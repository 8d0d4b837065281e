/// Making the plan.
#include "daemon/policy.h"

#include <algorithm>

namespace passkeyd {
namespace {

bool usable(const Credential &credential, const Account &account, Way way) {
  return credential.state == CredentialState::Active && credential.owner == account && credential.way == way;
}

UserVerification verification_for(const std::vector<Credential> &credentials, const Config &config) {
  const bool enrolled_with = std::any_of(credentials.begin(), credentials.end(),
                                         [](const Credential &each) { return each.user_verification; });
  if (config.user_verification == UserVerification::Discouraged && !enrolled_with)
    return UserVerification::Discouraged;
  return enrolled_with ? UserVerification::Required : config.user_verification;
}

}  // namespace

Plan plan_for(const LoginRequest &request, const Account &account, const std::vector<Credential> &credentials,
              const std::vector<KeyInfo> &plugged, const Config &config) {
  Plan plan;
  if (request.remote) {
    plan.why_none = ErrorKind::RemoteSession;
    return plan;
  }
  for (const Way way : config.ways) {
    PlannedWay planned{way, {}, {}, UserVerification::Required};
    std::copy_if(credentials.begin(), credentials.end(), std::back_inserter(planned.credentials),
                 [&](const Credential &each) { return usable(each, account, way); });
    if (planned.credentials.empty()) continue;
    if (way == Way::Usb) {
      if (plugged.empty()) continue;
      planned.keys = plugged;
      planned.user_verification = verification_for(planned.credentials, config);
    }
    plan.ways.push_back(std::move(planned));
  }
  return plan;
}

}  // namespace passkeyd
