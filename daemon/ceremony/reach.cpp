/// What to open for which request.
#include "daemon/ceremony/reach.h"

#include <algorithm>

namespace passkeyd {
namespace {

constexpr std::chrono::seconds kPatience{20};
/// Where an RSA endorsement key has to be made, which may take a slow TPM half a minute.
constexpr std::chrono::seconds kLongPatience{50};

Reach key_at(const KeyInfo &device) {
  Reach reach{std::make_unique<UsbAuthenticator>(device)};
  reach.key->open_now();
  return reach;
}

Reach tpm_at(const std::string &tcti, std::size_t conversations, std::chrono::seconds patience = kPatience) {
  return {nullptr, tpm::lines_ahead(tcti, conversations, patience)};
}

/// Looking for room, and for each credential that may be of this TPM: one try, and one look at what went
/// wrong.
std::size_t conversations_of(const AssertionRequest &request) {
  const auto ours =
      std::ranges::count_if(request.allowed, [](const auto &one) { return !one.platform.empty(); });
  return 1 + 2 * static_cast<std::size_t>(ours);
}

/// Chooses by the type of the request: one without a line here does not compile.
struct Opener {
  Reach operator()(const wire::LookUpAccount &) const { return {}; }
  Reach operator()(const wire::NameHost &) const { return {}; }
  Reach operator()(const wire::DescribeKey &op) const { return key_at(op.device); }
  Reach operator()(const wire::ProbeKey &op) const { return key_at(op.device); }
  Reach operator()(const wire::AskTpm &op) const { return tpm_at(op.tcti, 1); }
  Reach operator()(const wire::Prove &op) const {
    return op.way == Way::Tpm ? tpm_at(op.device.path, conversations_of(op.request)) : key_at(op.device);
  }
  Reach operator()(const wire::Enroll &op) const {
    return op.way == Way::Tpm ? tpm_at(op.device.path, 1) : key_at(op.device);
  }
  Reach operator()(const wire::Discover &op) const { return key_at(op.device); }
  // Looking for room, changing it, and a look at what went wrong.
  Reach operator()(const wire::ChangePin &op) const { return tpm_at(op.tcti, 3); }
  Reach operator()(const wire::Activate &op) const { return tpm_at(op.tcti, 1, kLongPatience); }
  Reach operator()(const wire::ExamineTpm &op) const { return tpm_at(op.tcti, 1, kLongPatience); }
  Reach operator()(const wire::MakeCodes &) const { return {}; }
  Reach operator()(const wire::CheckCode &) const { return {}; }
  Reach operator()(const wire::ReadMetadata &) const { return {}; }
  Reach operator()(const wire::ListAgentKeys &) const { return {}; }
  Reach operator()(const wire::SignByAgent &) const { return {}; }
};

}  // namespace

Reach reach_for(const wire::Request &request) {
  return std::visit(Opener(), request);
}

}  // namespace passkeyd
