/// The table of response codes. Format-one codes carry the number of the handle, parameter or session they
/// complain about (TPM 2.0 Part 2, TPM_RC); the commands here always authorize with session 1.
#include "tpm/errors.h"

#include <tss2/tss2_tpm2_types.h>

#include <array>
#include <cstdio>
#include <string>

#include "tpm/line.h"

namespace passkeyd::tpm {
namespace {

constexpr TSS2_RC kOnHandle1 = TPM2_RC_H + TPM2_RC_1;
constexpr TSS2_RC kOnParameter1 = TPM2_RC_P + TPM2_RC_1;
constexpr TSS2_RC kOnParameter2 = TPM2_RC_P + TPM2_RC_2;
constexpr TSS2_RC kOnSession1 = TPM2_RC_S + TPM2_RC_1;

constexpr const char *kReplaced =
    "this computer's TPM was reset or replaced: sign in with the password and enroll again";
constexpr const char *kOwnerPassword =
    "the TPM's owner hierarchy has a password, so that no storage root key can be made: make one at "
    "0x81000001";

constexpr const char *kEndorsementClosed =
    "the TPM's endorsement hierarchy has a password or is disabled, so that it cannot say who it is";

constexpr std::array kMeanings = {
    // Refused authorizations.
    Meaning{TPM2_RC_AUTH_FAIL + kOnSession1, Stage::Key, ErrorKind::PinWrong, "the TPM refused the PIN"},
    Meaning{TPM2_RC_AUTH_FAIL + kOnSession1, Stage::Owner, ErrorKind::NotConfigured, kOwnerPassword},
    Meaning{TPM2_RC_AUTH_FAIL + kOnSession1, Stage::Endorsement, ErrorKind::NotConfigured,
            kEndorsementClosed},
    Meaning{TPM2_RC_BAD_AUTH + kOnSession1, Stage::Endorsement, ErrorKind::NotConfigured, kEndorsementClosed},
    Meaning{TPM2_RC_HIERARCHY + kOnHandle1, Stage::Endorsement, ErrorKind::NotConfigured, kEndorsementClosed},
    Meaning{TPM2_RC_INTEGRITY + kOnParameter1, Stage::Endorsement, ErrorKind::TpmKeyForeign,
            "the TPM's endorsement key is not the one that it was asked for"},
    Meaning{TPM2_RC_AUTH_FAIL + kOnSession1, Stage::Any, ErrorKind::TpmParentChanged,
            "the storage root key refused the session"},
    Meaning{TPM2_RC_BAD_AUTH + kOnSession1, Stage::Load, ErrorKind::TpmParentChanged,
            "the storage root key is not the one of the enrollment, or somebody interferes with the bus"},
    Meaning{TPM2_RC_BAD_AUTH + kOnSession1, Stage::Create, ErrorKind::TpmParentChanged,
            "the storage root key has a password, or somebody interferes with the bus"},
    Meaning{TPM2_RC_BAD_AUTH + kOnSession1, Stage::Owner, ErrorKind::NotConfigured, kOwnerPassword},
    Meaning{TPM2_RC_BAD_AUTH + kOnSession1, Stage::Any, ErrorKind::TpmBroken,
            "the TPM refused the session's authorization"},
    Meaning{TPM2_RC_LOCKOUT, Stage::Any, ErrorKind::TpmLockout,
            "the TPM is in dictionary-attack lockout and refuses every PIN"},
    // Keys that are not there or not ours.
    Meaning{TPM2_RC_HANDLE + kOnHandle1, Stage::Any, ErrorKind::TpmKeyForeign, kReplaced},
    Meaning{TPM2_RC_INTEGRITY + kOnParameter1, Stage::Any, ErrorKind::TpmKeyForeign, kReplaced},
    Meaning{TPM2_RC_VALUE + kOnParameter2, Stage::Session, ErrorKind::Unsupported,
            "the storage root key cannot protect a session"},
    // Later, perhaps.
    Meaning{TPM2_RC_RETRY, Stage::Any, ErrorKind::Busy, "the TPM is busy"},
    Meaning{TPM2_RC_TESTING, Stage::Any, ErrorKind::Busy, "the TPM is testing itself"},
    Meaning{TPM2_RC_YIELDED, Stage::Any, ErrorKind::Busy, "the TPM put the command aside"},
    Meaning{TPM2_RC_NV_RATE, Stage::Any, ErrorKind::Busy, "the TPM spares its memory: retry later"},
    Meaning{TPM2_RC_NV_UNAVAILABLE, Stage::Any, ErrorKind::Busy, "the TPM's memory is not available now"},
    Meaning{TPM2_RC_OBJECT_MEMORY, Stage::Any, ErrorKind::Busy, "the TPM has no room for another key"},
    Meaning{TPM2_RC_SESSION_MEMORY, Stage::Any, ErrorKind::Busy, "the TPM has no room for another session"},
    Meaning{TPM2_RC_SESSION_HANDLES, Stage::Any, ErrorKind::Busy, "the TPM has no session handle left"},
    Meaning{TPM2_RC_NV_SPACE, Stage::Any, ErrorKind::NotConfigured,
            "the TPM's memory is full: no storage root key can be kept"},
    // Out of order.
    Meaning{TPM2_RC_FAILURE, Stage::Any, ErrorKind::TpmBroken,
            "the TPM is in failure mode: restart the computer"},
    Meaning{TPM2_RC_INITIALIZE, Stage::Any, ErrorKind::TpmBroken, "the TPM was not started up"},
    Meaning{TSS2_ESYS_RC_RSP_AUTH_FAILED, Stage::Any, ErrorKind::TpmBroken,
            "the TPM's answer fails its integrity check: somebody interferes with the bus, or it is faulty"},
    Meaning{TSS2_SYS_RC_BAD_SEQUENCE, Stage::Any, ErrorKind::TpmBroken,
            "the TPM's answer came without its authorization: somebody interferes with the bus"},
    Meaning{TSS2_ESYS_RC_BAD_SEQUENCE, Stage::Any, ErrorKind::TpmBroken,
            "an earlier fault left the conversation with the TPM unusable"},
    Meaning{TSS2_TCTI_RC_IO_ERROR, Stage::Any, ErrorKind::NoDevice, "the TPM is gone"},
    Meaning{kDeadlinePassed, Stage::Any, ErrorKind::Timeout, "the TPM did not answer in time"},
    Meaning{TSS2_TCTI_RC_MALFORMED_RESPONSE, Stage::Any, ErrorKind::TpmBroken,
            "the TPM's answer has a size that cannot be"},
    Meaning{TSS2_RESMGR_RC_LAYER + TPM2_RC_COMMAND_CODE, Stage::Any, ErrorKind::Unsupported,
            "the kernel's resource manager does not let this command through"},
};

/// A format-one code about a parameter: what Load says of a stored key in many ways.
constexpr bool is_about_parameter(TSS2_RC code) {
  return (code & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER && (code & TPM2_RC_FMT1) != 0 &&
         (code & TPM2_RC_P) != 0;
}

constexpr Meaning unlisted(TSS2_RC code, Stage stage) {
  if (is_about_parameter(code) && stage == Stage::Load)
    return {code, stage, ErrorKind::TpmKeyForeign, "the stored key is damaged, or was made by another TPM"};
  if (is_about_parameter(code) && stage == Stage::Create)
    return {code, stage, ErrorKind::Unsupported, "the TPM cannot make such a key"};
  switch (code & TSS2_RC_LAYER_MASK) {
    case TSS2_TPM_RC_LAYER:
      return {code, Stage::Any, ErrorKind::TpmBroken, "the TPM refused unexpectedly"};
    case TSS2_RESMGR_TPM_RC_LAYER:
    case TSS2_RESMGR_RC_LAYER:
      return {code, Stage::Any, ErrorKind::Unsupported, "the resource manager refused"};
    case TSS2_TCTI_RC_LAYER:
      return {code, Stage::Any, ErrorKind::Io, "the way to the TPM failed"};
    default:  // tpm2-tss could not read the answer, or the code itself was garbled on its way
      return {code, Stage::Any, ErrorKind::TpmBroken, "the TPM's answer does not make sense"};
  }
}

}  // namespace

std::span<const Meaning> meanings() {
  return kMeanings;
}

Error error_of(TSS2_RC code, Stage stage) {
  Meaning meaning = unlisted(code, stage);
  for (const Meaning &row : kMeanings) {
    if (row.code != code || (row.stage != stage && row.stage != Stage::Any)) continue;
    meaning = row;
    break;
  }
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), " (0x%X)", code);
  return {meaning.kind, std::string(meaning.sentence) + number.data()};
}

}  // namespace passkeyd::tpm
