/// The software key's own manners: frames, channels, waiting, and that each fault does what its name says.
/// What its messages mean is judged by other people's programs (softkey/crosscheck_*.py).
#include "tests/softkey/softkey.h"

#include <cstdlib>
#include <filesystem>

#include "tests/check.h"
#include "tests/softkey/commands.h"

using namespace passkeyd;
using namespace passkeyd::softkey;
using namespace std::chrono_literals;

namespace {

constexpr Bytes::value_type kNonce[] = {1, 2, 3, 4, 5, 6, 7, 8};
const Bytes kGetInfo = {0x04};
const Bytes kSelection = {0x0b};  // the shortest request that wants a touch

/// A key in memory, and a hand that sends it frames.
struct Bench {
  StateFile storage = test::must_at(__FILE__, __LINE__, StateFile::open(""));
  SoftKey key{Model(), storage};
  Moment now{0};
  std::vector<Report> heard;

  Bench() { key.power_on(now); }

  void collect() {
    for (const Report &report : key.take_output()) heard.push_back(report);
  }
  void send(const Report &report) {
    key.receive(report, now);
    collect();
  }
  void send(const Message &message) {
    for (const Report &frame : frames_of(message)) send(frame);
  }
  /// Lets time pass in steps small enough for whatever is due.
  void pass(Moment time) {
    for (const Moment end = now + time; now < end;) {
      now += 10ms;
      key.tick(now);
      collect();
    }
  }

  /// The next whole message heard, frames checked; fails if there is none.
  Message next() {
    CHECK(!heard.empty());
    Message message{channel_of(heard[0]), static_cast<std::uint8_t>(heard[0][4] & 0x7f), {}};
    CHECK(heard[0][4] & 0x80);
    const std::size_t size = static_cast<std::size_t>(heard[0][5]) << 8 | heard[0][6];
    Bytes &payload = message.payload;
    payload.insert(payload.end(), heard[0].begin() + 7, heard[0].end());
    std::size_t used = 1;
    for (; payload.size() < size; ++used) {
      CHECK(used < heard.size());
      CHECK(channel_of(heard[used]) == message.channel && heard[used][4] == used - 1);
      payload.insert(payload.end(), heard[used].begin() + 5, heard[used].end());
    }
    payload.resize(size);
    heard.erase(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(used));
    return message;
  }
  /// The same, keepalives passed over.
  Message reply() {
    Message message = next();
    while (message.command == hid::kKeepalive) message = next();
    return message;
  }
  std::uint32_t open_channel() {
    send(Message{hid::kBroadcast, hid::kInit, Bytes(std::begin(kNonce), std::end(kNonce))});
    const Message answer = next();
    CHECK(answer.payload.size() == 17);
    Report channel{};
    std::copy_n(answer.payload.begin() + 8, 4, channel.begin());
    return channel_of(channel);
  }
  static std::uint32_t channel_of(const Report &report) {
    return std::uint32_t{report[0]} << 24 | std::uint32_t{report[1]} << 16 | std::uint32_t{report[2]} << 8 |
           report[3];
  }
  bool hears_error(std::uint32_t channel, std::uint8_t code) {
    const Message message = next();
    return message.channel == channel && message.command == hid::kError && message.payload == Bytes{code};
  }
};

Bytes counted(std::size_t size) {
  Bytes out(size);
  for (std::size_t at = 0; at < size; ++at) out[at] = static_cast<std::uint8_t>(at);
  return out;
}

// --- frames and channels ---------------------------------------------------------------------------------

void each_init_gets_a_channel_of_its_own() {
  Bench bench;
  bench.send(Message{hid::kBroadcast, hid::kInit, Bytes(std::begin(kNonce), std::end(kNonce))});
  const Message answer = bench.next();
  CHECK(answer.channel == hid::kBroadcast && answer.command == hid::kInit && answer.payload.size() == 17);
  CHECK(std::equal(std::begin(kNonce), std::end(kNonce), answer.payload.begin()));
  CHECK(answer.payload[12] == 2);     // protocol version
  CHECK(answer.payload[16] == 0x0d);  // WINK, CBOR, no U2F
  CHECK(bench.open_channel() != bench.open_channel());
}

void a_ping_of_any_length_comes_back_whole() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::size_t size : {0, 1, 57, 58, 116, 117, 1200, 7608, 7609}) {
    bench.send(Message{channel, hid::kPing, counted(size)});
    const Message answer = bench.next();
    CHECK(answer.command == hid::kPing && answer.payload == counted(size));
  }
}

void a_message_that_is_too_long_is_refused_by_its_first_frame() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  Report frame = frames_of({channel, hid::kPing, {}})[0];
  frame[5] = 7610 >> 8;
  frame[6] = 7610 & 0xff;
  bench.send(frame);
  CHECK(bench.hears_error(channel, hid::kInvalidLength));
}

