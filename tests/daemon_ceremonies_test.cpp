/// The daemon's side of a ceremony: what a process says is passed on, with the file that may come along and
/// no other. The process is this program once more, and says what its request names.
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "daemon/ceremonies.h"
#include "daemon/on_behalf.h"
#include "daemon/task.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

const wire::Event kCodes = wire::CodesMade{{{1, "$y$j9T$salt$hash"}}};
const wire::Event kAccount = wire::AccountFound{1000, "alice"};

void unref_loop(sd_event *loop) {
  sd_event_unref(loop);
}
using Loop = Handle<sd_event, unref_loop>;

Loop new_loop() {
  sd_event *loop = nullptr;
  if (sd_event_new(&loop) < 0) throw Failed("sd_event_new");
  sigset_t child;  // sd_event_add_child wants it blocked
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  return Loop(loop);
}

int open_files() {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++count;
  }
  return count;
}

/// Hears all that a ceremony says until its last word.
Task<void> listen(Mailbox<News> &news, std::vector<News> &heard) {
  do heard.push_back(co_await news.next());
  while (!heard.back().event || !is_last(*heard.back().event));
}

/// All that comes of the ceremony in which this program says `what`.
std::vector<News> heard_of(const std::string &what) {
  const Loop loop = new_loop();
  std::vector<News> heard;
  {
    Ceremonies ceremonies(loop.get(), std::filesystem::read_symlink("/proc/self/exe"));
    Mailbox<News> news(loop.get());
    const auto ongoing =
        ceremonies.start(wire::LookUpAccount{what}, "", {}, news, 7, std::chrono::seconds(30));
    Task<void> story = listen(news, heard);
    story.start();
    // Until the process has ended as well: nothing of it is left behind then.
    while (!story.done() || ceremonies.count() > 0)
      if (sd_event_run(loop.get(), UINT64_MAX) < 0) throw Failed("sd_event_run");
  }
  CHECK(heard.back().from == 7);
  return heard;
}

News last_of(const std::string &what) {
  std::vector<News> heard = heard_of(what);
  CHECK(heard.size() == 1);
  return std::move(heard.back());
}

ErrorKind error_of(const News &news) {
  CHECK(news.files.empty());
  return std::get<Error>(*news.event).kind;
}

void codes_come_with_their_file_unread() {
  const News news = last_of("codes+1");
  CHECK(std::holds_alternative<wire::CodesMade>(*news.event));
  CHECK(news.files.size() == 1);
  CHECK(lseek(news.files[0].get(), 0, SEEK_CUR) == 0);
  CHECK(MUST(from_memfd(news.files[0])).text() == "file 0");
}

void other_events_come_without_a_file() {
  const News news = last_of("account+0");
  CHECK(std::get<wire::AccountFound>(*news.event).name == "alice");
  CHECK(news.files.empty());
}

void codes_without_their_file_or_with_too_many_are_malformed() {
  CHECK(error_of(last_of("codes+0")) == ErrorKind::Malformed);
  CHECK(error_of(last_of("codes+2")) == ErrorKind::Malformed);
  CHECK(error_of(last_of("codes+3")) == ErrorKind::Malformed);
}

void another_event_that_brings_a_file_is_malformed() {
  CHECK(error_of(last_of("account+1")) == ErrorKind::Malformed);
  CHECK(error_of(last_of("touch+1")) == ErrorKind::Malformed);
}

void what_is_not_passed_on_is_closed() {
  last_of("account+0");  // what a first run opens for good
  const int before = open_files();
  for (const char *what : {"codes+1", "codes+2", "codes+3", "account+1", "account+3", "touch+1"})
    last_of(what);
  CHECK(open_files() == before);
}

/// Ceremonies of several people at once, in a loop of their own. What is said to one is marked with its
/// number.
class Hall {
 public:
  Hall()
      : loop_(new_loop()),
        ceremonies_(loop_.get(), std::filesystem::read_symlink("/proc/self/exe")),
        news_(loop_.get()) {}

  using Ongoing = std::unique_ptr<OngoingCeremony>;
  Ongoing start(const Share &share, const std::string &what, std::size_t number = 0) {
    const OnBehalf whose(share);
    return ceremonies_.start(wire::LookUpAccount{what}, "", {}, news_, number, std::chrono::seconds(30));
  }
  std::vector<Ongoing> start_all(const Share &share, std::size_t count) {
    std::vector<Ongoing> all;
    for (std::size_t at = 0; at < count; ++at) all.push_back(start(share, "hold"));
    return all;
  }
  /// The numbers of those that ended, in order, when `count` have.
  std::vector<std::size_t> ended(std::size_t count) {
    std::vector<News> heard;
    Task<void> story = hear(count, heard);
    story.start();
    while (!story.done())
      if (sd_event_run(loop_.get(), UINT64_MAX) < 0) throw Failed("sd_event_run");
    std::vector<std::size_t> numbers;
    for (const News &each : heard) numbers.push_back(each.from);
    return numbers;
  }
  Ceremonies &ceremonies() { return ceremonies_; }

 private:
  Task<void> hear(std::size_t count, std::vector<News> &heard) {
    while (heard.size() < count) heard.push_back(co_await news_.next());
  }
  Loop loop_;
  Ceremonies ceremonies_;
  Mailbox<News> news_;
};

