/// Starting, steering and ending what the bench is made of.
#include "tests/usb/bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "tests/softkey/control.h"

namespace passkeyd::test {
namespace {

constexpr const char *kBench = "PASSKEYD_USB_BENCH";

std::string directory() {
  const char *set = std::getenv(kBench);
  if (set == nullptr) throw Failed("not on a bench");
  return set;
}

std::string mock_control() {
  return directory() + "/mockusb";
}
std::string key_socket(int port) {
  return directory() + "/key" + std::to_string(port);
}

std::vector<char *> pointers(std::vector<std::string> &words) {
  std::vector<char *> out;
  for (std::string &word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// "ok" and a newline, or "error: ", before the answer.
std::string ask(const std::string &socket, const std::string &command) {
  const Fd connection = MUST(softkey::connect_to(socket, SOCK_STREAM));
  const std::string line = command + "\n";
  if (send(connection.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    throw Failed("cannot tell " + socket + ": " + command);
  std::string answer;
  char part[512];
  for (ssize_t got; (got = recv(connection.get(), part, sizeof part, 0)) > 0;)
    answer.append(part, static_cast<std::size_t>(got));
  return answer;
}

std::string must_ask(const std::string &socket, const std::string &command) {
  const std::string answer = ask(socket, command);
  if (!answer.starts_with("ok\n")) throw Failed(command + ": " + answer);
  return answer.substr(3);
}

/// A program that ends with this one. `without`: names to leave out of its environment; `out`: its standard
/// output, or -1 for ours.
pid_t start(std::vector<std::string> words, const std::vector<const char *> &without, int out) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (out >= 0) dup2(out, STDOUT_FILENO);
  for (const char *name : without) unsetenv(name);
  execv(words.front().c_str(), pointers(words).data());
  std::perror(words.front().c_str());
  _exit(127);
}

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Waits for `child`, to which every signal of `signals` but SIGCHLD is handed on: who is told to end still
/// tidies up.
int wait_and_forward(pid_t child, const sigset_t &signals) {
  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    int status = 0;
    if (signal != SIGCHLD)
      kill(child, signal);
    else if (waitpid(child, &status, WNOHANG) == child)
      return exit_status(status);
  }
  return 1;
}

Result<Challenge> challenge(Ceremony ceremony, UserVerification uv) {
  return Challenge::make(ceremony, rp_id(), account(), uv, SystemClock().boot());
}

}  // namespace

int run_on_bench(const std::function<int()> &tests) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what a test that hangs has said so far is seen
  if (std::getenv(kBench) != nullptr) return tests();
  const char *mockusb = std::getenv("MOCKUSB");
  if (mockusb == nullptr || std::getenv("SOFTKEY") == nullptr) {
    std::fprintf(stderr, "run by meson test: MOCKUSB and SOFTKEY are not set\n");
    return 1;
  }
  char name[] = "/tmp/usb-bench-XXXXXX";
  if (mkdtemp(name) == nullptr) return 1;
  setenv(kBench, name, 1);
  std::vector<std::string> command = {mockusb, "--unplugged", "--control", mock_control()};
  for (int port = 0; port < kPorts; ++port) {
    command.emplace_back("--key-socket");
    command.push_back(key_socket(port));
  }
  command.emplace_back("--");
  command.push_back(std::filesystem::read_symlink("/proc/self/exe"));
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int status = wait_and_forward(start(command, {}, -1), signals);
  std::error_code ignored;
  std::filesystem::remove_all(name, ignored);
  return status;
}

BenchKey::BenchKey(std::vector<std::string> options, int port)
    : port_(port), listen_(key_socket(port)), control_(listen_ + ".control") {
  std::vector<std::string> command = {std::getenv("SOFTKEY"), "--listen", listen_, "--control", control_,
                                      "--die-with-parent"};
  command.insert(command.end(), options.begin(), options.end());
  std::array<int, 2> out{};
  if (pipe2(out.data(), O_CLOEXEC) != 0) throw Failed("pipe");
  const Fd says(out[0]);
  {
    const Fd speaker(out[1]);
    program_ = start(command, {"LD_PRELOAD"}, speaker.get());
  }
  std::array<char, 6> word{};  // "ready": its sockets are there
  std::size_t got = 0;
  for (ssize_t more = 1; got < word.size() && more > 0;
       got += static_cast<std::size_t>(std::max<ssize_t>(more, 0)))
    more = read(says.get(), word.data() + got, word.size() - got);
  if (std::string_view(word.data(), got) != "ready\n") throw Failed("the software key does not start");
  plug();
}

BenchKey::~BenchKey() {
  try {
    ask(mock_control(), "unplug " + std::to_string(port_));  // refused if it is out already
  } catch (const Failed &) {  // no mockusb any more: all of this is about to end
  }
  kill(program_, SIGTERM);
  while (waitpid(program_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void BenchKey::plug() {
  must_ask(mock_control(), "plug " + std::to_string(port_));
  tell("wait plugged");
}

void BenchKey::unplug() {
  must_ask(mock_control(), "unplug " + std::to_string(port_));
  tell("wait unplugged");
}

KeyInfo BenchKey::info() const {
  const std::string list = must_ask(mock_control(), "list");
  for (const KeyInfo &key : MUST(plugged_keys()))
    if (list.find(std::to_string(port_) + " " + key.path + "\n") != std::string::npos) return key;
  throw Failed("plugged_keys() does not list port " + std::to_string(port_));
}

std::string BenchKey::tell(const std::string &command) const {
  return must_ask(control_, command);
}

void BenchKey::knob(const std::string &name, int value) const {
  tell("knob " + name + " " + std::to_string(value));
}

int BenchKey::count(const std::string &what) const {
  return std::stoi(tell("count " + what));
}

RpId rp_id() {
  return MUST(RpId::parse("workstation.example"));
}

Account account() {
  return {MUST(UserName::parse("alice")), 1000};
}

Secret pin_of(std::string_view text) {
  return MUST(Secret::parse(text));
}

RegistrationRequest registration(UserVerification uv) {
  return {.rp_id = rp_id(),
          .client_data = MUST(challenge(Ceremony::Create, uv)).client_data(),
          .user_verification = uv,
          .user_name = "alice",
          .user_handle = Bytes(32, 0x61),
          .exclude = {}};
}

Credential enroll(const BenchKey &key, const char *pin, UserVerification uv) {
  Challenge asked = MUST(challenge(Ceremony::Create, uv));
  RegistrationRequest request = registration(uv);
  request.client_data = asked.client_data();
  UsbAuthenticator authenticator(key.info());
  Heard heard;
  const Secret secret = pin_of(pin == nullptr ? "" : pin);
  const Registration made = MUST(authenticator.enroll(request, pin == nullptr ? nullptr : &secret, heard));
  CHECK(!heard.cues.empty());
  Credential credential = MUST(verify_registration(std::move(asked), made, SystemClock().boot()));
  credential.max_allow_list = made.max_allow_list;
  credential.state = CredentialState::Active;
  return credential;
}

AssertionRequest login(const std::vector<Credential> &credentials, UserVerification uv) {
  AssertionRequest request{.rp_id = rp_id(),
                           .client_data = MUST(challenge(Ceremony::Get, uv)).client_data(),
                           .user_verification = uv,
                           .allowed = {}};
  for (const Credential &one : credentials) request.allowed.push_back({one.id, {}, one.max_allow_list});
  return request;
}

Result<std::optional<Assertion>> prove(const BenchKey &key, const AssertionRequest &request, const char *pin,
                                       Heard *heard) {
  UsbAuthenticator authenticator(key.info());
  Heard unheard;
  const Secret secret = pin_of(pin == nullptr ? "" : pin);
  return authenticator.prove(request, pin == nullptr ? nullptr : &secret,
                             heard == nullptr ? unheard : *heard);
}

Error refused(const BenchKey &key, const AssertionRequest &request, const char *pin) {
  Result<std::optional<Assertion>> result = prove(key, request, pin);
  if (result)
    throw Failed(result.value() ? "an assertion where an error was due" : "nullopt where an error was due");
  return std::move(result).error();
}

Verification logged_in(const BenchKey &key, const std::vector<Credential> &credentials, UserVerification uv,
                       const char *pin) {
  Challenge asked = MUST(challenge(Ceremony::Get, uv));
  AssertionRequest request = login(credentials, uv);
  request.client_data = asked.client_data();
  const std::optional<Assertion> assertion = MUST(prove(key, request, pin));
  CHECK(assertion);
  const auto used = std::find_if(credentials.begin(), credentials.end(),
                                 [&](const Credential &one) { return one.id == assertion->credential_id; });
  CHECK(used != credentials.end());
  const Verification verdict = verify(*used, std::move(asked), *assertion, SystemClock().boot());
  if (verdict.verdict != Verdict::Granted) throw Failed("refused: " + std::string(name_of(verdict.refusal)));
  return verdict;
}

}  // namespace passkeyd::test
