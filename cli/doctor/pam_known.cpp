/// Tables of names.
#include "cli/doctor/pam_known.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace passkeyd::cli {
namespace {

struct Role {
  std::string_view module;
  PamRole role;
};
constexpr Role kRoles[] = {
    {"pam_passkey.so", PamRole::Ours},
    {"pam_deny.so", PamRole::Refusal},
    {"pam_rootok.so", PamRole::RootOnly},
    {"pam_unix.so", PamRole::Password},
    {"pam_sss.so", PamRole::Password},
    {"pam_ldap.so", PamRole::Password},
    {"pam_krb5.so", PamRole::Password},
    {"pam_winbind.so", PamRole::Password},
    {"pam_systemd_home.so", PamRole::Password},
    {"pam_access.so", PamRole::Condition},
    {"pam_exec.so", PamRole::Condition},
    {"pam_group.so", PamRole::Helper},
    {"pam_listfile.so", PamRole::Condition},
    {"pam_localuser.so", PamRole::Condition},
    {"pam_nologin.so", PamRole::Condition},
    {"pam_securetty.so", PamRole::Condition},
    {"pam_shells.so", PamRole::Condition},
    {"pam_succeed_if.so", PamRole::Condition},
    {"pam_time.so", PamRole::Condition},
    {"pam_usertype.so", PamRole::Condition},
    {"pam_wheel.so", PamRole::Condition},
    {"pam_cap.so", PamRole::Helper},
    {"pam_echo.so", PamRole::Helper},
    {"pam_ecryptfs.so", PamRole::Helper},
    {"pam_env.so", PamRole::Helper},
    {"pam_faildelay.so", PamRole::Helper},
    {"pam_faillock.so", PamRole::Condition},
    {"pam_gnome_keyring.so", PamRole::Helper},
    {"pam_issue.so", PamRole::Helper},
    {"pam_kwallet5.so", PamRole::Helper},
    {"pam_permit.so", PamRole::Helper},
    {"pam_selinux.so", PamRole::Helper},
    {"pam_warn.so", PamRole::Helper},
};

constexpr unsigned in(std::initializer_list<PamGroup> groups) {
  unsigned mask = 0;
  for (const PamGroup group : groups) mask |= 1U << static_cast<unsigned>(group);
  return mask;
}
constexpr unsigned kAsking = in({PamGroup::Auth, PamGroup::Account, PamGroup::Session, PamGroup::Password});

/// Takes either of two words, or seconds from `least` to 300, or no value.
struct Option {
  std::string_view name;  ///< with its '=' if it takes a value
  unsigned groups;
  std::string_view one = {};
  std::string_view other = {};
  int least = 0;
};
constexpr int kMostSeconds = 300;
constexpr Option kOptions[] = {
    {"debug", kAsking},
    {"quiet", kAsking},
    {"timeout=", kAsking, {}, {}, 1},
    {"nodelay", in({PamGroup::Auth})},
    {"first_prompt=", in({PamGroup::Auth}), "passkey", "either"},
    {"host=", in({PamGroup::Auth}), "talks", "one-answer"},
    {"typed=", in({PamGroup::Auth}), "password", "pin"},
    {"wait=", in({PamGroup::Auth}), {}, {}, 0},
    {"no_agent", in({PamGroup::Auth})},
    {"usernameless", in({PamGroup::Auth})},
    {"always", in({PamGroup::Account})},
    {"tpm_pin", in({PamGroup::Password})},
};

bool is_number(std::string_view text, int least) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() && number >= least &&
         number <= kMostSeconds;
}

constexpr std::string_view kNoAnswer[] = {"gdm-fingerprint", "gdm-smartcard", "kde-fingerprint",
                                          "kde-smartcard",   "kde-face",      "kde-u2f"};
constexpr std::string_view kOneAnswer[] = {
    "sddm",    "plasmalogin", "lxdm",        "slim",    "xdm",           "wdm",       "kdm",
    "ly",      "lemurs",      "xrdp-sesman", "kde",     "kscreensaver",  "swaylock",  "waylock",
    "gtklock", "hyprlock",    "i3lock",      "slock",   "enlightenment", "dovecot",   "imap",
    "pop3",    "smtp",        "sieve",       "vsftpd",  "proftpd",       "pure-ftpd", "samba",
    "cups",    "httpd",       "apache2",     "nginx",   "openvpn",       "ocserv",    "ppp",
    "squid",   "postgresql",  "mysql",       "mariadb", "ejabberd",      "prosody",   "radiusd"};

}  // namespace

PamRole role_of(const PamEntry &entry) {
  for (const Role &row : kRoles)
    if (row.module == entry.name()) return row.role;
  return PamRole::Proof;
}

std::optional<std::string> option_problem(PamGroup group, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string_view name = option.substr(0, equals == std::string_view::npos ? equals : equals + 1);
  const auto *row = std::find_if(std::begin(kOptions), std::end(kOptions),
                                 [&](const Option &each) { return each.name == name; });
  if (row == std::end(kOptions)) return "is not known";
  if ((row->groups & in({group})) == 0) return "means nothing in a line of this group";
  if (!name.ends_with('=')) return std::nullopt;
  const std::string_view value = option.substr(name.size());
  if (!row->one.empty()) {
    if (value == row->one || value == row->other) return std::nullopt;
    return "must be " + std::string(row->one) + " or " + std::string(row->other);
  }
  if (is_number(value, row->least)) return std::nullopt;
  return "must be a number of seconds from " + std::to_string(row->least) + " to " +
         std::to_string(kMostSeconds);
}

PamHost host_of(std::string_view service) {
  if (std::find(std::begin(kNoAnswer), std::end(kNoAnswer), service) != std::end(kNoAnswer))
    return PamHost::NoAnswer;
  if (std::find(std::begin(kOneAnswer), std::end(kOneAnswer), service) != std::end(kOneAnswer))
    return PamHost::OneAnswer;
  return PamHost::Talks;
}

}  // namespace passkeyd::cli