const Share kCrowd = share_of_source("192.0.2.1");
const Share kAnother = share_of_source("192.0.2.2");

void a_crowd_from_the_network_leaves_room_for_everybody_else() {
  Hall hall;
  const auto crowd = hall.start_all(kCrowd, 100);
  CHECK(hall.ceremonies().running() == Ceremonies::kMostOfNetwork);
  CHECK(hall.ceremonies().count() == 100);
  const auto own = hall.start(share_of_person(0, 0), "account+0", 1);
  const auto bobs = hall.start(share_of_person(0, 1001), "account+0", 2);
  CHECK(hall.ceremonies().running() == Ceremonies::kMostOfNetwork + 2);
  CHECK(hall.ended(2).size() == 2);
}

void the_machine_finds_room_whatever_people_and_the_network_run() {
  Hall hall;
  const auto crowd = hall.start_all(kCrowd, 20);
  std::vector<std::vector<Hall::Ongoing>> people;
  for (const uid_t uid : {1000U, 1001U, 1002U, 1003U}) {
    people.push_back(hall.start_all(share_of_person(uid, uid), 10));
    people.push_back(hall.start_all(share_of_person(0, uid), 10));
  }
  CHECK(hall.ceremonies().running() == Ceremonies::kMostOfNetwork + 2 * Ceremonies::kMostOfPeople);
  const auto own = hall.start(share_of_person(0, 0), "account+0", 1);
  CHECK(hall.ended(1) == std::vector<std::size_t>{1});
}

void one_person_runs_no_more_than_their_share_through_whatever_program() {
  Hall hall;
  const auto own = hall.start_all(share_of_person(1000, 1000), 6);
  const auto by_su = hall.start_all(share_of_person(0, 1000), 6);
  CHECK(hall.ceremonies().running() == Ceremonies::kMostOfOnePerson);
}

void whoever_has_fewest_running_goes_first_then_whoever_came_first() {
  Hall hall;
  auto crowd = hall.start_all(kCrowd, Ceremonies::kMostOfNetwork);
  const auto second = hall.start(kCrowd, "account+0", 2);
  const auto third = hall.start(kCrowd, "account+0", 3);
  const auto another = hall.start(kAnother, "account+0", 1);
  CHECK(hall.ceremonies().running() == Ceremonies::kMostOfNetwork);
  crowd.pop_back();
  CHECK((hall.ended(3) == std::vector<std::size_t>{1, 2, 3}));
}

void a_waiting_one_that_is_dropped_never_starts() {
  Hall hall;
  auto crowd = hall.start_all(kCrowd, Ceremonies::kMostOfNetwork);
  auto dropped = hall.start(kCrowd, "account+0", 1);
  const auto kept = hall.start(kCrowd, "account+0", 2);
  dropped.reset();
  crowd.clear();
  CHECK(hall.ended(1) == std::vector<std::size_t>{2});
  CHECK(hall.ceremonies().count() <= Ceremonies::kMostOfNetwork + 1);
}

void more_than_can_wait_are_refused() {
  Hall hall;
  const auto crowd = hall.start_all(kCrowd, Ceremonies::kMostOfNetwork + Ceremonies::kMostWaiting);
  const auto one_more = hall.start(kCrowd, "hold", 1);
  CHECK(hall.ended(1) == std::vector<std::size_t>{1});
  CHECK(hall.ceremonies().count() == crowd.size());
}

/// Says the event that `what` begins with, and as many files as stand behind its plus sign.
void say(std::string_view what) {
  const wire::Event event = what.starts_with("codes")   ? kCodes
                            : what.starts_with("touch") ? wire::Event(wire::TouchCue{})
                                                        : kAccount;
  std::vector<Fd> files;
  std::vector<int> numbers;
  for (int at = 0; at < what.back() - '0'; ++at) {
    files.push_back(MUST(to_memfd(MUST(Secret::parse("file " + std::to_string(at))))));
    numbers.push_back(files.back().get());
  }
  MUST(wire::send(wire::kCeremonyFd, wire::encode(event), numbers));
}

int be_the_ceremony() {
  const std::optional<wire::Received> received = MUST(wire::receive(wire::kCeremonyFd));
  const wire::Request request = MUST(wire::decode_request(received->message));
  const std::string &what = std::get<wire::LookUpAccount>(request).user;
  if (what == "hold")
    (void)wire::receive(wire::kCeremonyFd);  // until the daemon lets go
  else
    say(what);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int, char **argv) {
  if (std::string_view(argv[0]) == "passkeyd-ceremony") return be_the_ceremony();
  const CMUnitTest tests[] = {
      TEST(codes_come_with_their_file_unread),
      TEST(other_events_come_without_a_file),
      TEST(codes_without_their_file_or_with_too_many_are_malformed),
      TEST(another_event_that_brings_a_file_is_malformed),
      TEST(what_is_not_passed_on_is_closed),
      TEST(a_crowd_from_the_network_leaves_room_for_everybody_else),
      TEST(the_machine_finds_room_whatever_people_and_the_network_run),
      TEST(one_person_runs_no_more_than_their_share_through_whatever_program),
      TEST(whoever_has_fewest_running_goes_first_then_whoever_came_first),
      TEST(a_waiting_one_that_is_dropped_never_starts),
      TEST(more_than_can_wait_are_refused),
  };
  return cmocka_run_group_tests_name("ceremonies", tests, nullptr, nullptr);
}