void frames_out_of_order_end_the_message() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const auto frames = frames_of({channel, hid::kPing, counted(200)});
  bench.send(frames[0]);
  bench.send(frames[2]);
  CHECK(bench.hears_error(channel, hid::kInvalidSequence));
  bench.send(frames[1]);
  CHECK(bench.heard.empty());  // there is nothing left for it to continue
}

void a_second_message_inside_the_first_is_an_error() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(frames_of({channel, hid::kPing, counted(200)})[0]);
  bench.send(frames_of({channel, hid::kPing, counted(200)})[0]);
  CHECK(bench.hears_error(channel, hid::kInvalidSequence));
}

void init_on_a_channel_starts_it_over() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const auto frames = frames_of({channel, hid::kPing, counted(200)});
  bench.send(frames[0]);
  bench.send(Message{channel, hid::kInit, Bytes(std::begin(kNonce), std::end(kNonce))});
  CHECK(bench.next().command == hid::kInit);
  bench.send(frames[1]);
  CHECK(bench.heard.empty());

  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  CHECK(bench.key.blinking());
  bench.heard.clear();
  bench.send(Message{channel, hid::kInit, Bytes(std::begin(kNonce), std::end(kNonce))});
  CHECK(bench.next().command == hid::kInit);
  CHECK(bench.key.idle());
}

void a_half_sent_message_times_out() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(frames_of({channel, hid::kPing, counted(200)})[0]);
  CHECK(bench.key.next_tick() == bench.now + 500ms);
  bench.pass(490ms);
  CHECK(bench.heard.empty());
  bench.pass(10ms);
  CHECK(bench.hears_error(channel, hid::kMessageTimeout));
}

void channels_nobody_has_are_refused() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::uint32_t stranger : {0U, channel + 1, 0x12345678U, 0xffffffffU}) {
    bench.send(Message{stranger, hid::kPing, counted(1)});
    CHECK(bench.hears_error(stranger, hid::kInvalidChannel));
  }
  bench.key.power_on(bench.now);
  bench.send(Message{channel, hid::kPing, counted(1)});
  CHECK(bench.hears_error(channel, hid::kInvalidChannel));
}

void a_second_channel_has_to_wait() {
  Bench bench;
  const std::uint32_t first = bench.open_channel(), second = bench.open_channel();
  const auto frames = frames_of({first, hid::kPing, counted(100)});
  bench.send(frames[0]);
  bench.send(Message{second, hid::kPing, counted(1)});
  CHECK(bench.hears_error(second, hid::kChannelBusy));
  bench.send(frames[1]);
  CHECK(bench.next().payload == counted(100));

  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{first, hid::kCbor, kSelection});
  CHECK(bench.next().command == hid::kKeepalive);
  bench.send(Message{second, hid::kCbor, kGetInfo});
  CHECK(bench.hears_error(second, hid::kChannelBusy));
  CHECK(bench.key.blinking());
  CHECK(bench.open_channel() != second);  // INIT is always answered

  CHECK(bench.key.knobs.set("takeover", "1"));
  bench.send(Message{second, hid::kCbor, kGetInfo});
  CHECK(bench.reply().payload[0] == 0);
}

void unknown_and_empty_commands_are_refused() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  for (const std::uint8_t command : Bytes{0x02, 0x03, 0x3b, 0x40}) {
    bench.send(Message{channel, command, counted(1)});
    CHECK(bench.hears_error(channel, hid::kInvalidCommand));
  }
  bench.send(Message{channel, hid::kCbor, {}});
  CHECK(bench.hears_error(channel, hid::kInvalidLength));
}

// --- people ----------------------------------------------------------------------------------------------

void it_blinks_with_keepalives_until_it_is_touched() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  bench.pass(1000ms);
  CHECK(bench.heard.size() == 11);  // one at once, ten more in a second
  for (int count = 0; count < 11; ++count) {
    const Message keepalive = bench.next();
    CHECK(keepalive.channel == channel && keepalive.command == hid::kKeepalive &&
          keepalive.payload == Bytes{2});
  }
  CHECK(bench.key.press(bench.now));
  bench.collect();
  CHECK(bench.next().payload == Bytes{0});
  CHECK(bench.key.idle() && !bench.key.press(bench.now));
}

void cancel_ends_the_blinking_and_only_on_its_channel() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel(), other = bench.open_channel();
  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{channel, hid::kCancel, {}});
  CHECK(bench.heard.empty());  // nothing to cancel, and CANCEL is never answered
  bench.send(Message{channel, hid::kCbor, kSelection});
  bench.send(Message{other, hid::kCancel, {}});
  CHECK(bench.key.blinking());
  bench.heard.clear();
  bench.send(Message{channel, hid::kCancel, {}});
  CHECK(bench.next().payload == Bytes{0x2d});
  CHECK(bench.key.idle() && bench.key.counts.commands.at(0x0b) == 1);
}

