/// Prompts and answers, written and read. Arrays in a fixed order: both ends are ours, and what is not
/// exactly this is refused.
#include "ssh/relay.h"

#include <algorithm>

#include "webauthn/base64url.h"
#include "webauthn/cbor.h"
#include "webauthn/credential.h"
#include "webauthn/rp_id.h"

namespace passkeyd::ssh {
namespace {

constexpr std::string_view kToken = "passkeyd-askpass/1";
constexpr std::string_view kChallengeTag = "passkeyd1:";
constexpr std::string_view kNewTag = "passkeyd1-new:";
constexpr std::string_view kMadeTag = "passkeyd1-made:";
constexpr std::size_t kMaxHost = 253;  // as long as a name in the DNS can be written
constexpr std::size_t kMaxId = 1023;   // WebAuthn 6.5.1

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("a message of passkey-askpass: ") + what};
}

void ids(cbor::Writer &writer, const std::vector<Bytes> &list) {
  writer.array(list.size());
  for (const Bytes &id : list) writer.byte_string(id);
}

std::optional<std::vector<Bytes>> ids(cbor::Reader &reader) {
  const std::optional<std::size_t> count = reader.array();
  if (!count || *count > kMaxAllowed) return std::nullopt;
  std::vector<Bytes> list;
  for (std::size_t at = 0; at < *count; ++at) {
    const std::optional<ByteView> id = reader.byte_string();
    if (!id || id->empty() || id->size() > kMaxId) return std::nullopt;
    list.push_back(copy_of(*id));
  }
  return list;
}

std::optional<Bytes> bytes(cbor::Reader &reader, std::size_t least, std::size_t most) {
  const std::optional<ByteView> found = reader.byte_string();
  if (!found || found->size() < least || found->size() > most) return std::nullopt;
  return copy_of(*found);
}

std::optional<std::string> text(cbor::Reader &reader, std::size_t most) {
  const std::optional<std::string_view> found = reader.text();
  if (!found || found->size() > most) return std::nullopt;
  return std::string(*found);
}

std::optional<std::int64_t> number(cbor::Reader &reader, std::int64_t least, std::int64_t most) {
  const std::optional<std::int64_t> found = reader.integer();
  return found && *found >= least && *found <= most ? found : std::nullopt;
}

std::optional<UserVerification> verification(cbor::Reader &reader) {
  const std::optional<std::string_view> name = reader.text();
  return name ? user_verification_of(*name) : std::nullopt;
}

/// What follows `tag` in `prompt`; nullopt: it does not begin so. White space around is nobody's.
std::optional<std::string_view> after(std::string_view prompt, std::string_view tag) {
  while (prompt.ends_with(' ') || prompt.ends_with('\n') || prompt.ends_with('\r')) prompt.remove_suffix(1);
  if (!prompt.starts_with(tag)) return std::nullopt;
  return prompt.substr(tag.size());
}

std::string tagged(std::string_view tag, cbor::Writer &writer) {
  return std::string(tag) + to_base64url(writer.take());
}

bool is_domain(const std::string &rp_id) {
  const Result<RpId> parsed = RpId::parse(rp_id);
  return parsed && parsed->str() == rp_id;
}

}  // namespace

std::string version_token() {
  std::string token(kToken);
  token.resize(askpass::kToken, '.');
  return token;
}

bool is_version_token(std::string_view typed) {
  return typed.size() == askpass::kToken;
}

Result<std::string> host_of(std::string_view text) {
  std::string host;
  for (const char c : text) host += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool fits = std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_:%").find(c) != std::string_view::npos;
  });
  if (!fits || host.empty() || host.size() > kMaxHost || host.starts_with('-'))
    return Error{ErrorKind::InvalidInput, "no name of a host"};
  return host;
}

std::string origin_of(std::string_view host) {
  return "ssh://" + std::string(host);
}

std::string write(const AssertionPrompt &prompt) {
  cbor::Writer writer;
  writer.array(5).text(prompt.rp_id).byte_string(prompt.challenge);
  ids(writer, prompt.allowed);
  writer.text(name_of(prompt.user_verification)).integer(prompt.timeout.count());
  return tagged(kChallengeTag, writer);
}

Result<std::optional<AssertionPrompt>> read_assertion_prompt(std::string_view prompt) {
  const std::optional<std::string_view> body = after(prompt, kChallengeTag);
  if (!body) return std::optional<AssertionPrompt>();
  const std::optional<Bytes> raw = body->size() <= kMaxPrompt ? from_base64url(*body) : std::nullopt;
  if (!raw) return malformed("the challenge is no base64url");
  cbor::Reader reader(*raw);
  if (reader.array() != 5U) return malformed("the challenge has not five parts");
  const auto rp_id = text(reader, 253);
  const auto challenge = rp_id ? bytes(reader, 16, 64) : std::nullopt;
  auto allowed = challenge ? ids(reader) : std::nullopt;
  const auto uv = allowed ? verification(reader) : std::nullopt;
  const auto timeout = uv ? number(reader, 5, 60) : std::nullopt;
  if (!timeout || !reader.at_end() || allowed->empty() || !is_domain(*rp_id))
    return malformed("the challenge makes no sense");
  return std::optional(
      AssertionPrompt{*rp_id, *challenge, *std::move(allowed), *uv, std::chrono::seconds(*timeout)});
}

