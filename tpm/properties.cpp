/// GetCapability, group by group.
#include "tpm/properties.h"

#include <map>
#include <string_view>

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
    if (character >= ' ' && character <= '~') text += character;
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

Result<DictionaryAttackState> read_dictionary_attack_state(Conversation &tpm) {
  const Properties said = TRY(read(tpm, TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_RECOVERY - TPM2_PT_PERMANENT + 1));
  for (const TPM2_PT needed : {TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_COUNTER, TPM2_PT_MAX_AUTH_FAIL,
                               TPM2_PT_LOCKOUT_INTERVAL, TPM2_PT_LOCKOUT_RECOVERY})
    if (!said.contains(needed))
      return Error{ErrorKind::Malformed, "the TPM does not tell its dictionary-attack state"};
  const TPMA_PERMANENT permanent = said.at(TPM2_PT_PERMANENT);
  DictionaryAttackState state;
  state.in_lockout = (permanent & TPMA_PERMANENT_INLOCKOUT) != 0;
  state.lockout_auth_set = (permanent & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0;
  state.counter = said.at(TPM2_PT_LOCKOUT_COUNTER);
  state.max_tries = said.at(TPM2_PT_MAX_AUTH_FAIL);
  state.interval = std::chrono::seconds(said.at(TPM2_PT_LOCKOUT_INTERVAL));
  state.recovery = std::chrono::seconds(said.at(TPM2_PT_LOCKOUT_RECOVERY));
  return state;
}

Result<std::string> read_product(Conversation &tpm) {
  const Properties said =
      TRY(read(tpm, TPM2_PT_MANUFACTURER, TPM2_PT_VENDOR_STRING_4 - TPM2_PT_MANUFACTURER + 1));
  std::string maker, vendor;
  for (const auto &[property, value] : said) {
    if (property == TPM2_PT_MANUFACTURER) append_characters(maker, value);
    if (property >= TPM2_PT_VENDOR_STRING_1 && property <= TPM2_PT_VENDOR_STRING_4)
      append_characters(vendor, value);
  }
  const std::string inside = std::string(trimmed(maker)) + " " + std::string(trimmed(vendor));
  if (trimmed(inside).empty()) return std::string("TPM");
  return "TPM (" + std::string(trimmed(inside)) + ")";
}

}  // namespace passkeyd::tpm
