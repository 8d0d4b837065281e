/// CTAPHID: messages in and out of 64-byte reports (CTAP 2.1, section 11.2). Knows channels, fragments and
/// frame errors; knows nothing of what the messages mean.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/bytes.h"

namespace passkeyd::softkey {

using Report = std::array<std::uint8_t, 64>;
/// Time since whenever the caller likes to count from; never goes back.
using Moment = std::chrono::milliseconds;

namespace hid {
inline constexpr std::uint32_t kBroadcast = 0xffffffff;
inline constexpr std::size_t kMaxMessage = 64 - 7 + 128 * (64 - 5);

inline constexpr std::uint8_t kPing = 0x01, kMsg = 0x03, kInit = 0x06, kWink = 0x08, kCbor = 0x10,
                              kCancel = 0x11, kKeepalive = 0x3b, kError = 0x3f;

/// The one byte of an ERROR message.
inline constexpr std::uint8_t kInvalidCommand = 0x01, kInvalidLength = 0x03, kInvalidSequence = 0x04,
                              kMessageTimeout = 0x05, kChannelBusy = 0x06, kInvalidChannel = 0x0b;
}  // namespace hid

struct Message {
  std::uint32_t channel = 0;
  std::uint8_t command = 0;  ///< without bit 7
  Bytes payload;
};

/// How a reply is cut into frames. The defaults are the protocol; anything else is a fault.
struct Framing {
  std::size_t announced = 0;  ///< length to announce instead of the true one; 0: the true one
  std::size_t drop_last = 0;  ///< frames not sent, the first excepted
  std::uint8_t first_sequence = 0;
};
std::vector<Report> frames_of(const Message &message, const Framing &framing = {});

/// Puts reports together to messages.
class Assembler {
 public:
  /// What a report led to: nothing yet, a whole message, or an error to be sent back. INIT is not answered
  /// here, but it may always interrupt.
  struct Result {
    std::optional<Message> message;
    std::optional<Message> error;
  };
  /// `busy_channel`: the channel whose message is being worked on, or 0. `pause`: longest time between two
  /// frames of one message.
  Result take(const Report &report, std::uint32_t busy_channel, Moment now, Moment pause);

  /// The MSG_TIMEOUT error if a message has been waiting for its next frame too long.
  std::optional<Message> expire(Moment now);
  /// When expire() should be called, if at all.
  [[nodiscard]] std::optional<Moment> deadline() const;

  /// A new channel. Channels are numbers from 1 up; as many as anybody asks for.
  std::uint32_t allocate() { return ++last_channel_; }
  /// Forgets channels and fragments: the key lost its power.
  void reset() { *this = Assembler(); }

 private:
  struct Partial {
    Message message;
    std::size_t total = 0;
    std::uint8_t next_sequence = 0;
    Moment deadline{};
  };

  Result start(std::uint32_t channel, const Report &report, std::uint32_t busy_channel, Moment now,
               Moment pause);
  Result go_on(std::uint32_t channel, const Report &report, Moment now, Moment pause);

  std::uint32_t last_channel_ = 0;
  std::optional<Partial> partial_;
};

}  // namespace passkeyd::softkey
