/// Ladder: from one way in to the next, until one holds or none is left: the passkeys of the plan, then a
/// backup code, then whatever the host does without us. Enter steps down, and so does everything that goes
/// wrong, with a sentence that says what happened and what comes next.
#pragma once

#include <optional>
#include <string>

#include "daemon/face.h"
#include "daemon/house.h"
#include "daemon/login_case.h"
#include "daemon/proof.h"
#include "daemon/task.h"

namespace passkeyd {

class Ladder {
 public:
  /// Plans the ladder with what is plugged in now.
  Ladder(House &house, Face &face, const LoginCase &login);
  Ladder(const Ladder &) = delete;
  Ladder &operator=(const Ladder &) = delete;

  /// Waits for a security key to be plugged in, if one would do, nothing else would, and the host wants to
  /// wait.
  Task<void> wait_for_key();

  /// The first prompt of a host that wants one for both: a password for itself, or an empty line for the
  /// passkey. Nothing is asked where there would be nothing behind it. The last word, or nullopt: climb.
  Task<std::optional<Say>> offer();

  /// From rung to rung. The last word.
  Task<Say> climb();

 private:
  /// What a failed rung means for those that follow and for the last word.
  void step_down(const Error &why, std::string device, const char *next);
  [[nodiscard]] Say last_word() const;
  /// Verifies the proof and lets the ledger decide. Errors: Denied, or a fault.
  Result<Say> decide_on(const PlannedWay &way, Result<Proof> proof);
  [[nodiscard]] const char *after(std::size_t rung) const;

  House &house_;
  Face &face_;
  const LoginCase &login_;
  Plan plan_;
  Error why_;             ///< the last reason why nobody was let in
  std::string device_;    ///< of what
  bool denied_ = false;   ///< somebody was refused on the way: it is not just that nothing was here
  bool is_told_ = false;  ///< the last reason was told already
};

}  // namespace passkeyd
