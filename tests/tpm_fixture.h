/// A real TPM for tests: swtpm over a socketpair, its state in a directory of its own, and a tap on the line.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/handle.h"
#include "tests/check.h"
#include "tpm/authenticator.h"
#include "tpm/conversation.h"
#include "tpm/line.h"
#include "webauthn/verify.h"

namespace passkeyd::test {

using std::chrono::milliseconds;

/// What went over the line.
struct Tap {
  struct Exchange {
    Bytes command;
    Bytes answer;  ///< empty if none came
    [[nodiscard]] TPM2_CC code() const;
    [[nodiscard]] TSS2_RC answer_code() const;
  };
  std::vector<Exchange> exchanges;
  int lines_opened = 0;

  /// If set: called with each answer before anybody sees it, and the number of its command from 0. May
  /// change it.
  std::function<void(std::size_t, Bytes &)> meddle;

  [[nodiscard]] std::size_t count(TPM2_CC code) const;
  [[nodiscard]] std::vector<TPM2_CC> codes() const;
  /// True if `bytes` occur in anything that went over the line, either way.
  [[nodiscard]] bool saw(ByteView bytes) const;
  void clear() { *this = Tap{.meddle = meddle}; }
};

/// Who frees what an operation leaves: nobody, as behind a bare TPM, or, when the line closes, a manager as
/// the kernel's is (the tap then flushes what was made, and does not count that).
enum class Manager { None, LikeTheKernels };

class Swtpm {
 public:
  explicit Swtpm(Manager manager = Manager::LikeTheKernels);
  ~Swtpm();
  Swtpm(const Swtpm &) = delete;
  Swtpm &operator=(const Swtpm &) = delete;

  [[nodiscard]] const std::string &directory() const { return directory_; }
  void start();           ///< on the state there is
  void cut_power();       ///< SIGKILL
  void stop_answering();  ///< SIGSTOP: the socket stays open and nobody answers
  void replace();         ///< another TPM in its place: new state, same socket

  [[nodiscard]] TpmAuthenticator::Connect connect(milliseconds limit = std::chrono::seconds(20));
  [[nodiscard]] TpmAuthenticator authenticator() { return TpmAuthenticator(connect()); }
  /// For what an administrator does.
  [[nodiscard]] tpm::Conversation admin() { return MUST(tpm::Conversation::open(connect())); }

  void set_dictionary_attack_parameters(std::uint32_t tries, std::uint32_t interval, std::uint32_t recovery);
  void clear();                    ///< TPM2_Clear
  void evict(TPM2_HANDLE handle);  ///< removes a persistent key
  /// Makes a primary key of the owner's and keeps it at `handle`.
  void keep_primary(const TPM2B_PUBLIC &area, TPM2_HANDLE handle, const Secret &password = Secret());
  [[nodiscard]] tpm::DictionaryAttackState state() { return MUST(authenticator().dictionary_attack_state()); }

  Tap tap;

 private:
  Manager manager_;
  std::string directory_;
  pid_t process_ = -1;
  Fd socket_;
};

/// swtpm behind a socket file, as a configuration names it. It takes one line after the other.
class ListeningSwtpm {
 public:
  ListeningSwtpm();
  ~ListeningSwtpm();
  ListeningSwtpm(const ListeningSwtpm &) = delete;
  ListeningSwtpm &operator=(const ListeningSwtpm &) = delete;
  [[nodiscard]] std::string tcti() const { return "swtpm:path=" + directory_ + "/tpm"; }

 private:
  std::string directory_;
  pid_t process_ = -1;
};

void check_rc(const char *file, int line, TSS2_RC code);
#define CHECK_RC(expression) ::passkeyd::test::check_rc(__FILE__, __LINE__, (expression))

/// Counts that nobody is told to touch anything.
struct SilentCues final : Cues {
  int calls = 0;
  void touch() override { ++calls; }
  void verify() override { ++calls; }
};

/// One person with a platform credential on `tpm`, and the daemon's part of the ceremonies.
struct Person {
  Swtpm &tpm;
  std::string pin = "472913";
  RpId rp_id = MUST(RpId::parse("workstation"));
  Account account{MUST(UserName::parse("anna")), 1000};

  [[nodiscard]] Secret secret() const { return MUST(Secret::parse(pin)); }
  [[nodiscard]] Challenge challenge(Ceremony ceremony) const;
  /// Asks for a registration and has the one verifier check it. Fails the test on any error.
  [[nodiscard]] Credential enroll(std::vector<Bytes> exclude = {}) const;
  [[nodiscard]] Result<Registration> try_enroll(TpmAuthenticator &with,
                                                std::vector<Bytes> exclude = {}) const;
  /// Asks for an assertion and has the one verifier check it. Error: what prove() said.
  [[nodiscard]] Result<Verification> log_in(const Credential &credential) const;
  [[nodiscard]] Result<Verification> log_in(const Credential &credential, TpmAuthenticator with) const;
  [[nodiscard]] bool can_log_in(const Credential &credential) const;
  /// The kind of error that log_in() ends with; fails the test if it ends with none.
  [[nodiscard]] ErrorKind failure(const Credential &credential) const;
};

}  // namespace passkeyd::test
