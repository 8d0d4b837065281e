/// Next: who answers what is not ours to answer, and asks for us where there is no terminal: the person's own
/// askpass, or the terminal.
#pragma once

#include <string>

#include "common/result.h"
#include "common/secret.h"

namespace passkeyd::askpass {

enum class Asker {
  Nobody,
  Terminal,
  Program,  ///< an askpass
};

struct Next {
  Asker asker = Asker::Nobody;
  std::string program = {};  ///< a full path
};

/// $PASSKEY_ASKPASS_NEXT if it names a program that is not this one; else the terminal; else, where there is
/// a screen, /usr/bin/ssh-askpass. What is wrong with the first is said on standard error.
Next find_next();

/// What SSH_ASKPASS_PROMPT says about a prompt: see ssh(1).
enum class Hint { Answer, Confirm, None };
Hint hint_of(const char *value);

/// Has `next` answer `prompt`, on our standard output; our exit status. A program takes our place: it gets
/// the same argument and environment, but for PASSKEY_ASKPASS_NEXT, so that one that is a script around us
/// cannot come back here for ever.
int hand_on(const Next &next, const std::string &prompt, Hint hint);

/// Asks through the askpass `program`; what it printed, up to the end of the line. Errors: Cancelled (it
/// ended without an answer), InvalidInput (longer than a Secret), Io.
Result<Secret> ask_through(const std::string &program, const std::string &question);

/// A dialog of an askpass that only shows a text; it is there as long as this object.
class Notice {
 public:
  Notice(const std::string &program, const std::string &text);
  ~Notice();
  Notice(const Notice &) = delete;
  Notice &operator=(const Notice &) = delete;

 private:
  pid_t program_ = -1;
};

}  // namespace passkeyd::askpass
