/// The subjects of a ceremony process: what operations.cpp chooses from. Each call may block. Internal to the
/// process.
#pragma once

#include <vector>

#include "common/secret.h"
#include "daemon/ceremony/operations.h"
#include "webauthn/authenticator.h"

namespace passkeyd {

/// What came along, in the order it came.
using Secrets = std::vector<Secret>;

// --- accounts.cpp ---

Result<wire::Event> look_up(const wire::LookUpAccount &op);
Result<wire::Event> name_host();

// --- keys.cpp: `own` is the key of the request's reach ---

Result<wire::Event> describe_key(UsbAuthenticator &own);
Result<wire::Event> probe_key(const wire::ProbeKey &op, UsbAuthenticator &own);
Result<wire::Event> prove_by_key(const wire::Prove &op, UsbAuthenticator &own, const Secrets &secrets,
                                 Cues &cues);
Result<wire::Event> enroll_key(const wire::Enroll &op, UsbAuthenticator &own, const Secrets &secrets,
                               Cues &cues);
Result<wire::Event> discover(const wire::Discover &op, UsbAuthenticator &own, const Secrets &secrets,
                             Cues &cues);

// --- platform.cpp: `connect` is the TPM of the request's reach ---

Result<wire::Event> ask_tpm(const tpm::Connect &connect);
Result<wire::Event> prove_by_tpm(const wire::Prove &op, const tpm::Connect &connect, const Secrets &secrets,
                                 Cues &cues);
Result<wire::Event> enroll_in_tpm(const wire::Enroll &op, const tpm::Connect &connect, const Secrets &secrets,
                                  Cues &cues);
Result<wire::Event> change_pin(const wire::ChangePin &op, const tpm::Connect &connect,
                               const Secrets &secrets);
Result<wire::Event> activate(const wire::Activate &op, const tpm::Connect &connect);
Result<wire::Event> examine_tpm(const wire::ExamineTpm &op, const tpm::Connect &connect);

// --- codes.cpp ---

Result<LastWord> make_codes();
Result<wire::Event> check_code(const wire::CheckCode &op, const Secrets &secrets);

// --- metadata.cpp ---

/// `files`: what came along, which here is no secret.
Result<LastWord> read_metadata_file(const wire::ReadMetadata &op, const std::vector<Fd> &files);

// --- agent.cpp ---

/// `files`: the connection to the agent.
Result<wire::Event> list_agent_keys(const wire::ListAgentKeys &op, const std::vector<Fd> &files);
Result<wire::Event> sign_by_agent(const wire::SignByAgent &op, const std::vector<Fd> &files);

}  // namespace passkeyd