void declining_and_not_coming_are_told_apart() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.key.set_touch(Touch::Deny, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  CHECK(bench.reply().payload == Bytes{0x27});
  bench.key.set_touch(Touch::Timeout, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  bench.pass(29'990ms);
  CHECK(bench.key.blinking());
  bench.pass(10ms);
  CHECK(bench.reply().payload == Bytes{0x2f});
}

void a_slow_key_says_that_it_is_working() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  CHECK(bench.key.knobs.set("reply-delay", "250"));
  bench.send(Message{channel, hid::kCbor, kGetInfo});
  bench.pass(250ms);
  for (int count = 0; count < 2; ++count) CHECK(bench.next().payload == Bytes{1});
  CHECK(bench.next().payload.size() > 100);
}

// --- counting --------------------------------------------------------------------------------------------

void answered_requests_are_counted_and_cancels_apart() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  bench.send(Message{channel, hid::kCbor, kGetInfo});
  bench.send(Message{channel, hid::kPing, counted(3)});
  bench.send(Message{channel, hid::kCancel, {}});
  bench.send(Message{channel + 1, hid::kPing, counted(3)});
  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  const Counts &counts = bench.key.counts;
  CHECK(counts.init == 1 && counts.cbor == 1 && counts.ping == 1 && counts.cancel == 1 && counts.error == 1);
  CHECK(counts.total() == 3);  // the one that blinks has no answer yet
  CHECK(bench.key.press(bench.now));
  CHECK(counts.total() == 4);
}

// --- faults ----------------------------------------------------------------------------------------------

/// What a getInfo is answered with under one fault: the frames.
std::vector<Report> answer_under(const char *fault, const char *value, Bench &bench) {
  const std::uint32_t channel = bench.open_channel();
  CHECK(bench.key.knobs.set(fault, value));
  bench.send(Message{channel, hid::kCbor, kGetInfo});
  bench.pass(1000ms);
  return bench.heard;
}

void a_silent_key_says_nothing() {
  Bench bench;
  CHECK(answer_under("silent", "1", bench).empty());
  CHECK(!bench.key.idle() && bench.key.counts.cbor == 0);
}

void endless_keepalives_end_only_by_cancel() {
  Bench bench;
  CHECK(answer_under("endless-keepalives", "1", bench).size() == 10);
  const std::uint32_t channel = Bench::channel_of(bench.heard[0]);
  bench.heard.clear();
  bench.send(Message{channel, hid::kCancel, {}});
  CHECK(bench.next().payload == Bytes{0x2d});
}

void ignoring_cancel_leaves_it_blinking() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  CHECK(bench.key.knobs.set("ignore-cancel", "1"));
  bench.key.set_touch(Touch::Wait, bench.now);
  bench.send(Message{channel, hid::kCbor, kSelection});
  bench.send(Message{channel, hid::kCancel, {}});
  CHECK(bench.key.blinking());
}

void broken_frames_are_broken_as_their_names_say() {
  Bench honest;
  const auto whole = answer_under("only", "0", honest);
  CHECK(whole.size() > 3);

  Bench truncated;
  CHECK(answer_under("truncate-frames", "1", truncated).size() == whole.size() - 1);
  Bench nearly_gone;
  CHECK(answer_under("truncate-frames", "100", nearly_gone).size() == 1);
  Bench channel;
  CHECK(Bench::channel_of(answer_under("wrong-channel", "1", channel)[0]) != Bench::channel_of(whole[0]));
  Bench sequence;
  CHECK(answer_under("wrong-sequence", "1", sequence)[1][4] == 1 && whole[1][4] == 0);
  Bench huge;
  const auto announced = answer_under("huge-length", "65535", huge);
  CHECK(announced[0][5] == 0xff && announced[0][6] == 0xff && announced.size() == whole.size());
  Bench twice;
  CHECK(answer_under("duplicate-reply", "1", twice).size() == 2 * whole.size());
}

