/// Follow-up: what comes after an enrollment, for the person: backup codes, advice, and a trial sign-in. The
/// passkey is there whatever becomes of it, and all of it is said on standard error.
#pragma once

#include "cli/backup_codes.h"
#include "cli/exit_code.h"
#include "client/bus.h"
#include "client/conversation.h"
#include "client/details.h"

namespace passkeyd::cli {

enum class Trial { Never, Always };
enum class Wanted { No, Yes };

/// For an account that has none yet. They are shown to a person, or printed, or not made at all.
void give_first_codes(Bus &bus, const UserName &user, const CodeForm &form, Wanted wanted,
                      Patience &patience);

/// As long as losing one device would cost all passkeys.
void recommend_second(const UserName &user, const Details &enrolled);

/// Where it is called like one device and may be on several.
void warn_of_misleading_name(Bus &bus, const UserName &user, const Details &enrolled, Patience &patience);

/// After one that was made elsewhere: how it is tried from there.
void say_how_to_try_over_ssh();

/// A sign-in with the new passkey and no other. Untested: it did not work, and the person was told what to
/// do. Where there can be none (from elsewhere, for somebody else), that is said and no failure.
ExitCode try_new_passkey(Bus &bus, const UserName &user, const Details &enrolled, Conversation &conversation,
                         Patience &patience);

}  // namespace passkeyd::cli
