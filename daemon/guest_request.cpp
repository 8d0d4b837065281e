/// Reading what is asked of guest keys.
#include "daemon/guest_request.h"

#include <algorithm>

#include "common/steps.h"
#include "daemon/arguments.h"
#include "ledger/guest_keys.h"
#include "ssh/relay.h"
#include "webauthn/base64url.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMostIds = 64;

Error invalid(const char *why) {
  return {ErrorKind::InvalidInput, why};
}

Result<std::string> required(const Arguments &given, const char *key) {
  std::optional<std::string> found = TRY(given.text(key));
  if (!found || found->empty()) return Error{ErrorKind::InvalidInput, std::string(key) + " is missing."};
  return std::move(*found);
}

/// Credential ids in base64url, a space between them; those that are longer than any of ours are as good as
/// none.
Result<std::vector<Bytes>> ids_of(const Arguments &given, const char *key) {
  const std::string text = TRY(given.text(key)).value_or(std::string());
  std::vector<Bytes> ids;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::optional<Bytes> id = from_base64url(rest.substr(0, end));
    if (!id || id->empty() || ids.size() == kMostIds) return invalid("That is no list of credential ids.");
    ids.push_back(*std::move(id));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return ids;
}

Result<ClientDataParts> parts_of(const std::string &client_data, Ceremony ceremony) {
  std::optional<ClientDataParts> parts = read_client_data_json(client_data);
  if (!parts || parts->ceremony != ceremony) return invalid("That is no client data for this.");
  return *std::move(parts);
}

/// The host is as an ssh client writes it, which is in lower case.
bool comes_over_ssh(std::string_view origin) {
  const std::size_t before = ssh::origin_of("").size();
  const Result<std::string> host = ssh::host_of(origin.substr(std::min(before, origin.size())));
  return host && origin == ssh::origin_of(host.value());
}

}  // namespace

// Each part has a name of its own before the whole is built, for the sake of g++ 12 (daemon/request.cpp).

Result<GuestEnrollment> read_guest_enrollment(sd_bus_message *call, const Caller &caller) {
  const Arguments given = TRY(Arguments::read(call));
  const std::string name = TRY(required(given, request::kUser));
  UserName user = TRY(UserName::parse(name));
  const std::string machine = TRY(required(given, request::kRpId));
  RpId rp_id = TRY(RpId::parse(machine));
  std::string account = TRY(given.label(request::kAccount, GuestKey::kMaxAccount));
  if (account.empty()) return invalid("account is missing.");
  std::string client_data = TRY(required(given, request::kClientData));
  ClientDataParts parts = TRY(parts_of(client_data, Ceremony::Create));
  if (parts.origin != rp_id.origin()) return invalid("The client data is for another machine.");
  std::vector<Bytes> exclude = TRY(ids_of(given, request::kExclude));
  return GuestEnrollment{std::move(user),         caller,
                         std::move(rp_id),        std::move(account),
                         std::move(parts.random), std::move(client_data),
                         std::move(exclude)};
}

Result<GuestAssertion> read_guest_assertion(sd_bus_message *call, const Caller &caller) {
  const Arguments given = TRY(Arguments::read(call));
  const std::string name = TRY(required(given, request::kUser));
  UserName user = TRY(UserName::parse(name));
  const std::string machine = TRY(required(given, request::kRpId));
  RpId rp_id = TRY(RpId::parse(machine));
  const std::string client_data = TRY(required(given, request::kClientData));
  ClientDataParts parts = TRY(parts_of(client_data, Ceremony::Get));
  if (!comes_over_ssh(parts.origin)) return invalid("Only sign-ins over SSH are signed here.");
  std::vector<Bytes> allowed = TRY(ids_of(given, request::kAllowed));
  if (allowed.empty()) return invalid("allowed is missing.");
  return GuestAssertion{std::move(user),         caller,
                        std::move(rp_id),        std::move(parts.random),
                        std::move(parts.origin), std::move(allowed)};
}

}  // namespace passkeyd
