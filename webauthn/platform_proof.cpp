/// Statements of a TPM, taken apart and checked. See TPM 2.0 Part 2, "TPMT_PUBLIC" and "TPMS_ATTEST".
#include "webauthn/platform_proof.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "webauthn/cose.h"

namespace passkeyd {
namespace {

/// The public area of a P-256 key for ECDSA with SHA-256, but for its attributes and its point. Only this one
/// way of writing it is taken: there is nothing in it to choose.
constexpr std::array<std::uint8_t, 4> kEccNamedBySha256 = {0x00, 0x23, 0x00, 0x0b};
constexpr std::array<std::uint8_t, 12> kNoPolicyEcdsaP256 = {0x00, 0x00, 0x00, 0x10, 0x00, 0x18,
                                                             0x00, 0x0b, 0x00, 0x03, 0x00, 0x10};
/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign.
constexpr std::uint32_t kPlatformKey = 0x00040072;
/// The same, restricted and without counting of guesses: it has no password.
constexpr std::uint32_t kWitness = 0x00050472;

constexpr std::uint32_t kMadeByATpm = 0xff544347;  // TPM_GENERATED_VALUE
constexpr std::uint32_t kCertify = 0x8017;         // TPM_ST_ATTEST_CERTIFY

/// Big-endian numbers and sized buffers, in order. After the first that is not there, all are empty.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  ByteView take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::uint32_t number(std::size_t width) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : take(width)) value = value << 8 | byte;
    return value;
  }
  ByteView sized() { return take(number(2)); }
  [[nodiscard]] bool ended_well() const { return !failed_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool failed_ = false;
};

struct Point {
  std::array<std::uint8_t, 32> x{}, y{};
};

/// Some TPMs leave out leading zeros.
bool pad(std::array<std::uint8_t, 32> &to, ByteView from) {
  if (from.empty() || from.size() > to.size()) return false;
  std::ranges::copy(from, to.end() - static_cast<std::ptrdiff_t>(from.size()));
  return true;
}

/// The point of a public area with exactly these attributes. Errors: Untrusted for any other kind of key.
Result<Point> point_of(ByteView area, std::uint32_t attributes, const char *whose) {
  Reader reader(area);
  const ByteView first = reader.take(kEccNamedBySha256.size());
  const std::uint32_t found = reader.number(4);
  const ByteView second = reader.take(kNoPolicyEcdsaP256.size());
  const ByteView x = reader.sized(), y = reader.sized();
  if (!reader.ended_well()) return Error{ErrorKind::Malformed, std::string(whose) + " does not parse"};
  Point point;
  if (!std::ranges::equal(first, kEccNamedBySha256) || !std::ranges::equal(second, kNoPolicyEcdsaP256) ||
      found != attributes || !pad(point.x, x) || !pad(point.y, y))
    return Error{ErrorKind::Untrusted, std::string(whose) + " is another kind of key than it must be"};
  return point;
}

/// TPM 2.0 Part 1, "Names": algorithm and hash of the area.
Bytes name_of(ByteView area) {
  Bytes name = {0x00, 0x0b};
  const Sha256 hash = sha256(area);
  name.insert(name.end(), hash.begin(), hash.end());
  return name;
}

/// What a TPMS_ATTEST of a certification says.
struct Statement {
  std::uint32_t magic = 0, type = 0;
  ByteView about, certified;
};

Result<Statement> read_statement(ByteView bytes) {
  Reader reader(bytes);
  Statement statement;
  statement.magic = reader.number(4);
  statement.type = reader.number(2);
  reader.sized();  // the witness' qualified Name
  statement.about = reader.sized();
  reader.take(17);  // TPMS_CLOCK_INFO
  reader.take(8);   // firmware version
  statement.certified = reader.sized();
  reader.sized();  // its qualified Name
  if (!reader.ended_well()) return Error{ErrorKind::Malformed, "the TPM's statement does not parse"};
  return statement;
}

Status check_signature(const Point &witness, ByteView statement, ByteView signature) {
  Bytes encoded = {0x04};
  encoded.insert(encoded.end(), witness.x.begin(), witness.x.end());
  encoded.insert(encoded.end(), witness.y.begin(), witness.y.end());
  const auto key = TRY(endorsement_key(EndorsementKind::EccP256, encoded));
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1)
    return Error{ErrorKind::Internal, "OpenSSL cannot verify"};
  if (EVP_DigestVerify(context.get(), signature.data(), signature.size(), statement.data(),
                       statement.size()) != 1)
    return Error{ErrorKind::Untrusted, "the TPM's statement is not signed by its witness"};
  return Ok{};
}

}  // namespace

Sha256 subject_of(ByteView authenticator_data, std::string_view client_data) {
  Bytes both = copy_of(authenticator_data);
  const Sha256 client_hash = sha256(bytes_of(client_data));
  both.insert(both.end(), client_hash.begin(), client_hash.end());
  return sha256(both);
}

Result<Bytes> check_statement(const PlatformProof &proof, ByteView cose, const Sha256 &subject) {
  const Point key = TRY(point_of(proof.key, kPlatformKey, "the new key"));
  if (!std::ranges::equal(es256_cose(key.x, key.y), cose))
    return Error{ErrorKind::Untrusted, "the TPM's statement comes with another key"};
  const Point witness = TRY(point_of(proof.witness, kWitness, "the witness"));
  const Statement statement = TRY(read_statement(proof.statement));
  if (statement.magic != kMadeByATpm || statement.type != kCertify)
    return Error{ErrorKind::Untrusted, "the TPM's statement certifies no key"};
  if (!std::ranges::equal(statement.certified, name_of(proof.key)))
    return Error{ErrorKind::Untrusted, "the TPM's statement certifies another key"};
  if (!std::ranges::equal(statement.about, subject))
    return Error{ErrorKind::Untrusted, "the TPM's statement was made for another enrollment"};
  TRY(check_signature(witness, proof.statement, proof.signature));
  return name_of(proof.witness);
}

}  // namespace passkeyd
