/// GetCapability, group by group.
#include "tpm/properties.h"

#include <map>

namespace passkeyd::tpm {
namespace {

using Properties = std::map<TPM2_PT, UINT32>;

Result<Properties> read(Conversation &tpm, TPM2_PT first, UINT32 count) {
  TPMI_YES_NO more = 0;
  TPMS_CAPABILITY_DATA *raw = nullptr;
  const TSS2_RC code = Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                          TPM2_CAP_TPM_PROPERTIES, first, count, &more, &raw);
  const FromEsys<TPMS_CAPABILITY_DATA> data(raw);
  if (code != TSS2_RC_SUCCESS) return error_of(code, Stage::Query);
  if (data->capability != TPM2_CAP_TPM_PROPERTIES)
    return Error{ErrorKind::Malformed, "the TPM answered about something else"};
  const TPML_TAGGED_TPM_PROPERTY &list = data->data.tpmProperties;
  Properties properties;
  for (UINT32 at = 0; at < list.count && at < TPM2_MAX_TPM_PROPERTIES; ++at)
    properties[list.tpmProperty[at].property] = list.tpmProperty[at].value;
  return properties;
}

/// Four characters in a number, the first in its upper byte; what cannot be shown is left out.
void append_characters(std::string &text, UINT32 four) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    const char character = static_cast<char>(four >> shift & 0xff);
    const bool needless = character == ' ' && (text.empty() || text.back() == ' ');
    if (character >= ' ' && character <= '~' && !needless) text += character;
  }
}

std::string trimmed(std::string text) {
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// Makers write versions as two halves of a number each.
std::string halves(UINT32 version) {
  return std::to_string(version >> 16) + "." + std::to_string(version & 0xffff);
}

}  // namespace

Result<Permanent> read_permanent(Conversation &tpm) {
  const Properties said = TRY(read(tpm, TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_RECOVERY - TPM2_PT_PERMANENT + 1));
  for (const TPM2_PT needed : {TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_COUNTER, TPM2_PT_MAX_AUTH_FAIL,
                               TPM2_PT_LOCKOUT_INTERVAL, TPM2_PT_LOCKOUT_RECOVERY})
    if (!said.contains(needed))
      return Error{ErrorKind::Malformed, "the TPM does not tell its dictionary-attack state"};
  const TPMA_PERMANENT permanent = said.at(TPM2_PT_PERMANENT);
  Permanent state;
  state.owner_auth_set = (permanent & TPMA_PERMANENT_OWNERAUTHSET) != 0;
  state.endorsement_auth_set = (permanent & TPMA_PERMANENT_ENDORSEMENTAUTHSET) != 0;
  state.lockout.in_lockout = (permanent & TPMA_PERMANENT_INLOCKOUT) != 0;
  state.lockout.lockout_auth_set = (permanent & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0;
  state.lockout.counter = said.at(TPM2_PT_LOCKOUT_COUNTER);
  state.lockout.max_tries = said.at(TPM2_PT_MAX_AUTH_FAIL);
  state.lockout.interval = std::chrono::seconds(said.at(TPM2_PT_LOCKOUT_INTERVAL));
  state.lockout.recovery = std::chrono::seconds(said.at(TPM2_PT_LOCKOUT_RECOVERY));
  return state;
}

Result<Identity> read_identity(Conversation &tpm) {
  const Properties said =
      TRY(read(tpm, TPM2_PT_MANUFACTURER, TPM2_PT_FIRMWARE_VERSION_2 - TPM2_PT_MANUFACTURER + 1));
  Identity identity;
  for (const auto &[property, value] : said) {
    if (property == TPM2_PT_MANUFACTURER) append_characters(identity.maker, value);
    if (property >= TPM2_PT_VENDOR_STRING_1 && property <= TPM2_PT_VENDOR_STRING_4)
      append_characters(identity.vendor, value);
    if (property == TPM2_PT_FIRMWARE_VERSION_1) identity.firmware = halves(value);
    if (property == TPM2_PT_FIRMWARE_VERSION_2) identity.firmware += "." + halves(value);
  }
  identity.maker = trimmed(std::move(identity.maker));
  identity.vendor = trimmed(std::move(identity.vendor));
  return identity;
}

Result<std::string> read_product(Conversation &tpm) {
  const Identity identity = TRY(read_identity(tpm));
  const bool both = !identity.maker.empty() && !identity.vendor.empty();
  const std::string inside = identity.maker + (both ? " " : "") + identity.vendor;
  if (inside.empty()) return std::string("TPM");
  return "TPM (" + inside + ")";
}

}  // namespace passkeyd::tpm
