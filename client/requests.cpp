/// Writing requests.
#include "client/requests.h"

#include "client/bus.h"
#include "client/printable.h"
#include "common/steps.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxHint = 255;  ///< bytes of a hint: host names have at most 253

int append_hint(sd_bus_message *call, const char *key, const std::string &hint) {
  return hint.empty() ? 0 : append_text(call, key, printable(hint, kMaxHint));
}

int append_if(bool wanted, sd_bus_message *call, const char *key, const char *value) {
  return wanted ? append_text(call, key, value) : 0;
}

int append_truth(sd_bus_message *call, const char *key, bool truth) {
  return truth ? sd_bus_message_append(call, "{sv}", key, "b", 1) : 0;
}

int append_ids(sd_bus_message *call, const char *key, const std::vector<std::string> &ids) {
  std::string list;
  for (const std::string &id : ids) list += (list.empty() ? "" : " ") + id;
  return list.empty() ? 0 : append_text(call, key, list);
}

/// Where from, the same for every request.
template <class Request>
int append_hints(sd_bus_message *call, const Request &request) {
  int code = append_hint(call, request::kService, request.service);
  if (code >= 0) code = append_hint(call, request::kTty, request.tty);
  return code < 0 ? code : append_hint(call, request::kRemoteHost, request.rhost);
}

}  // namespace

int append_request(sd_bus_message *call, const LoginRequest &request) {
  int code = request.user ? append_text(call, request::kUser, request.user->str()) : 0;
  if (code >= 0) code = append_hints(call, request);
  if (code >= 0) code = append_if(request.first == First::Either, call, request::kFirst, "either");
  if (code >= 0) code = append_if(request.host == HostTalk::OneAnswer, call, request::kHost, "one-answer");
  if (code >= 0) code = append_if(request.typed == Typed::Pin, call, request::kTyped, "pin");
  if (code >= 0) code = append_hint(call, request::kCredential, request.credential);
  const std::string wait = std::to_string(request.wait.count());
  return code < 0 ? code : append_if(request.wait.count() > 0, call, request::kWait, wait.c_str());
}

int append_request(sd_bus_message *call, const EnrollRequest &request) {
  int code = append_text(call, request::kUser, request.user.str());
  if (code >= 0 && request.way) code = append_text(call, request::kWay, std::string(name_of(*request.way)));
  if (code >= 0) code = append_truth(call, request::kDiscoverable, request.discoverable);
  if (code >= 0) code = append_truth(call, request::kAskName, request.ask_name);
  if (code >= 0) code = append_truth(call, request::kElsewhere, request.elsewhere);
  if (code >= 0) code = append_hint(call, request::kDevice, request.device);
  return code < 0 ? code : append_hint(call, request::kName, request.name);
}

int append_request(sd_bus_message *call, const PinChangeRequest &request) {
  const int code = append_text(call, request::kUser, request.user.str());
  return code < 0 ? code : append_hints(call, request);
}

int append_request(sd_bus_message *call, const GuestEnrollRequest &request) {
  int code = append_text(call, request::kUser, request.user.str());
  if (code >= 0) code = append_text(call, request::kRpId, request.rp_id);
  if (code >= 0) code = append_hint(call, request::kAccount, request.account);
  if (code >= 0) code = append_text(call, request::kClientData, request.client_data);
  return code < 0 ? code : append_ids(call, request::kExclude, request.exclude);
}

int append_request(sd_bus_message *call, const GuestAssertRequest &request) {
  int code = append_text(call, request::kUser, request.user.str());
  if (code >= 0) code = append_text(call, request::kRpId, request.rp_id);
  if (code >= 0) code = append_text(call, request::kClientData, request.client_data);
  return code < 0 ? code : append_ids(call, request::kAllowed, request.allowed);
}

}  // namespace passkeyd