Result<std::string> write(const Assertion &assertion, const AssertionPrompt &prompt) {
  const auto place = std::ranges::find(prompt.allowed, assertion.credential_id);
  if (place == prompt.allowed.end()) return Error{ErrorKind::Malformed, "a credential nobody asked for"};
  cbor::Writer writer;
  writer.array(4).integer(place - prompt.allowed.begin()).byte_string(assertion.authenticator_data);
  writer.byte_string(assertion.signature).text(assertion.client_data);
  std::string answer = to_base64url(writer.take());
  if (answer.size() > kMaxAnswer)
    return Error{ErrorKind::InvalidInput, "The answer is longer than ssh takes one."};
  return answer;
}

Result<Assertion> read_assertion(std::string_view answer, const std::vector<Bytes> &allowed) {
  const std::optional<Bytes> raw = answer.size() <= kMaxAnswer ? from_base64url(answer) : std::nullopt;
  if (!raw) return malformed("the answer is no base64url");
  cbor::Reader reader(*raw);
  if (reader.array() != 4U || allowed.empty()) return malformed("the answer has not four parts");
  const auto place = number(reader, 0, static_cast<std::int64_t>(allowed.size()) - 1);
  auto data = place ? bytes(reader, 1, kMaxAnswer) : std::nullopt;
  auto signature = data ? bytes(reader, 1, kMaxAnswer) : std::nullopt;
  auto client_data = signature ? text(reader, kMaxAnswer) : std::nullopt;
  if (!client_data || !reader.at_end()) return malformed("the answer makes no sense");
  return Assertion{allowed[static_cast<std::size_t>(*place)],
                   *std::move(data),
                   *std::move(signature),
                   *std::move(client_data),
                   {}};
}

std::string write(const RegistrationPrompt &prompt) {
  cbor::Writer writer;
  writer.array(6).text(prompt.rp_id).byte_string(prompt.challenge).text(prompt.user_name);
  writer.byte_string(prompt.user_handle);
  ids(writer, prompt.exclude);
  writer.text(name_of(prompt.user_verification));
  return tagged(kNewTag, writer);
}

Result<std::optional<RegistrationPrompt>> read_registration_prompt(std::string_view prompt) {
  const std::optional<std::string_view> body = after(prompt, kNewTag);
  if (!body) return std::optional<RegistrationPrompt>();
  const std::optional<Bytes> raw = body->size() <= kMaxPrompt ? from_base64url(*body) : std::nullopt;
  if (!raw) return malformed("the request is no base64url");
  cbor::Reader reader(*raw);
  if (reader.array() != 6U) return malformed("the request has not six parts");
  const auto rp_id = text(reader, 253);
  const auto challenge = rp_id ? bytes(reader, 16, 64) : std::nullopt;
  const auto user = challenge ? text(reader, 255) : std::nullopt;
  const auto handle = user ? bytes(reader, 1, kMaxUserHandle) : std::nullopt;
  auto exclude = handle ? ids(reader) : std::nullopt;
  const auto uv = exclude ? verification(reader) : std::nullopt;
  if (!uv || !reader.at_end() || !is_domain(*rp_id)) return malformed("the request makes no sense");
  return std::optional(RegistrationPrompt{*rp_id, *challenge, *user, *handle, *std::move(exclude), *uv});
}

std::string write(const MadeRegistration &made) {
  const Registration &registration = made.registration;
  cbor::Writer writer;
  writer.array(8).text(registration.format).byte_string(registration.authenticator_data);
  writer.byte_string(registration.attestation).text(registration.client_data).text(registration.device);
  writer.integer(registration.max_allow_list).integer(made.platform ? 1 : 0).integer(made.sensor ? 1 : 0);
  return tagged(kMadeTag, writer);
}

Result<MadeRegistration> read_registration(std::string_view answer) {
  const std::optional<std::string_view> body = after(answer, kMadeTag);
  const std::optional<Bytes> raw =
      body && body->size() <= kMaxRegistration ? from_base64url(*body) : std::nullopt;
  if (!raw) return malformed("that is none of its answers");
  cbor::Reader reader(*raw);
  if (reader.array() != 8U) return malformed("the answer has not eight parts");
  MadeRegistration made;
  auto format = text(reader, 32);
  auto data = format ? bytes(reader, 1, kMaxRegistration) : std::nullopt;
  auto attestation = data ? bytes(reader, 0, kMaxRegistration) : std::nullopt;
  auto client_data = attestation ? text(reader, 4096) : std::nullopt;
  auto device = client_data ? text(reader, 128) : std::nullopt;
  const auto most = device ? number(reader, 0, 65535) : std::nullopt;
  const auto platform = most ? number(reader, 0, 1) : std::nullopt;
  const auto sensor = platform ? number(reader, 0, 1) : std::nullopt;
  if (!sensor || !reader.at_end()) return malformed("the answer makes no sense");
  made.registration.format = *std::move(format);
  made.registration.authenticator_data = *std::move(data);
  made.registration.attestation = *std::move(attestation);
  made.registration.client_data = *std::move(client_data);
  made.registration.device = *std::move(device);
  made.registration.max_allow_list = static_cast<std::uint32_t>(*most);
  made.platform = *platform == 1;
  made.sensor = *sensor == 1;
  return made;
}

}  // namespace passkeyd::ssh
