/// swtpm as a child process, and the tap.
#include "tests/tpm_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace passkeyd::test {
namespace {

std::uint32_t number_at(const Bytes &bytes, std::size_t at) {
  if (bytes.size() < at + 4) return 0;
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

Bytes flush_command(std::uint32_t handle) {
  Bytes command = {0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65};
  for (int shift = 24; shift >= 0; shift -= 8) command.push_back(static_cast<std::uint8_t>(handle >> shift));
  return command;
}

std::string new_directory() {
  char pattern[] = "/tmp/passkeyd-swtpm-XXXXXX";
  if (mkdtemp(pattern) == nullptr) fail_at(__FILE__, __LINE__, "mkdtemp");
  return pattern;
}

void remove(const std::string &directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

/// swtpm with these arguments and `inherited` open; it dies with this process.
pid_t spawn(const Fd &inherited, const std::vector<std::string> &arguments) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  fcntl(inherited.get(), F_SETFD, 0);
  std::vector<const char *> words = {"swtpm", "socket", "--tpm2", "--flags", "not-need-init,startup-clear"};
  for (const std::string &argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  execvp("swtpm", const_cast<char *const *>(words.data()));
  _exit(127);
}

void end(pid_t &process) {
  if (process <= 0) return;
  kill(process, SIGKILL);
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
  process = -1;
}

class TappedLine final : public tpm::Line {
 public:
  TappedLine(std::unique_ptr<tpm::Line> line, Tap &tap, Manager manager)
      : line_(std::move(line)), tap_(tap), manager_(manager) {
    ++tap_.lines_opened;
  }

  ~TappedLine() override {
    if (manager_ == Manager::None) return;
    for (const std::uint32_t handle : made_) {
      Bytes answer;
      if (line_->send(flush_command(handle)) == TSS2_RC_SUCCESS) line_->receive(answer);
    }
  }

  TSS2_RC send(ByteView command) override {
    tap_.exchanges.push_back({copy_of(command), {}});
    return line_->send(command);
  }

  TSS2_RC receive(Bytes &answer) override {
    const TSS2_RC code = line_->receive(answer);
    if (code != TSS2_RC_SUCCESS) return code;
    Tap::Exchange &exchange = tap_.exchanges.back();
    exchange.answer = answer;
    const TPM2_CC command = exchange.code();
    const bool makes =
        command == TPM2_CC_StartAuthSession || command == TPM2_CC_Load || command == TPM2_CC_CreatePrimary;
    if (makes && exchange.answer_code() == TSS2_RC_SUCCESS) made_.push_back(number_at(answer, 10));
    if (command == TPM2_CC_FlushContext) std::erase(made_, number_at(exchange.command, 10));
    if (tap_.meddle) tap_.meddle(tap_.exchanges.size() - 1, answer);
    return code;
  }

  [[nodiscard]] bool frees_on_close() const override { return manager_ == Manager::LikeTheKernels; }

 private:
  std::unique_ptr<tpm::Line> line_;
  Tap &tap_;
  Manager manager_;
  std::vector<std::uint32_t> made_;
};

}  // namespace

TPM2_CC Tap::Exchange::code() const {
  return number_at(command, 6);
}

TSS2_RC Tap::Exchange::answer_code() const {
  return number_at(answer, 6);
}

std::size_t Tap::count(TPM2_CC code) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(exchanges, [code](const Exchange &exchange) { return exchange.code() == code; }));
}

std::vector<TPM2_CC> Tap::codes() const {
  std::vector<TPM2_CC> all;
  for (const Exchange &exchange : exchanges) all.push_back(exchange.code());
  return all;
}

bool Tap::saw(ByteView bytes) const {
  return std::ranges::any_of(exchanges, [bytes](const Exchange &exchange) {
    return !std::ranges::search(exchange.command, bytes).empty() ||
           !std::ranges::search(exchange.answer, bytes).empty();
  });
}

Swtpm::Swtpm(Manager manager) : manager_(manager), directory_(new_directory()) {
  start();
}

Swtpm::~Swtpm() {
  cut_power();
  remove(directory_);
}

