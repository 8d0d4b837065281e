/// Enrolling a key: what it can do, and making a credential in it.
#include <algorithm>
#include <limits>

#include "common/account.h"
#include "usb/authenticator.h"
#include "usb/cue_player.h"
#include "usb/errors.h"
#include "usb/pin.h"
#include "webauthn/authenticator_data.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxUserNameBytes = 64;  // what every key takes (CTAP 2.1, section 6.1.2)
constexpr std::size_t kMaxAttestationBytes = 16 * 1024;

/// Most algorithms looked at in a key's list.
constexpr std::size_t kMaxAlgorithms = 32;

std::vector<Algorithm> algorithms_of(const fido_cbor_info_t *info) {
  std::vector<Algorithm> known;
  const std::size_t count = std::min(fido_cbor_info_algorithm_count(info), kMaxAlgorithms);
  for (std::size_t at = 0; at < count; ++at)
    for (const Algorithm one : {Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256})
      if (fido_cbor_info_algorithm_cose(info, at) == static_cast<int>(one)) known.push_back(one);
  if (fido_cbor_info_algorithm_count(info) == 0) known.push_back(Algorithm::Es256);  // CTAP 2.0 does not say
  return known;
}

std::uint32_t allow_list_of(const fido_cbor_info_t *info) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(fido_cbor_info_maxcredcntlst(info), kMost));
}

bool has_option(const fido_cbor_info_t *info, std::string_view name) {
  char **names = fido_cbor_info_options_name_ptr(info);
  const bool *values = fido_cbor_info_options_value_ptr(info);
  for (std::size_t at = 0; at < fido_cbor_info_options_len(info); ++at)
    if (name == names[at]) return values[at];
  return false;
}

Result<Algorithm> choose_algorithm(const std::vector<Algorithm> &known) {
  for (const Algorithm wanted : {Algorithm::Es256, Algorithm::EdDsa})
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return wanted;
  return Error{ErrorKind::Unsupported, "the key knows neither ES256 nor EdDSA"};
}

/// A name for the key's own display, cut at a character to what every key takes.
std::string short_name(std::string_view name) {
  if (name.size() > kMaxUserNameBytes) name = name.substr(0, kMaxUserNameBytes);
  while (!is_utf8(name)) name.remove_suffix(1);
  return std::string(name);
}

Result<Registration> take(const fido_cred_t *made, const RegistrationRequest &request, std::string device,
                          std::uint32_t max_allow_list) {
  const char *format = fido_cred_fmt(made);
  const ByteView data(fido_cred_authdata_raw_ptr(made), fido_cred_authdata_raw_len(made));
  const ByteView attestation(fido_cred_attstmt_ptr(made), fido_cred_attstmt_len(made));
  if (format == nullptr || data.size() < AuthenticatorData::kMinBytes ||
      data.size() > AuthenticatorData::kMaxBytes || attestation.size() > kMaxAttestationBytes)
    return Error{ErrorKind::Malformed, "the key's new credential has no possible form"};
  return Registration{.format = format,
                      .authenticator_data = copy_of(data),
                      .attestation = copy_of(attestation),
                      .client_data = request.client_data,
                      .device = std::move(device),
                      .max_allow_list = max_allow_list,
                      .platform = {}};
}

}  // namespace

Result<KeyDescription> UsbAuthenticator::describe() {
  const std::unique_ptr<Session> session = TRY(open(Port::kAnswerTime, nullptr));
  const FidoInfo info = TRY(session->info());
  KeyDescription description;
  description.name = key_.name;
  if (fido_cbor_info_aaguid_len(info.get()) == description.aaguid.size())
    std::copy_n(fido_cbor_info_aaguid_ptr(info.get()), description.aaguid.size(), description.aaguid.begin());
  description.has_pin = session->has_pin();
  description.has_uv = session->has_sensor();
  description.always_uv = has_option(info.get(), "alwaysUv");
  description.algorithms = algorithms_of(info.get());
  description.max_allow_list = allow_list_of(info.get());
  if (description.has_pin) description.pin_tries = TRY(session->pin_tries());
  return description;
}

Result<Registration> UsbAuthenticator::enroll(const RegistrationRequest &request, const Secret *pin,
                                              Cues &cues) {
  if (request.user_handle.empty() || request.user_handle.size() > kMaxUserHandle)
    return Error{ErrorKind::InvalidInput, "the user handle has no possible size"};
  if (!is_printable(request.user_name))
    return Error{ErrorKind::InvalidInput, "the user name is not printable"};
  if (pin != nullptr) TRY(check_pin(*pin));

  CuePlayer player(cues);
  const std::unique_ptr<Session> session = TRY(open(request.timeout, &player));
  // Whoever holds the key may ask for a discoverable credential: only one made with verification is worth it.
  const UserVerification wanted =
      request.discoverable ? UserVerification::Required : request.user_verification;
  const Verification verification = TRY(choose(*session, wanted, pin));
  if (verification == Verification::Sensor) player.expect_sensor();
  const FidoInfo info = TRY(session->info());
  if (request.discoverable && !has_option(info.get(), "rk"))
    return Error{ErrorKind::Unsupported, "the key cannot keep discoverable credentials"};
  const Algorithm algorithm = TRY(choose_algorithm(algorithms_of(info.get())));
  const std::uint32_t max_allow_list = allow_list_of(info.get());
  if (verification == Verification::Pin) TRY(spare_tries(*session, request.min_pin_tries));

  // The exclude list goes with the request. What is too long for that is asked about silently before.
  const std::string &rp_id = request.rp_id.str();
  const IdList known(request.exclude.begin(), request.exclude.end());
  const std::vector<IdList> lists = cut(known, max_allow_list, registration_room(rp_id.size()));
  if (lists.size() > 1 && TRY(session->holds(rp_id, known))) return error_of(FIDO_ERR_CREDENTIAL_EXCLUDED);

  const FidoCredential made(fido_cred_new());
  if (!made) return Error{ErrorKind::Internal, "out of memory"};
  const ByteView client_data = bytes_of(request.client_data);
  const std::string user = short_name(request.user_name);
  int status = fido_cred_set_type(made.get(), static_cast<int>(algorithm));
  if (status == FIDO_OK)
    status = fido_cred_set_clientdata(made.get(), client_data.data(), client_data.size());
  if (status == FIDO_OK) status = fido_cred_set_rp(made.get(), rp_id.c_str(), rp_id.c_str());
  if (status == FIDO_OK)
    status = fido_cred_set_user(made.get(), request.user_handle.data(), request.user_handle.size(),
                                user.c_str(), nullptr, nullptr);
  if (status == FIDO_OK && fido_dev_supports_cred_prot(session->key()))
    status = fido_cred_set_prot(made.get(), FIDO_CRED_PROT_UV_OPTIONAL_WITH_ID);
  if (status == FIDO_OK && request.discoverable) status = fido_cred_set_rk(made.get(), FIDO_OPT_TRUE);
  if (status == FIDO_OK && verification == Verification::Sensor)
    status = fido_cred_set_uv(made.get(), FIDO_OPT_TRUE);
  if (!lists.empty())
    for (const ByteView id : lists.front())
      if (status == FIDO_OK) status = fido_cred_exclude(made.get(), id.data(), id.size());
  if (status == FIDO_OK)
    status = fido_dev_make_cred(session->key(), made.get(), pin == nullptr ? nullptr : pin->c_str());

  if (session->was_stopped()) return session->explain(status);
  if (status != FIDO_OK) return explain(*session, status, verification);
  return take(made.get(), request, key_.name, max_allow_list);
}

}  // namespace passkeyd
