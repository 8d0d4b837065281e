/// What a key answered to getAssertion, as far as it can be told without verifying it.
#pragma once

#include <fido.h>

#include <string>

#include "common/result.h"
#include "webauthn/assertion.h"

namespace passkeyd {

/// The assertion number `at` in `answer`. The credential id stays empty where the key left it out. Errors:
/// Malformed for a part of a size that none can have.
Result<Assertion> read_assertion(const fido_assert_t *answer, std::size_t at, const std::string &client_data);

}  // namespace passkeyd
