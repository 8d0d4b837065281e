/// Client: who started us. Only an ssh that writes "(user@host) " before each prompt is answered: what an
/// older one passes on may begin like that, and then a server wrote it.
#pragma once

#include <string_view>

namespace passkeyd::askpass {

/// True if this process's parent is OpenSSH 8.5 or newer, by its own word (-V). Any other program, and one
/// that says nothing within two seconds, is not.
bool is_asked_by_an_ssh_that_names_hosts();

/// What `ssh -V` prints: true for "OpenSSH_8.5" and everything later.
bool names_hosts(std::string_view version);

}  // namespace passkeyd::askpass
