/// Parent: the storage root key under which platform keys live, found or made.
#pragma once

#include <optional>

#include "tpm/conversation.h"

namespace passkeyd::tpm {

/// The key at a persistent handle now, whatever it is; nullopt when there is none. One command.
Result<std::optional<Parent>> parent_at(Conversation &tpm, TPM2_HANDLE handle);

/// The Name of the key at a persistent handle now; nullopt when there is none. One command.
Result<std::optional<Bytes>> name_at(Conversation &tpm, TPM2_HANDLE handle);

/// The root key at `handle`, made from our template and kept there if nothing is. nullopt: what is there
/// cannot be a parent of ours (is_root_key()), and is left alone.
/// One command if it is there; otherwise three more, and a flush. Errors: NotConfigured when the owner
/// hierarchy has a password or there is no room to keep the key.
Result<std::optional<Parent>> find_or_make_parent(Conversation &tpm, TPM2_HANDLE handle);

}  // namespace passkeyd::tpm
