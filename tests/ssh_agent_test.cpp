/// Asking an SSH agent, against scripted ones: what is taken, and that nothing an agent says or leaves unsaid
/// costs more than its time.
#include "ssh/agent.h"

#include <sys/socket.h>

#include <array>
#include <functional>
#include <thread>

#include "common/handle.h"
#include "ssh/wire.h"
#include "tests/check.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using ssh::Agent;
using ssh::Reader;
using ssh::Writer;

/// What the other end does with its socket.
using Manner = std::function<void(int socket)>;

/// Asks `question` of an agent of this manner, which runs in a thread; closing our end ends it.
template <class Question>
auto asked(const Manner &manner, Question question,
           std::chrono::milliseconds patience = std::chrono::seconds(20)) {
  int pair[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  Fd ours(pair[0]);
  std::thread agent([&manner, theirs = Fd(pair[1])] { manner(theirs.get()); });
  Agent client(ours.get(), Agent::Clock::now() + patience);
  auto answer = question(client);
  ours.reset();
  agent.join();
  return answer;
}

/// Up to the end of what comes.
void read_on(int socket) {
  std::array<std::uint8_t, 4096> piece{};
  while (recv(socket, piece.data(), piece.size(), 0) > 0) continue;
}

/// The next request, without its length.
Bytes request(int socket) {
  std::array<std::uint8_t, 4> before{};
  if (recv(socket, before.data(), before.size(), MSG_WAITALL) != 4) return {};
  Bytes body(Reader(before).number().value_or(0));
  if (recv(socket, body.data(), body.size(), MSG_WAITALL) != static_cast<ssize_t>(body.size())) return {};
  return body;
}

void say(int socket, const Bytes &bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t more = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += static_cast<std::size_t>(more);
  }
}

/// Answers the first request with `body`.
Manner answers(Bytes body) {
  return [body = std::move(body)](int socket) {
    static_cast<void>(request(socket));
    say(socket, Writer().string(body).take());
    read_on(socket);
  };
}

Bytes list_of(std::uint32_t announced, std::size_t keys, const Bytes &after = {}) {
  Writer writer;
  writer.byte(12).number(announced);
  for (std::size_t at = 0; at < keys; ++at) writer.text("key " + std::to_string(at)).text("comment");
  return writer.raw(after).take();
}

Result<std::vector<Bytes>> keys(Agent &agent) {
  return agent.keys();
}

Result<Bytes> signature(Agent &agent) {
  return agent.sign(bytes_of("key"), bytes_of("text"));
}

ErrorKind why_no_keys(const Manner &manner) {
  const auto answer = asked(manner, keys);
  CHECK(!answer);
  return answer.error().kind;
}

ErrorKind why_no_signature(const Manner &manner) {
  const auto answer = asked(manner, signature);
  CHECK(!answer);
  return answer.error().kind;
}

void an_agents_keys_come_in_its_order() {
  const std::vector<Bytes> found = MUST(asked(answers(list_of(3, 3)), keys));
  CHECK(found.size() == 3 && found[0] == copy_of(bytes_of("key 0")) &&
        found[2] == copy_of(bytes_of("key 2")));
}

void an_agent_may_have_no_keys_and_two_thousand_but_not_more() {
  CHECK(MUST(asked(answers(list_of(0, 0)), keys)).empty());
  CHECK(MUST(asked(answers(list_of(Agent::kMaxKeys, Agent::kMaxKeys)), keys)).size() == Agent::kMaxKeys);
  CHECK(why_no_keys(answers(list_of(Agent::kMaxKeys + 1, Agent::kMaxKeys + 1))) == ErrorKind::AgentBroken);
}

void an_agent_that_will_not_list_has_none() {
  CHECK(MUST(asked(answers({5}), keys)).empty());
}

void what_is_signed_is_what_was_asked_for() {
  Bytes seen;
  const Manner signs = [&](int socket) {
    seen = request(socket);
    say(socket, Writer().string(Writer().byte(14).text("signature").take()).take());
    read_on(socket);
  };
  CHECK(MUST(asked(signs, signature)) == copy_of(bytes_of("signature")));
  CHECK(seen == Writer().byte(13).text("key").text("text").number(0).take());
}

void a_refusal_is_told_from_nonsense() {
  CHECK(why_no_signature(answers({5})) == ErrorKind::AgentRefused);
  CHECK(why_no_signature(answers({6})) == ErrorKind::AgentBroken);
}

