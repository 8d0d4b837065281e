/// The table.
#include "tests/hosts/host.h"

#include <algorithm>
#include <iterator>

namespace passkeyd::hosts {
namespace {

constexpr Host kHosts[] = {
    // PAM_SILENT from 1.9.16 on by default, before by Debian's patch; an answer of 512 bytes is an error.
    {"sudo", "sudo", Hidden::Asks, Echoed::Asks, Texts::Shown, 511, true, true, false, "/dev/pts/0"},
    // The worker passes everything on to the greeter; answers are cut.
    {"gdm", "gdm-password", Hidden::Asks, Echoed::Asks, Texts::Shown, 511, false, false, false, "/dev/tty1"},
    // Texts are acknowledged at once, and some greeters show them late.
    {"lightdm", "lightdm", Hidden::Asks, Echoed::Asks, Texts::Shown, 512, false, false, false, ":0"},
    // Every message is a request of its own; a text is answered without a body.
    {"greetd", "greetd", Hidden::Asks, Echoed::Asks, Texts::Shown, 512, false, false, false, "tty1"},
    // The password was typed before PAM began.
    {"sddm", "sddm", Hidden::Typed, Echoed::Name, Texts::Dropped, 512, false, false, false, ":0"},
    {"swaylock", "swaylock", Hidden::TypedOnce, Echoed::AsHidden, Texts::Dropped, 512, false, false, true},
    {"kscreenlocker", "kde", Hidden::Typed, Echoed::AsHidden, Texts::Shown, 512, false, false, true, ":0"},
    {"sshd-password", "sshd", Hidden::Typed, Echoed::Fails, Texts::Dropped, 512, false, false, false, "ssh",
     "192.0.2.7"},
    {"sshd-interactive", "sshd", Hidden::Asks, Echoed::Asks, Texts::Shown, 1023, false, false, false, "ssh",
     "192.0.2.7"},
    // Nobody's in particular: a program that nobody told us of and that answers every prompt alike.
    {"alike", "unheard-of", Hidden::Typed, Echoed::AsHidden, Texts::Dropped},
};

}  // namespace

const Host *find_host(std::string_view name) {
  const auto *found =
      std::find_if(std::begin(kHosts), std::end(kHosts), [&](const Host &host) { return host.name == name; });
  return found == std::end(kHosts) ? nullptr : found;
}

}  // namespace passkeyd::hosts
