/// Manager.GetPeople.
#include "client/people.h"

#include <utility>

#include "client/dictionary.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMaxPeople = 65536;
/// The daemon looks every account up, and polkit may have to ask a person.
constexpr Patience::Time kMost = std::chrono::seconds(90);

std::optional<PersonRecord> person_of(const Dictionary &row) {
  PersonRecord person;
  const bool sound = row.take("user", person.user) && row.take("uid", person.uid) &&
                     row.take("uid-now", person.uid_now) && row.take("unknown", person.unknown) &&
                     row.take("active", person.active) && row.take("suspended", person.suspended) &&
                     row.take("revoked", person.revoked) &&
                     row.take("without-verification", person.without_verification) &&
                     row.take("recalled", person.recalled) && row.take("codes-left", person.codes_left) &&
                     row.take("last-used", person.last_used) && row.take("newest", person.newest) &&
                     row.take("locked", person.locked);
  if (!sound || person.user.empty()) return std::nullopt;
  return person;
}

}  // namespace

Result<std::vector<PersonRecord>> get_people(Bus &bus, Patience &patience) {
  const Message reply = TRY(bus.call_manager("GetPeople", {}, patience, kMost));
  const std::vector<Dictionary> rows = TRY(Dictionary::read_list(reply.get(), kMaxPeople));
  std::vector<PersonRecord> people;
  for (const Dictionary &row : rows) {
    std::optional<PersonRecord> person = person_of(row);
    if (!person) return Error{ErrorKind::Malformed, "GetPeople: an account does not parse"};
    people.push_back(std::move(*person));
  }
  return people;
}

}  // namespace passkeyd
