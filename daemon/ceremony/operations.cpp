/// Which operation a request means.
#include "daemon/ceremony/operations.h"

#include <variant>

#include "daemon/ceremony/performing.h"

namespace passkeyd {
namespace {

class SaidCues final : public Cues {
 public:
  explicit SaidCues(const std::function<void(const wire::Event &)> &say) : say_(say) {}
  void touch() override { say_(wire::TouchCue{}); }
  void verify() override { say_(wire::VerifyCue{}); }

 private:
  const std::function<void(const wire::Event &)> &say_;
};

/// Chooses by the type of the request: one without a line here does not compile.
struct Performer {
  const Reach &reach;
  const Secrets &secrets;
  const std::vector<Fd> &files;
  Cues &cues;

  using Last = Result<wire::Event>;
  Last operator()(const wire::LookUpAccount &op) const { return look_up(op); }
  Last operator()(const wire::NameHost &) const { return name_host(); }
  Last operator()(const wire::DescribeKey &) const { return describe_key(*reach.key); }
  Last operator()(const wire::ProbeKey &op) const { return probe_key(op, *reach.key); }
  Last operator()(const wire::AskTpm &) const { return ask_tpm(reach.tpm); }
  Last operator()(const wire::Prove &op) const {
    return op.way == Way::Tpm ? prove_by_tpm(op, reach.tpm, secrets, cues)
                              : prove_by_key(op, *reach.key, secrets, cues);
  }
  Last operator()(const wire::Enroll &op) const {
    return op.way == Way::Tpm ? enroll_in_tpm(op, reach.tpm, secrets, cues)
                              : enroll_key(op, *reach.key, secrets, cues);
  }
  Last operator()(const wire::Discover &op) const { return discover(op, *reach.key, secrets, cues); }
  Last operator()(const wire::ChangePin &op) const { return change_pin(op, reach.tpm, secrets); }
  Last operator()(const wire::Activate &op) const { return activate(op, reach.tpm); }
  Last operator()(const wire::ExamineTpm &op) const { return examine_tpm(op, reach.tpm); }
  Last operator()(const wire::CheckCode &op) const { return check_code(op, secrets); }
  Last operator()(const wire::ListAgentKeys &op) const { return list_agent_keys(op, files); }
  Last operator()(const wire::SignByAgent &op) const { return sign_by_agent(op, files); }
  Result<LastWord> operator()(const wire::MakeCodes &) const { return make_codes(); }
  Result<LastWord> operator()(const wire::ReadMetadata &op) const { return read_metadata_file(op, files); }
};

Result<Secrets> read_all(const std::vector<Fd> &files) {
  Secrets secrets;
  secrets.reserve(wire::kMaxFds);  // what a growing vector leaves behind is wiped, but need not be there
  for (const Fd &file : files) secrets.push_back(TRY(from_memfd(file)));
  return secrets;
}

/// Everything that is handed over is a secret, but for a file of metadata and the connection to an agent.
bool brings_no_secret(const wire::Request &request) {
  return std::holds_alternative<wire::ReadMetadata>(request) ||
         std::holds_alternative<wire::ListAgentKeys>(request) ||
         std::holds_alternative<wire::SignByAgent>(request);
}

Result<LastWord> perform_one(const wire::Request &request, const Reach &reach, const std::vector<Fd> &files,
                             Cues &cues) {
  const bool secret = !brings_no_secret(request);
  const Secrets secrets = secret ? TRY(read_all(files)) : Secrets();
  const Performer performer{reach, secrets, files, cues};
  return std::visit(
      [&](const auto &op) -> Result<LastWord> {
        auto last = performer(op);
        if (!last) return std::move(last).error();
        return LastWord{std::move(last).value()};
      },
      request);
}

}  // namespace

LastWord perform(const wire::Request &request, const Reach &reach, std::vector<Fd> secrets,
                 const std::function<void(const wire::Event &)> &say) {
  const std::vector<Fd> files = std::move(secrets);
  SaidCues cues(say);
  Result<LastWord> last = perform_one(request, reach, files, cues);
  if (last) return std::move(last).value();
  return LastWord{std::move(last).error()};
}

}  // namespace passkeyd
