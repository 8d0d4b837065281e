/// The table of hosts.
#include "pam/hosts.h"

#include <algorithm>
#include <iterator>

#include "common/sshd.h"

namespace passkeyd {
namespace {

struct Row {
  std::string_view service;
  HostKind kind;
  Words words = Words::All;
};

constexpr HostKind kNo = HostKind::NoAnswer;
constexpr HostKind kOne = HostKind::OneAnswer;
constexpr HostKind kAsk = HostKind::Askpass;
constexpr HostKind kBest = HostKind::OfferBest;

constexpr Row kHosts[] = {
    // beside a password page, in parallel: a prompt there is shown to nobody
    Row{"gdm-fingerprint", kNo},
    Row{"gdm-smartcard", kNo},
    Row{"kde-fingerprint", kNo},
    Row{"kde-smartcard", kNo},
    Row{"kde-face", kNo},
    Row{"kde-u2f", kNo},
    // greeters that start PAM with the text of their field in hand
    Row{"sddm", kOne},
    Row{"plasmalogin", kOne},
    Row{"lxdm", kOne},
    Row{"slim", kOne},
    Row{"xdm", kOne},
    Row{"wdm", kOne},
    Row{"kdm", kOne},
    Row{"ly", kOne},
    Row{"lemurs", kOne},
    Row{"xrdp-sesman", kOne},
    // screen lockers of the same make
    Row{"kde", kOne},
    Row{"kscreensaver", kOne},
    Row{"swaylock", kOne},
    Row{"waylock", kOne},
    Row{"gtklock", kOne},
    Row{"hyprlock", kOne},
    Row{"i3lock", kOne},
    Row{"slock", kOne},
    Row{"enlightenment", kOne},
    // network services whose protocol carries a name and a password
    Row{"dovecot", kOne},
    Row{"imap", kOne},
    Row{"pop3", kOne},
    Row{"smtp", kOne},
    Row{"sieve", kOne},
    Row{"vsftpd", kOne},
    Row{"proftpd", kOne},
    Row{"pure-ftpd", kOne},
    Row{"samba", kOne},
    Row{"cups", kOne},
    Row{"httpd", kOne},
    Row{"apache2", kOne},
    Row{"nginx", kOne},
    Row{"openvpn", kOne},
    Row{"ocserv", kOne},
    Row{"ppp", kOne},
    Row{"squid", kOne},
    Row{"postgresql", kOne},
    Row{"mysql", kOne},
    Row{"mariadb", kOne},
    Row{"ejabberd", kOne},
    Row{"prosody", kOne},
    Row{"radiusd", kOne},
    // its method "password" answers every hidden prompt alike; "keyboard-interactive" is a real conversation
    Row{sshd::kService, kAsk},
    // greeters, lockers and dialogs that show one question after the other
    Row{"gdm-password", kBest},
    Row{"lightdm", kBest, Words::LastOnly},
    Row{"greetd", kBest},
    Row{"cosmic-greeter", kBest},
    Row{"gnome-screensaver", kBest},
    Row{"cinnamon-screensaver", kBest},
    Row{"mate-screensaver", kBest},
    Row{"xfce4-screensaver", kBest},
    Row{"xscreensaver", kBest},
    Row{"polkit-1", kBest},
};

constexpr Row kNotListed = {{}, HostKind::Talks};

const Row &looked_up(std::string_view service) {
  const auto *row = std::find_if(std::begin(kHosts), std::end(kHosts),
                                 [&](const Row &each) { return each.service == service; });
  return row == std::end(kHosts) ? kNotListed : *row;
}

}  // namespace

Words words_shown_by(std::string_view service) {
  return looked_up(service).words;
}

HostKind host_kind_of(std::string_view service, std::optional<HostTalk> wanted) {
  const HostKind known = looked_up(service).kind;
  if (!wanted) return known;
  if (*wanted == HostTalk::OneAnswer) return known == HostKind::NoAnswer ? known : HostKind::OneAnswer;
  const bool offers =
      known == HostKind::OfferFirst || known == HostKind::Askpass || known == HostKind::OfferBest;
  return offers ? known : HostKind::Talks;
}

}  // namespace passkeyd