void an_answer_that_makes_no_sense_is_refused() {
  const Bytes good = list_of(3, 3);
  for (std::size_t cut = 1; cut < good.size(); ++cut)
    CHECK(why_no_keys(answers(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut)))) ==
          ErrorKind::AgentBroken);
  CHECK(why_no_keys(answers(list_of(3, 2))) == ErrorKind::AgentBroken);
  CHECK(why_no_keys(answers(list_of(3, 3, {0}))) == ErrorKind::AgentBroken);
  CHECK(why_no_keys(answers(Writer().byte(14).text("signature").take())) == ErrorKind::AgentBroken);
  CHECK(why_no_signature(answers(good)) == ErrorKind::AgentBroken);
  CHECK(why_no_signature(answers(Writer().byte(14).text("signature").byte(0).take())) ==
        ErrorKind::AgentBroken);
  CHECK(why_no_signature(answers(Writer().byte(14).string(Bytes(Agent::kMaxSignature + 1)).take())) ==
        ErrorKind::AgentBroken);
}

void a_length_that_is_absurd_is_not_made_room_for() {
  for (const std::uint32_t size : {0U, static_cast<std::uint32_t>(Agent::kMaxMessage + 1), UINT32_MAX}) {
    const Manner boasts = [&](int socket) {
      static_cast<void>(request(socket));
      say(socket, Writer().number(size).take());
      read_on(socket);
    };
    CHECK(why_no_keys(boasts) == ErrorKind::AgentBroken);
  }
}

void an_agent_that_goes_away_is_not_waited_for() {
  CHECK(why_no_keys([](int) {}) == ErrorKind::AgentBroken);
  CHECK(why_no_keys([](int socket) { static_cast<void>(request(socket)); }) == ErrorKind::AgentBroken);
  const Manner stops_halfway = [](int socket) {
    static_cast<void>(request(socket));
    say(socket, Writer().number(100).byte(12).take());
  };
  CHECK(why_no_keys(stops_halfway) == ErrorKind::AgentBroken);
}

/// However it goes on, it ends at the deadline and not a deadline after the last byte.
void an_agent_that_is_silent_or_slow_costs_its_time_and_no_more() {
  constexpr std::chrono::milliseconds kPatience{200};
  const auto silent = asked(read_on, keys, kPatience);
  CHECK(!silent && silent.error().kind == ErrorKind::Timeout);
  const Manner trickles = [](int socket) {
    static_cast<void>(request(socket));
    say(socket, Writer().number(Agent::kMaxMessage).take());
    const timeval pause{0, 50'000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
    std::uint8_t byte = 0;
    while (send(socket, &byte, 1, MSG_NOSIGNAL) == 1)
      if (recv(socket, &byte, 1, 0) == 0) return;  // which waits a little, or sees that nobody listens
  };
  const auto slow = asked(trickles, keys, kPatience);
  CHECK(!slow && slow.error().kind == ErrorKind::Timeout);
}

void an_agent_that_reads_nothing_costs_its_time_and_no_more() {
  int pair[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const Fd ours(pair[0]), theirs(pair[1]);
  Agent client(ours.get(), Agent::Clock::now() + std::chrono::milliseconds(200));
  const Result<Bytes> answer = client.sign(bytes_of("key"), Bytes(4UL * 1024 * 1024));
  CHECK(!answer && answer.error().kind == ErrorKind::Timeout);
}

void what_is_no_agent_at_all_is_broken() {
  const Fd none(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Agent client(none.get(), Agent::Clock::now() + std::chrono::seconds(20));
  CHECK(client.keys().error().kind == ErrorKind::AgentBroken);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(an_agents_keys_come_in_its_order),
      TEST(an_agent_may_have_no_keys_and_two_thousand_but_not_more),
      TEST(an_agent_that_will_not_list_has_none),
      TEST(what_is_signed_is_what_was_asked_for),
      TEST(a_refusal_is_told_from_nonsense),
      TEST(an_answer_that_makes_no_sense_is_refused),
      TEST(a_length_that_is_absurd_is_not_made_room_for),
      TEST(an_agent_that_goes_away_is_not_waited_for),
      TEST(an_agent_that_is_silent_or_slow_costs_its_time_and_no_more),
      TEST(an_agent_that_reads_nothing_costs_its_time_and_no_more),
      TEST(what_is_no_agent_at_all_is_broken),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
