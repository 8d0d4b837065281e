/// Requests: what a face asks the daemon for, and how that is written into the call that begins an attempt.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/account.h"
#include "common/way.h"

namespace passkeyd {

/// What a login begins with.
enum class First {
  Passkey,
  Either,  ///< one hidden prompt that takes a password and, left empty, goes on with the passkey
};

/// What the host does with questions.
enum class HostTalk {
  OneAnswer,  ///< there is at most one answer to be had, given before anybody knew the question
  Talks,
};

/// What a text typed at an Offer may be, beside a password.
enum class Typed {
  Password,  ///< nothing else: it never leaves the process
  Pin,       ///< the PIN of this computer's passkey, if the daemon says that one would do
};

/// Who wants in, and what the host knows about where from. Empty texts: the host does not know. They are
/// hints: the daemon checks what it can. Anything unprintable is replaced and long texts are cut before they
/// are sent, but never dropped: a remote login stays one.
struct LoginRequest {
  std::optional<UserName> user;  ///< nullopt: whoever the passkey belongs to
  std::string service;
  std::string tty = {};
  std::string rhost = {};
  First first = First::Passkey;
  HostTalk host = HostTalk::Talks;
  Typed typed = Typed::Password;
  std::chrono::seconds wait{0};  ///< for a key to be plugged in, 0 to 300
  std::string credential = {};   ///< short id of the only passkey that will do; empty: any
};

struct EnrollRequest {
  UserName user;
  std::optional<Way> way = {};  ///< nullopt: the daemon chooses, or asks
  std::string name = {};        ///< what the owner calls the new passkey; empty: the daemon finds one
  bool discoverable = false;    ///< the key shall find it without being told whose it is
  std::string device = {};      ///< which key, by its name or device file; empty: the daemon asks if need be
  bool ask_name = false;        ///< there is somebody who can be asked what to call it
  bool elsewhere = false;       ///< made with passkey-askpass --enroll, on another computer
};

/// A new PIN for this computer's passkey. The hints are those of a login.
struct PinChangeRequest {
  UserName user;
  std::string service;
  std::string tty = {};
  std::string rhost = {};
};

/// A key in this computer's TPM for an account elsewhere. Ids are in base64url.
struct GuestEnrollRequest {
  UserName user;        ///< whose it will be here: the caller
  std::string rp_id;    ///< of the machine there
  std::string account;  ///< the account there
  std::string client_data;
  std::vector<std::string> exclude = {};  ///< of this computer's keys those that are enrolled there
};

/// An assertion by such a key.
struct GuestAssertRequest {
  UserName user;
  std::string rp_id;
  std::string client_data;
  std::vector<std::string> allowed = {};  ///< of this computer's keys those that will do
};

/// Append the entries of an open a{sv}; what is empty, or as the daemon assumes it, is left out. Give a
/// negative errno as sd-bus does.
int append_request(sd_bus_message *call, const LoginRequest &request);
int append_request(sd_bus_message *call, const EnrollRequest &request);
int append_request(sd_bus_message *call, const PinChangeRequest &request);
int append_request(sd_bus_message *call, const GuestEnrollRequest &request);
int append_request(sd_bus_message *call, const GuestAssertRequest &request);

}  // namespace passkeyd
