/// Reading and making CTAPHID frames.
#include "usb/frame.h"

#include <algorithm>
#include <cstring>

namespace passkeyd {
namespace {

constexpr std::uint8_t kFirstFrame = 0x80;
constexpr std::size_t kHeaderBytes = 7;  // channel 4, command 1, length 2
constexpr std::uint8_t kWaitsForTouch = 2;

constexpr std::uint8_t kMakeCredential = 0x01;
constexpr std::uint8_t kGetAssertion = 0x02;
constexpr std::uint8_t kGetNextAssertion = 0x08;
/// authenticatorClientPIN whose second parameter, subCommand, is 0x06, whatever the protocol in the first.
constexpr std::uint8_t kClientPin = 0x06;
constexpr std::uint8_t kTokenUsingSensor = 0x06;

}  // namespace

std::uint32_t channel_of(FrameView frame) {
  std::uint32_t channel = 0;  // an opaque number: libfido2 keeps it in the host's order, and so is it here
  std::memcpy(&channel, frame.data(), sizeof channel);
  return channel;
}

std::optional<std::uint8_t> command_of(FrameView frame) {
  if ((frame[4] & kFirstFrame) == 0) return std::nullopt;
  return static_cast<std::uint8_t>(frame[4] & ~kFirstFrame);
}

ByteView payload_of(FrameView frame) {
  return frame.subspan<kHeaderBytes>();
}

bool answers(FrameView frame, std::uint32_t channel, const Nonce &nonce) {
  if (channel_of(frame) != channel) return false;
  if (channel != kBroadcast || command_of(frame) != hid::kInit) return true;
  return std::equal(nonce.begin(), nonce.end(), payload_of(frame).begin());
}

Frame cancel_frame(std::uint32_t channel) {
  Frame frame{};
  std::memcpy(frame.data(), &channel, sizeof channel);
  frame[4] = kFirstFrame | hid::kCancel;
  return frame;
}

Asks asks_of(ByteView payload) {
  if (payload.size() < 6) return Asks::Nothing;
  if (payload[0] == kMakeCredential || payload[0] == kGetAssertion) return Asks::Consent;
  const bool sensor = payload[0] == kClientPin && payload[2] == 0x01 && payload[4] == 0x02 &&
                      payload[5] == kTokenUsingSensor;  // {1: protocol, 2: subCommand, ...}
  return sensor ? Asks::SensorPin : Asks::Nothing;
}

bool asks_for_more(ByteView payload) {
  return !payload.empty() && payload[0] == kGetNextAssertion;
}

bool wants_touch(FrameView frame) {
  return command_of(frame) == hid::kKeepalive && payload_of(frame)[0] == kWaitsForTouch;
}

}  // namespace passkeyd
