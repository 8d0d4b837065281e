/// The stable names of error kinds, once.
#include "common/error.h"

#include <array>
#include <cstring>

namespace passkeyd {
namespace {

struct Name {
  ErrorKind kind;
  std::string_view name;
};

constexpr Name kNames[] = {
    Name{ErrorKind::Internal, "internal"},
    Name{ErrorKind::InvalidInput, "invalid-input"},
    Name{ErrorKind::NotFound, "not-found"},
    Name{ErrorKind::AlreadyExists, "already-exists"},
    Name{ErrorKind::NotAllowed, "not-allowed"},
    Name{ErrorKind::Io, "io"},
    Name{ErrorKind::Corrupt, "corrupt"},
    Name{ErrorKind::NotConfigured, "not-configured"},
    Name{ErrorKind::Disconnected, "disconnected"},
    Name{ErrorKind::NoDevice, "no-device"},
    Name{ErrorKind::NoCredential, "no-credential"},
    Name{ErrorKind::Busy, "busy"},
    Name{ErrorKind::Timeout, "timeout"},
    Name{ErrorKind::Cancelled, "cancelled"},
    Name{ErrorKind::RemoteSession, "remote-session"},
    Name{ErrorKind::TouchRefused, "touch-refused"},
    Name{ErrorKind::PinRequired, "pin-required"},
    Name{ErrorKind::PinInvalid, "pin-invalid"},
    Name{ErrorKind::PinWrong, "pin-wrong"},
    Name{ErrorKind::PinSoftBlocked, "pin-soft-blocked"},
    Name{ErrorKind::PinMismatch, "pin-mismatch"},
    Name{ErrorKind::PinBlocked, "pin-blocked"},
    Name{ErrorKind::PinTriesLow, "pin-tries-low"},
    Name{ErrorKind::PinNotSet, "pin-not-set"},
    Name{ErrorKind::UvFailed, "uv-failed"},
    Name{ErrorKind::UvBlocked, "uv-blocked"},
    Name{ErrorKind::Unsupported, "unsupported"},
    Name{ErrorKind::Malformed, "malformed"},
    Name{ErrorKind::TpmLockout, "tpm-lockout"},
    Name{ErrorKind::TpmNearLockout, "tpm-near-lockout"},
    Name{ErrorKind::TpmKeyForeign, "tpm-key-foreign"},
    Name{ErrorKind::TpmParentChanged, "tpm-parent-changed"},
    Name{ErrorKind::TpmBroken, "tpm-broken"},
    Name{ErrorKind::ModelRefused, "model-refused"},
    Name{ErrorKind::Limited, "limited"},
    Name{ErrorKind::Denied, "denied"},
    Name{ErrorKind::CodeInvalid, "code-invalid"},
    Name{ErrorKind::CodeWrong, "code-wrong"},
    Name{ErrorKind::NotAttested, "not-attested"},
    Name{ErrorKind::ModelRecalled, "model-recalled"},
    Name{ErrorKind::Untrusted, "untrusted"},
    Name{ErrorKind::StorageFull, "storage-full"},
    Name{ErrorKind::AgentRefused, "agent-refused"},
    Name{ErrorKind::AgentBroken, "agent-broken"},
    Name{ErrorKind::Locked, "locked"},
};

}  // namespace

std::string_view name_of(ErrorKind kind) {
  for (const Name &row : kNames)
    if (row.kind == kind) return row.name;
  return "internal";
}

std::optional<ErrorKind> error_kind_of(std::string_view name) {
  for (const Name &row : kNames)
    if (row.name == name) return row.kind;
  return std::nullopt;
}

Error errno_error(std::string_view what, int number) {
  std::array<char, 128> buffer{};
  const char *text = strerror_r(number, buffer.data(), buffer.size());  // the GNU one: returns the text
  return {ErrorKind::Io, std::string(what) + ": " + text};
}

}  // namespace passkeyd
