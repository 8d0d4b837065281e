/// The question, the answer, and taking the question back.
#include "daemon/polkit.h"

#include <string_view>

#include "common/log.h"
#include "daemon/errand.h"
#include "daemon/inquiry.h"

namespace passkeyd {
namespace {

constexpr const char *kPolkit = "org.freedesktop.PolicyKit1";
constexpr const char *kPath = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char *kAuthority = "org.freedesktop.PolicyKit1.Authority";
/// As whom polkit's daemon runs where it is not root.
constexpr const char *kPolkitUser = "polkitd";
/// AllowUserInteraction of CheckAuthorizationFlags.
constexpr std::uint32_t kAllowInteraction = 1;
constexpr std::size_t kMostDetails = 64;

/// Finding polkit, in which its start is included.
constexpr std::chrono::seconds kFindTime{10};

/// What CheckAuthorization answers: polkit's AuthorizationResult.
struct PolkitAnswer {
  bool yes = false;
  bool would_ask = false;  ///< yes if somebody authenticates, and nobody was asked
  bool dismissed = false;
};

/// (bba{ss}), and nothing else.
Result<PolkitAnswer> read_answer(sd_bus_message *reply) {
  const Error malformed{ErrorKind::Malformed, "polkit's answer is not of the documented form"};
  int yes = 0;
  int would_ask = 0;
  PolkitAnswer answer;
  if (sd_bus_message_has_signature(reply, "(bba{ss})") <= 0) return malformed;
  int got = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
  if (got >= 0) got = sd_bus_message_read(reply, "bb", &yes, &would_ask);
  if (got >= 0) got = sd_bus_message_enter_container(reply, 'a', "{ss}");
  for (std::size_t count = 0; got >= 0; ++count) {
    const char *key = nullptr;
    const char *value = nullptr;
    got = sd_bus_message_read(reply, "{ss}", &key, &value);
    if (got <= 0) break;
    if (count == kMostDetails) return malformed;
    if (std::string_view(key) == "polkit.dismissed" && *value != '\0') answer.dismissed = true;
  }
  if (got < 0) return malformed;
  answer.yes = yes != 0;
  answer.would_ask = would_ask != 0;
  return answer;
}

Status judge(const PolkitAnswer &answer, const PolkitQuestion &question) {
  if (answer.yes) return Ok{};
  if (answer.dismissed) return Error{ErrorKind::Cancelled, "The question who you are was dismissed."};
  const std::string action = question.action;
  if (!answer.would_ask)
    return Error{ErrorKind::NotAllowed,
                 "Polkit did not allow " + action + ": its rules say no, or the password was wrong."};
  if (!question.interactive)
    return Error{ErrorKind::NotAllowed, "You would have to authenticate for " + action +
                                            ", and this call does not let you be asked."};
  return Error{ErrorKind::NotAllowed,
               "You would have to authenticate for " + action +
                   ", and nothing here can ask you: start an agent, such as pkttyagent, or do it as root."};
}

Error no_polkit(const std::string &why) {
  log_line(LogLevel::Warning, "polkit: " + log_safe(why));
  return {
      ErrorKind::NotAllowed,
      "Nobody can be asked whether you may, since polkit does not answer here: start it (polkit.service), or "
      "do this as root."};
}

/// Polkit's unique name. Errors: NotAllowed (there is none, or somebody else has its name).
Task<Result<std::string>> find_polkit(House &house) {
  const Inquiry inquiry = Inquiry::within(kFindTime, house.loop, house.bus, "polkit");
  const Result<std::optional<NameOwner>> owner = co_await find_owner(inquiry, kPolkit);
  if (!owner) co_return no_polkit(owner.error().sentence);
  if (!owner.value()) co_return no_polkit("it is not there");
  if (owner.value()->uid == 0) co_return owner.value()->unique_name;
  const Result<UserName> name = UserName::parse(kPolkitUser);
  if (!name) co_return name.error();
  const Result<Account> own = co_await look_up(house, name.value());
  if (!own || own->uid != owner.value()->uid)
    co_return no_polkit("its bus name belongs neither to root nor to " + std::string(kPolkitUser));
  co_return owner.value()->unique_name;
}

/// Takes the question back unless it was answered. Polkit looks only at questions of the same asker.
class Retraction {
 public:
  Retraction(sd_bus *bus, std::string polkit, std::string id)
      : bus_(bus), polkit_(std::move(polkit)), id_(std::move(id)) {}
  ~Retraction() {
    if (answered_) return;
    sd_bus_call_method_async(bus_, nullptr, polkit_.c_str(), kPath, kAuthority, "CancelCheckAuthorization",
                             nullptr, nullptr, "s", id_.c_str());
  }
  Retraction(const Retraction &) = delete;
  Retraction &operator=(const Retraction &) = delete;
  void answered() { answered_ = true; }

 private:
  sd_bus *bus_;
  std::string polkit_;
  std::string id_;
  bool answered_ = false;
};

BusMessage check_authorization(const Inquiry &inquiry, const std::string &polkit, const Caller &caller,
                               const PolkitQuestion &question, const std::string &id) {
  const BusMethod check{polkit.c_str(), kPath, kAuthority, "CheckAuthorization"};
  BusMessage message = compose(inquiry, check, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                               caller.bus_name.c_str(), question.action);
  if (!message) return nullptr;
  int failed = sd_bus_message_open_container(message.get(), 'a', "{ss}");
  if (failed >= 0 && !question.user.empty())
    failed = sd_bus_message_append(message.get(), "{ss}", "user", question.user.c_str());
  if (failed >= 0) failed = sd_bus_message_close_container(message.get());
  const std::uint32_t flags = question.interactive ? kAllowInteraction : 0;
  if (failed >= 0) failed = sd_bus_message_append(message.get(), "us", flags, id.c_str());
  return failed < 0 ? nullptr : std::move(message);
}

}  // namespace

Task<Status> ask_polkit(House &house, Caller caller, PolkitQuestion question) {
  if (house.questions.full_for(caller.person))
    co_return Error{ErrorKind::Busy, "You are being asked too many things at once. Answer those first."};
  const OpenQuestions::Open open(house.questions, caller.person);
  const Result<std::string> polkit = co_await find_polkit(house);
  if (!polkit) co_return polkit.error();
  const std::string id = "passkeyd-" + std::to_string(open.number());
  const Inquiry inquiry = Inquiry::within(kPolkitPatience, house.loop, house.bus, "polkit");
  Retraction retraction(house.bus, polkit.value(), id);
  const Result<BusMessage> reply =
      co_await ask(inquiry, check_authorization(inquiry, polkit.value(), caller, question, id));
  if (!reply && reply.error().kind == ErrorKind::Timeout)
    co_return Error{ErrorKind::Timeout, "Nobody answered in time who you are."};
  if (!reply) co_return no_polkit(reply.error().sentence);
  retraction.answered();
  if (is_error(reply->get(), nullptr)) co_return no_polkit(failure(inquiry, reply->get()).sentence);
  const Result<PolkitAnswer> answer = read_answer(reply->get());
  if (!answer) co_return no_polkit(answer.error().sentence);
  co_return judge(answer.value(), question);
}

}  // namespace passkeyd
