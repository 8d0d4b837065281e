/// The table of status codes.
#include "usb/errors.h"

#include <fido/err.h>

#include <array>
#include <cstdio>

namespace passkeyd {
namespace {

struct Meaning {
  int code;
  ErrorKind kind;
  const char *sentence;
};

constexpr std::array kMeanings = {
    // What the person did, or did not do.
    Meaning{FIDO_ERR_OPERATION_DENIED, ErrorKind::TouchRefused, "the touch was declined at the key"},
    Meaning{FIDO_ERR_USER_ACTION_TIMEOUT, ErrorKind::TouchRefused, "the key stopped waiting for a touch"},
    Meaning{FIDO_ERR_ACTION_TIMEOUT, ErrorKind::TouchRefused, "the key stopped waiting for a touch"},
    Meaning{FIDO_ERR_UP_REQUIRED, ErrorKind::TouchRefused, "the key was not touched"},
    Meaning{FIDO_ERR_USER_PRESENCE_REQUIRED, ErrorKind::TouchRefused, "the key was not touched"},
    Meaning{FIDO_ERR_KEEPALIVE_CANCEL, ErrorKind::Cancelled, "the key was told to stop"},
    // PIN and built-in verification. 0x33 is no verdict on the PIN: that was accepted, and what was made of
    // it was not.
    Meaning{FIDO_ERR_PIN_INVALID, ErrorKind::PinWrong, "the key refused the PIN"},
    Meaning{FIDO_ERR_PIN_BLOCKED, ErrorKind::PinBlocked, "the key's PIN is blocked for good"},
    Meaning{FIDO_ERR_PIN_AUTH_BLOCKED, ErrorKind::PinSoftBlocked,
            "the key takes no PIN until it is plugged in again"},
    Meaning{FIDO_ERR_PIN_AUTH_INVALID, ErrorKind::Internal, "the key refused the proof made with the PIN"},
    Meaning{FIDO_ERR_PIN_TOKEN_EXPIRED, ErrorKind::Timeout, "the PIN was given too long ago"},
    Meaning{FIDO_ERR_PIN_NOT_SET, ErrorKind::PinNotSet, "the key has no PIN"},
    Meaning{FIDO_ERR_PIN_REQUIRED, ErrorKind::PinRequired, "the key wants its PIN"},
    Meaning{FIDO_ERR_PIN_POLICY_VIOLATION, ErrorKind::Unsupported, "the key wants a new PIN first"},
    Meaning{FIDO_ERR_UV_INVALID, ErrorKind::UvFailed, "the key's sensor did not recognize the person"},
    Meaning{FIDO_ERR_UV_BLOCKED, ErrorKind::UvBlocked, "the key's sensor is blocked"},
    // What the key has or can do.
    Meaning{FIDO_ERR_CREDENTIAL_EXCLUDED, ErrorKind::AlreadyExists, "the key is enrolled already"},
    Meaning{FIDO_ERR_NO_CREDENTIALS, ErrorKind::NoCredential, "the key holds none of the credentials"},
    Meaning{FIDO_ERR_INVALID_CREDENTIAL, ErrorKind::NoCredential, "the key does not know the credential"},
    Meaning{FIDO_ERR_UNSUPPORTED_ALGORITHM, ErrorKind::Unsupported, "the key does not know the algorithm"},
    Meaning{FIDO_ERR_UNSUPPORTED_EXTENSION, ErrorKind::Unsupported, "the key does not know the extension"},
    Meaning{FIDO_ERR_UNSUPPORTED_OPTION, ErrorKind::Unsupported, "the key does not know the option"},
    Meaning{FIDO_ERR_INVALID_OPTION, ErrorKind::Unsupported, "the key does not take the option here"},
    Meaning{FIDO_ERR_INVALID_COMMAND, ErrorKind::Unsupported, "the key does not know the command"},
    Meaning{FIDO_ERR_NOT_ALLOWED, ErrorKind::Unsupported, "the key does not allow this now"},
    Meaning{FIDO_ERR_UNAUTHORIZED_PERM, ErrorKind::Unsupported, "the key does not allow this with that PIN"},
    Meaning{FIDO_ERR_KEY_STORE_FULL, ErrorKind::Unsupported,
            "the key has no room for another discoverable credential"},
    Meaning{FIDO_ERR_REQUEST_TOO_LARGE, ErrorKind::Unsupported, "the request is too large for the key"},
    Meaning{FIDO_ERR_LIMIT_EXCEEDED, ErrorKind::Unsupported, "the request is too large for the key"},
    // Somebody else is at it.
    Meaning{FIDO_ERR_CHANNEL_BUSY, ErrorKind::Busy, "another program is using the key"},
    Meaning{FIDO_ERR_OPERATION_PENDING, ErrorKind::Busy, "another program is using the key"},
    Meaning{FIDO_ERR_USER_ACTION_PENDING, ErrorKind::Busy, "another program is using the key"},
    Meaning{FIDO_ERR_TIMEOUT, ErrorKind::Timeout, "the key waited in vain for the rest of a message"},
    // Answers that are none.
    Meaning{FIDO_ERR_TX, ErrorKind::Malformed, "the key did not take the message"},
    Meaning{FIDO_ERR_RX, ErrorKind::Malformed, "the key's answer is not framed as CTAPHID wants"},
    Meaning{FIDO_ERR_RX_NOT_CBOR, ErrorKind::Malformed, "the key's answer is no CBOR"},
    Meaning{FIDO_ERR_RX_INVALID_CBOR, ErrorKind::Malformed, "the key's answer is not the CBOR it should be"},
    Meaning{FIDO_ERR_INVALID_SIG, ErrorKind::Malformed, "the key's signature is wrong"},
};

}  // namespace

Error error_of(int code) {
  for (const Meaning &row : kMeanings)
    if (row.code == code) return {row.kind, row.sentence};
  std::array<char, 64> sentence{};
  if (code < 0)
    std::snprintf(sentence.data(), sentence.size(), "libfido2 failed with status %d", code);
  else
    std::snprintf(sentence.data(), sentence.size(), "the key answered with status 0x%02x", unsigned(code));
  return {ErrorKind::Internal, sentence.data()};
}

}  // namespace passkeyd
