/// Making the plan.
#include "daemon/policy.h"

#include <algorithm>

namespace passkeyd {
namespace {

bool is_wanted(const LoginRequest &request, const Credential &credential) {
  return !request.credential || short_id(credential.id) == *request.credential;
}

/// SSH keys live in security keys, too.
bool is_of_a_model(Way way) {
  return way == Way::Usb || way == Way::Ssh;
}

bool agent_has(const LoginRequest &request, const Credential &credential) {
  const std::vector<Bytes> &held = request.agent_keys;
  return std::find(held.begin(), held.end(), credential.id) != held.end();
}

/// Authenticators of this machine serve only who is at it; where a key is that an agent has, is not for us to
/// ask.
bool is_within_reach(Way way, Place place) {
  return place == Place::Local || way == Way::Ssh;
}

bool usable(const LoginRequest &request, const Credential &credential, const Account &account, Way way,
            const Policy &policy) {
  return is_wanted(request, credential) && credential.state == CredentialState::Active &&
         credential.owner == account && credential.way == way &&
         (!is_of_a_model(way) || accepts(policy, credential.aaguid)) &&
         (way != Way::Ssh || agent_has(request, credential));
}

/// An SSH key that wants a PIN has it asked for where the key is. Any other is asked without a PIN
/// where a touch will do or where its own sensor verifies.
Asks asks_of(const PlannedWay &planned) {
  if (planned.way == Way::Tpm) return Asks::Pin;
  if (planned.way == Way::Ssh) return Asks::Nothing;
  const bool sensor =
      std::all_of(planned.credentials.begin(), planned.credentials.end(),
                  [](const Credential &each) { return each.built_in_uv || !each.user_verification; });
  return planned.user_verification != UserVerification::Required || sensor ? Asks::Nothing : Asks::Pin;
}

/// nullopt: not open, whatever is plugged in.
std::optional<PlannedWay> planned_way(const LoginRequest &request, Way way, const Account &account,
                                      const std::vector<Credential> &credentials, const Policy &policy) {
  PlannedWay planned{way, {}, {}, UserVerification::Required};
  std::copy_if(credentials.begin(), credentials.end(), std::back_inserter(planned.credentials),
               [&](const Credential &each) { return usable(request, each, account, way, policy); });
  if (planned.credentials.empty()) return std::nullopt;
  if (is_of_a_model(way)) planned.user_verification = verification_for(planned.credentials, policy);
  planned.asks = asks_of(planned);
  return planned;
}

}  // namespace

bool insists(const Policy &policy, bool enrolled_with) {
  return policy.user_verification == UserVerification::Required ||
         (policy.user_verification == UserVerification::Preferred && enrolled_with);
}

UserVerification verification_for(const std::vector<Credential> &credentials, const Policy &policy) {
  const bool enrolled_with = std::any_of(credentials.begin(), credentials.end(),
                                         [](const Credential &each) { return each.user_verification; });
  return insists(policy, enrolled_with) ? UserVerification::Required : policy.user_verification;
}

bool accepts(const Policy &policy, const Aaguid &model) {
  const std::vector<Aaguid> &accepted = policy.accepted_aaguids;
  return accepted.empty() || std::find(accepted.begin(), accepted.end(), model) != accepted.end();
}

std::optional<PlannedWay> plan_for_askpass(const LoginRequest &request, const Account &account,
                                           const std::vector<Credential> &credentials, const RpId &rp_id,
                                           const Policy &policy) {
  PlannedWay planned{Way::Client, {}, {}, UserVerification::Required, Asks::Nothing};
  const bool keys = std::find(policy.ways.begin(), policy.ways.end(), Way::Usb) != policy.ways.end();
  std::copy_if(credentials.begin(), credentials.end(), std::back_inserter(planned.credentials),
               [&](const Credential &each) {
                 const bool at_hand = (keys && usable(request, each, account, Way::Usb, policy)) ||
                                      usable(request, each, account, Way::Client, policy);
                 return at_hand && each.rp_id == rp_id;
               });
  if (planned.credentials.empty()) return std::nullopt;
  planned.user_verification = verification_for(planned.credentials, policy);
  return planned;
}

Plan plan_for(const LoginRequest &request, const Account &account, const std::vector<Credential> &credentials,
              std::size_t codes, const std::vector<KeyInfo> &plugged, const Policy &policy) {
  Plan plan;
  const bool talks = request.host == Host::Talks;
  // Who wants to see this passkey work is not helped by a code.
  const bool codes_open = talks && codes > 0 && !request.credential;
  const bool here = request.place == Place::Local;
  // Until a way is found for which it would do, the passkey that was named is none that can be used here.
  if (request.credential) plan.why_none = ErrorKind::NotFound;
  if (!here) plan.why_none = ErrorKind::RemoteSession;
  for (const Way way : policy.ways) {
    std::optional<PlannedWay> planned = planned_way(request, way, account, credentials, policy);
    if (!planned || !is_within_reach(way, request.place)) continue;
    if (here) plan.why_none = ErrorKind::NoDevice;
    if (way == Way::Tpm && request.first == First::Either && request.typed == Typed::Pin)
      plan.typed_pin = planned;
    const bool can_do = talks || planned->asks == Asks::Nothing;
    if (way == Way::Usb && plugged.empty()) {
      plan.key_missing = can_do;
      continue;
    }
    if (way == Way::Usb) planned->keys = plugged;
    if (can_do) plan.ways.push_back(*std::move(planned));
  }
  plan.code = codes_open && (policy.backup_codes == BackupCodes::Always ||
                             (policy.backup_codes == BackupCodes::AfterPasskey && !plan.ways.empty()));
  return plan;
}

}  // namespace passkeyd
