/// Calling, and reading what comes back.
#include "client/revocation.h"

namespace passkeyd {
namespace {

enum class Rehearsal { No, Yes };

int open_options(sd_bus_message *call, const std::string &reason) {
  int code = sd_bus_message_open_container(call, 'a', "{sv}");
  if (code >= 0 && !reason.empty()) code = append_text(call, option::kReason, reason);
  return code;
}

int append_reason(sd_bus_message *call, const std::string &reason) {
  const int code = open_options(call, reason);
  return code < 0 ? code : sd_bus_message_close_container(call);
}

Status call_about(Bus &bus, const char *method, const CredentialOrder &order, Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    const int code = sd_bus_message_append(call, "ss", order.user.str().c_str(), order.id.c_str());
    return code < 0 ? code : append_reason(call, order.reason);
  };
  TRY(bus.call_manager(method, fill, patience, Bus::kAuthorityTime));
  return Ok{};
}

Result<CredentialList> call_matching(Bus &bus, const Recall &recall, Rehearsal rehearsal,
                                     Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    int code = open_options(call, recall.reason);
    if (code >= 0 && recall.model) code = append_text(call, option::kAuthenticator, *recall.model);
    if (code >= 0 && recall.enrolled_before)
      code = sd_bus_message_append(call, "{sv}", option::kEnrolledBefore, "x", *recall.enrolled_before);
    if (code >= 0 && rehearsal == Rehearsal::Yes)
      code = sd_bus_message_append(call, "{sv}", option::kDryRun, "b", 1);
    return code < 0 ? code : sd_bus_message_close_container(call);
  };
  const Message reply = TRY(bus.call_manager("RevokeMatching", fill, patience, Bus::kAuthorityTime));
  return read_credentials(reply, "RevokeMatching");
}

}  // namespace

Status revoke_credential(Bus &bus, const CredentialOrder &order, Patience &patience) {
  return call_about(bus, "RevokeCredential", order, patience);
}

Result<std::uint32_t> revoke_all(Bus &bus, const UserName &user, const std::string &reason,
                                 Patience &patience) {
  const auto fill = [&](sd_bus_message *call) {
    const int code = sd_bus_message_append(call, "s", user.str().c_str());
    return code < 0 ? code : append_reason(call, reason);
  };
  const Message reply = TRY(bus.call_manager("RevokeAll", fill, patience, Bus::kAuthorityTime));
  std::uint32_t count = 0;
  if (sd_bus_message_has_signature(reply.get(), "u") <= 0 ||
      sd_bus_message_read(reply.get(), "u", &count) <= 0)
    return Error{ErrorKind::Malformed, "RevokeAll: the answer is no count"};
  return count;
}

Result<CredentialList> matching(Bus &bus, const Recall &recall, Patience &patience) {
  return call_matching(bus, recall, Rehearsal::Yes, patience);
}

Result<CredentialList> revoke_matching(Bus &bus, const Recall &recall, Patience &patience) {
  return call_matching(bus, recall, Rehearsal::No, patience);
}

Status resume_credential(Bus &bus, const CredentialOrder &order, Patience &patience) {
  return call_about(bus, "ResumeCredential", order, patience);
}

}  // namespace passkeyd
