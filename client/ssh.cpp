/// AddSshKey over the bus.
#include "client/ssh.h"

namespace passkeyd {
namespace {

int append_bytes(sd_bus_message *call, const char *key, const Bytes &bytes) {
  int code = sd_bus_message_open_container(call, 'e', "sv");
  if (code >= 0) code = sd_bus_message_append(call, "s", key);
  if (code >= 0) code = sd_bus_message_open_container(call, 'v', "ay");
  if (code >= 0) code = sd_bus_message_append_array(call, 'y', bytes.data(), bytes.size());
  if (code >= 0) code = sd_bus_message_close_container(call);
  return code < 0 ? code : sd_bus_message_close_container(call);
}

}  // namespace

Result<CredentialRecord> add_ssh_key(Bus &bus, const SshKeyRequest &request, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    int code = sd_bus_message_append(call, "ss", request.user.str().c_str(), request.line.c_str());
    if (code >= 0) code = sd_bus_message_open_container(call, 'a', "{sv}");
    if (code >= 0 && !request.name.empty()) code = append_text(call, option::kName, request.name);
    if (code >= 0 && !request.attestation.empty())
      code = append_bytes(call, option::kAttestation, request.attestation);
    if (code >= 0 && !request.challenge.empty())
      code = append_bytes(call, option::kChallenge, request.challenge);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  const Message reply = TRY(bus.call_manager("AddSshKey", fill, patience, Bus::kAuthorityTime));
  return read_credential(reply, "AddSshKey");
}

}  // namespace passkeyd