void Swtpm::start() {
  int ends[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  socket_.reset(ends[0]);
  const Fd theirs(ends[1]);
  const std::string state = "dir=" + directory_, number = std::to_string(theirs.get());
  const std::string log = "file=" + directory_ + "/log";
  process_ = spawn(theirs, {"--tpmstate", state, "--fd", number, "--log", log});
}

void Swtpm::cut_power() {
  end(process_);
}

void Swtpm::stop_answering() {
  CHECK(kill(process_, SIGSTOP) == 0);
  int status = 0;
  CHECK(waitpid(process_, &status, WUNTRACED) == process_ && WIFSTOPPED(status));
}

void Swtpm::replace() {
  cut_power();
  for (const auto &entry : std::filesystem::directory_iterator(directory_))
    std::filesystem::remove_all(entry);
  start();
}

TpmAuthenticator::Connect Swtpm::connect(milliseconds limit) {
  return [this, limit]() -> Result<std::unique_ptr<tpm::Line>> {
    Fd copy(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return errno_error("dup", errno);
    return std::unique_ptr<tpm::Line>(std::make_unique<TappedLine>(
        tpm::line_over(std::move(copy), manager_ == Manager::LikeTheKernels, limit), tap, manager_));
  };
}

void Swtpm::set_dictionary_attack_parameters(std::uint32_t tries, std::uint32_t interval,
                                             std::uint32_t recovery) {
  const tpm::Conversation tpm = admin();
  CHECK_RC(Esys_DictionaryAttackParameters(tpm.esys(), ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                           ESYS_TR_NONE, tries, interval, recovery));
}

void Swtpm::clear() {
  const tpm::Conversation tpm = admin();
  CHECK_RC(Esys_Clear(tpm.esys(), ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE));
}

void Swtpm::evict(TPM2_HANDLE handle) {
  const tpm::Conversation tpm = admin();
  ESYS_TR key = ESYS_TR_NONE, gone = ESYS_TR_NONE;
  CHECK_RC(Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &key));
  CHECK_RC(Esys_EvictControl(tpm.esys(), ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             handle, &gone));
}

void Swtpm::keep_primary(const TPM2B_PUBLIC &area, TPM2_HANDLE handle, const Secret &password) {
  const tpm::Conversation tpm = admin();
  TPM2B_SENSITIVE_CREATE sensitive = {};
  sensitive.sensitive.userAuth.size = static_cast<UINT16>(password.size());
  std::ranges::copy(password.bytes(), sensitive.sensitive.userAuth.buffer);
  const TPM2B_DATA no_data = {};
  const TPML_PCR_SELECTION no_registers = {};
  ESYS_TR key = ESYS_TR_NONE, kept = ESYS_TR_NONE;
  CHECK_RC(Esys_CreatePrimary(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                              &sensitive, &area, &no_data, &no_registers, &key, nullptr, nullptr, nullptr,
                              nullptr));
  const tpm::Transient primary(tpm.esys(), key, false);
  CHECK_RC(Esys_EvictControl(tpm.esys(), ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             handle, &kept));
}

ListeningSwtpm::ListeningSwtpm() : directory_(new_directory()) {
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = directory_ + "/tpm";
  std::ranges::copy(path, address.sun_path);
  CHECK(bind(listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0);
  CHECK(listen(listener.get(), 4) == 0);
  process_ = spawn(
      listener, {"--tpmstate", "dir=" + directory_, "--server",
                 "type=unixio,fd=" + std::to_string(listener.get()), "--log", "file=" + directory_ + "/log"});
}

ListeningSwtpm::~ListeningSwtpm() {
  end(process_);
  remove(directory_);
}

void check_rc(const char *file, int line, TSS2_RC code) {
  if (code != TSS2_RC_SUCCESS) fail_at(file, line, tpm::error_of(code, tpm::Stage::Query).sentence);
}

Challenge Person::challenge(Ceremony ceremony) const {
  return MUST(Challenge::make(ceremony, rp_id, account, UserVerification::Required, BootTime{0}));
}

Result<Registration> Person::try_enroll(TpmAuthenticator &with, std::vector<Bytes> exclude) const {
  const RegistrationRequest request{.rp_id = rp_id,
                                    .client_data = challenge(Ceremony::Create).client_data(),
                                    .user_name = account.name.str(),
                                    .user_handle = Bytes(16, 1),
                                    .exclude = std::move(exclude)};
  SilentCues cues;
  const Secret typed = secret();
  return with.enroll(request, &typed, cues);
}

Credential Person::enroll(std::vector<Bytes> exclude) const {
  Challenge asked = challenge(Ceremony::Create);
  const RegistrationRequest request{.rp_id = rp_id,
                                    .client_data = asked.client_data(),
                                    .user_name = account.name.str(),
                                    .user_handle = Bytes(16, 1),
                                    .exclude = std::move(exclude)};
  SilentCues cues;
  const Secret typed = secret();
  const Registration made = MUST(tpm.authenticator().enroll(request, &typed, cues));
  CHECK(cues.calls == 0);
  Credential credential = MUST(verify_registration(std::move(asked), made, BootTime{0}));
  credential.way = Way::Tpm;
  credential.state = CredentialState::Active;
  return credential;
}

Result<Verification> Person::log_in(const Credential &credential, TpmAuthenticator with) const {
  Challenge asked = challenge(Ceremony::Get);
  AssertionRequest request{.rp_id = rp_id, .client_data = asked.client_data()};
  request.allowed.push_back({.id = credential.id, .platform = credential.platform});
  SilentCues cues;
  const Secret typed = secret();
  const std::optional<Assertion> assertion = TRY(with.prove(request, &typed, cues));
  CHECK(cues.calls == 0);
  CHECK(assertion.has_value());
  return verify(credential, std::move(asked), *assertion, BootTime{0});
}

Result<Verification> Person::log_in(const Credential &credential) const {
  return log_in(credential, tpm.authenticator());
}

bool Person::can_log_in(const Credential &credential) const {
  const Verification verification = MUST(log_in(credential));
  return verification.verdict == Verdict::Granted && verification.user_verified &&
         verification.counter == 0 && !verification.backed_up;
}

ErrorKind Person::failure(const Credential &credential) const {
  const Result<Verification> result = log_in(credential);
  if (result) fail_at(__FILE__, __LINE__, "the login should have failed");
  return result.error().kind;
}

}  // namespace passkeyd::test
