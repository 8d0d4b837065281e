/// One login, as the module goes through it.
#pragma once

#include <security/pam_modules.h>

#include "pam/options.h"

namespace passkeyd {

/// What pam_sm_authenticate does: who wants in, the dialogue, the code. May throw only what the C++ library
/// throws when memory runs out.
int login(pam_handle_t *pamh, int flags, const Options &options);

}  // namespace passkeyd
