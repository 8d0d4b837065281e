/// The first line of an export.
#include "daemon/transfer/envelope.h"

#include <algorithm>

#include "daemon/transfer/record.h"

namespace passkeyd::transfer {
namespace {

constexpr const char *kFormat = "passkeyd-export";
constexpr std::int64_t kVersion = 1;

/// What is signed: nothing else that this key signs begins like this.
std::string statement_of(const Sha256 &payload) {
  return std::string(kFormat) + " 1 sha256:" + to_hex(payload) + "\n";
}

}  // namespace

Result<Envelope> Envelope::seal(const SigningKey &key, const Sha256 &payload) {
  Bytes signature = TRY(key.sign(statement_of(payload)));
  return Envelope{key.public_key(), payload, std::move(signature)};
}

Result<Envelope> Envelope::parse(std::string_view line) {
  const Result<Record> record = Record::parse(line);
  if (!record) return Error{ErrorKind::InvalidInput, "the file is no export of passkeyd"};
  Reader reader(record.value());
  if (reader.text("format", kMaxLine) != kFormat)
    return Error{ErrorKind::InvalidInput, "the file is no export of passkeyd"};
  if (reader.number("version", 0, INT64_MAX) > kVersion)
    return Error{ErrorKind::InvalidInput, "the file was made by a newer passkeyd"};
  Envelope envelope;
  envelope.public_key = reader.bytes("key", kPublicKeyBytes);
  const Bytes hash = reader.bytes("sha256", envelope.payload.size());
  envelope.signature = reader.bytes("signature", kSignatureBytes);
  if (hash.size() == envelope.payload.size()) std::copy(hash.begin(), hash.end(), envelope.payload.begin());
  TRY(reader.done());
  if (envelope.line() != std::string(line) + "\n")
    return Error{ErrorKind::InvalidInput, "the first line of the file is not as an export's is"};
  return envelope;
}

std::size_t Envelope::size() {
  static const std::size_t bytes = Envelope{Bytes(kPublicKeyBytes), {}, Bytes(kSignatureBytes)}.line().size();
  return bytes;
}

std::string Envelope::line() const {
  return Writer()
      .text("format", kFormat)
      .number("version", kVersion)
      .text("signer", signer())
      .bytes("key", public_key)
      .bytes("sha256", payload)
      .bytes("signature", signature)
      .line();
}

bool Envelope::holds_for(const Sha256 &hash) const {
  return hash == payload && is_signed(public_key, statement_of(payload), signature);
}

}  // namespace passkeyd::transfer
