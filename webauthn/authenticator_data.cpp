/// Authenticator data to bytes and back.
#include "webauthn/authenticator_data.h"

#include <algorithm>

#include "webauthn/cbor.h"

namespace passkeyd {
namespace {

Error malformed(const char *what) {
  return Error{ErrorKind::Malformed, std::string("authenticator data: ") + what};
}

/// Big-endian, as everything in authenticator data is.
std::uint32_t number_from(ByteView bytes) {
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

void append(Bytes &to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// The first `size` bytes, taken off `rest`; nullopt if there are fewer.
std::optional<ByteView> take(ByteView &rest, std::size_t size) {
  if (rest.size() < size) return std::nullopt;
  const ByteView front = rest.first(size);
  rest = rest.subspan(size);
  return front;
}

Result<AttestedCredential> parse_attested(ByteView &rest) {
  AttestedCredential attested;
  const auto aaguid = take(rest, attested.aaguid.size());
  const auto id_size = aaguid ? take(rest, 2) : std::nullopt;
  if (!id_size) return malformed("attested credential data is cut short");
  std::copy(aaguid->begin(), aaguid->end(), attested.aaguid.begin());

  const std::uint32_t size = number_from(*id_size);
  if (size == 0 || size > AuthenticatorData::kMaxIdBytes)
    return malformed("credential id must have 1 to 1023 bytes");
  const auto id = take(rest, size);
  if (!id) return malformed("credential id is cut short");
  attested.id = copy_of(*id);

  cbor::Reader reader(rest);
  const auto key = reader.any_item();
  if (!key) return malformed("public key is no CBOR");
  attested.cose = copy_of(*key);
  rest = reader.rest();
  return attested;
}

}  // namespace

Result<AuthenticatorData> AuthenticatorData::parse(ByteView raw) {
  if (raw.size() < kMinBytes) return malformed("fewer than 37 bytes");
  if (raw.size() > kMaxBytes) return malformed("more than 4096 bytes");

  AuthenticatorData data;
  std::copy_n(raw.begin(), data.rp_id_hash.size(), data.rp_id_hash.begin());
  data.flags = raw[32];
  data.counter = number_from(raw.subspan(33, 4));

  ByteView rest = raw.subspan(kMinBytes);
  if (data.has(flag::kAttested)) data.attested = TRY(parse_attested(rest));
  if (data.has(flag::kExtensions)) {
    cbor::Reader reader(rest);
    const bool map = cbor::Reader(rest).map().has_value();
    const auto extensions = reader.any_item();
    if (!map || !extensions) return malformed("extensions are no CBOR map");
    data.extensions = copy_of(*extensions);
    rest = reader.rest();
  }
  if (!rest.empty()) return malformed("bytes left over at the end");
  return data;
}

Bytes make_authenticator_data(const RpId &rp_id, std::uint8_t flags, std::uint32_t counter,
                              const std::optional<AttestedCredential> &attested) {
  const unsigned ours = flags & ~unsigned{flag::kAttested | flag::kExtensions};
  const Sha256 hash = sha256(bytes_of(rp_id.str()));
  Bytes raw(hash.begin(), hash.end());
  raw.push_back(static_cast<std::uint8_t>(attested ? ours | flag::kAttested : ours));
  for (const int shift : {24, 16, 8, 0}) raw.push_back(static_cast<std::uint8_t>(counter >> shift));
  if (!attested) return raw;

  append(raw, attested->aaguid);
  raw.push_back(static_cast<std::uint8_t>(attested->id.size() >> 8));
  raw.push_back(static_cast<std::uint8_t>(attested->id.size()));
  append(raw, attested->id);
  append(raw, attested->cose);
  return raw;
}

}  // namespace passkeyd