void broken_replies_are_broken_as_their_names_say() {
  Bench honest;
  answer_under("only", "0", honest);
  const Bytes whole = honest.next().payload;

  Bench malformed;
  answer_under("malformed-cbor", "1", malformed);
  const Bytes half = malformed.next().payload;
  CHECK(half[0] == 0 && !Cbor::parse(ByteView(half).subspan(1)));
  Bench oversized;
  answer_under("oversized-cbor", "5000", oversized);
  CHECK(oversized.next().payload.size() == whole.size() + 5000);
  Bench status;
  answer_under("error-status", "127", status);
  CHECK(status.next().payload == Bytes{0x7f});

  Bench stale;
  const std::uint32_t channel = stale.open_channel();
  stale.send(Message{channel, hid::kCbor, kSelection});
  CHECK(stale.reply().payload == Bytes{0});
  CHECK(stale.key.knobs.set("stale-reply", "1"));
  stale.send(Message{channel, hid::kCbor, kGetInfo});
  CHECK(stale.next().payload == Bytes{0});
  CHECK(stale.next().payload == whole);
}

void faults_strike_only_within_their_scope() {
  Bench bench;
  const std::uint32_t channel = bench.open_channel();
  const auto status_of = [&](const Bytes &request) {
    bench.send(Message{channel, hid::kCbor, request});
    return bench.reply().payload.at(0);
  };
  for (const auto &[name, value] :
       {std::pair("error-status", "127"), {"only", "selection"}, {"after", "1"}, {"times", "2"}})
    CHECK(bench.key.knobs.set(name, value));
  CHECK(status_of(kGetInfo) == 0);
  CHECK(status_of(kSelection) == 0);
  CHECK(status_of(kSelection) == 0x7f && status_of(kSelection) == 0x7f);
  CHECK(status_of(kSelection) == 0);
}

// --- CBOR and state --------------------------------------------------------------------------------------

void maps_are_written_in_canonical_order() {
  const Cbor map = Cbor::Map{{"bb", 1}, {"a", 2}, {-1, 3}, {24, 4}, {23, 5}, {"aaa", true}};
  CHECK(to_hex(map.encode()) ==
        "a617051818042003616102626262"
        "0163616161f5");
  CHECK(Cbor::parse(map.encode())->encode() == map.encode());
}

void cbor_that_ctap_does_not_use_is_refused() {
  for (const char *bad :
       {"", "a1", "a10101ff", "a201010102", "9fff", "bfff", "5f4100ff", "7f6161ff", "f93c00", "c001",
        "1bffffffffffffffff", "818181818181818181818100", "fb3ff199999999999a", "5bffffffffffffffff"})
    CHECK(!Cbor::parse(*from_hex(bad)));
  CHECK(Cbor::parse(*from_hex("8181818100")));
}

void state_survives_in_its_file_and_a_damaged_file_is_refused() {
  char directory[] = "/tmp/softkey-test.XXXXXX";
  CHECK(mkdtemp(directory));
  const std::string path = std::string(directory) + "/state";
  {
    StateFile file = MUST(StateFile::open(path));
    file.state.set_pin("1234");
    file.state.pin_tries = 3;
    file.state.counter = 77;
    file.state.residents.push_back({{1, 2}, "example.org", "Example", {3}, "alice", "Alice"});
    file.save();
  }
  const State again = MUST(StateFile::open(path)).state;
  CHECK(again.pin_tries == 3 && again.counter == 77 && again.pin_hash.size() == 16);
  CHECK(again.residents.size() == 1 && again.residents[0].user_display_name == "Alice");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  const bool opened = static_cast<bool>(StateFile::open(path));
  std::filesystem::remove_all(directory);
  CHECK(!opened);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(each_init_gets_a_channel_of_its_own),
      TEST(a_ping_of_any_length_comes_back_whole),
      TEST(a_message_that_is_too_long_is_refused_by_its_first_frame),
      TEST(frames_out_of_order_end_the_message),
      TEST(a_second_message_inside_the_first_is_an_error),
      TEST(init_on_a_channel_starts_it_over),
      TEST(a_half_sent_message_times_out),
      TEST(channels_nobody_has_are_refused),
      TEST(a_second_channel_has_to_wait),
      TEST(unknown_and_empty_commands_are_refused),
      TEST(it_blinks_with_keepalives_until_it_is_touched),
      TEST(cancel_ends_the_blinking_and_only_on_its_channel),
      TEST(declining_and_not_coming_are_told_apart),
      TEST(a_slow_key_says_that_it_is_working),
      TEST(answered_requests_are_counted_and_cancels_apart),
      TEST(a_silent_key_says_nothing),
      TEST(endless_keepalives_end_only_by_cancel),
      TEST(ignoring_cancel_leaves_it_blinking),
      TEST(broken_frames_are_broken_as_their_names_say),
      TEST(broken_replies_are_broken_as_their_names_say),
      TEST(faults_strike_only_within_their_scope),
      TEST(maps_are_written_in_canonical_order),
      TEST(cbor_that_ctap_does_not_use_is_refused),
      TEST(state_survives_in_its_file_and_a_damaged_file_is_refused),
  };
  return cmocka_run_group_tests_name("softkey", tests, nullptr, nullptr);
}
