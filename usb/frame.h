/// CTAPHID frames, as far as the wire between libfido2 and a key must be understood: whose answer a frame
/// is, what was just asked, and whether a person has to do something about it (CTAP 2.1, section 11.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "common/bytes.h"

namespace passkeyd {

/// What a report carries. Every FIDO key on the market has reports of this size.
inline constexpr std::size_t kFrameBytes = 64;
using Frame = std::array<std::uint8_t, kFrameBytes>;
using FrameView = std::span<const std::uint8_t, kFrameBytes>;

inline constexpr std::uint32_t kBroadcast = 0xffffffff;

/// The commands looked at, without the bit that marks a first frame.
namespace hid {
inline constexpr std::uint8_t kInit = 0x06;
inline constexpr std::uint8_t kCbor = 0x10;
inline constexpr std::uint8_t kCancel = 0x11;
inline constexpr std::uint8_t kKeepalive = 0x3b;
inline constexpr std::uint8_t kError = 0x3f;
}  // namespace hid

/// The channel a frame belongs to.
std::uint32_t channel_of(FrameView frame);
/// The command of a first frame; nullopt for a continuation.
std::optional<std::uint8_t> command_of(FrameView frame);
/// What follows the header of a first frame: 57 bytes, of which the message may use fewer.
ByteView payload_of(FrameView frame);

using Nonce = std::array<std::uint8_t, 8>;

/// Whether a frame from the key answers who talks on `channel`; on the broadcast channel, whose INIT carried
/// `nonce`. A hidraw node shows every program all that the key says: frames for other channels, answers to
/// another program's INIT, and late answers to an earlier session, whose channel is one of the past.
bool answers(FrameView frame, std::uint32_t channel, const Nonce &nonce);

/// Tells the key to drop what it does on `channel`.
Frame cancel_frame(std::uint32_t channel);

/// What a CTAP command asks of the person.
enum class Asks {
  Nothing,    ///< the key answers by itself
  SensorPin,  ///< the sensor, in place of a PIN: getPinUvAuthTokenUsingUvWithPermissions
  Consent,    ///< makeCredential, getAssertion: a touch, or the sensor
};

/// `payload` of a first frame whose command is hid::kCbor.
Asks asks_of(ByteView payload);

/// True for getNextAssertion. `payload` as above.
bool asks_for_more(ByteView payload);

/// True for the keepalive that says that the key waits for a touch.
bool wants_touch(FrameView frame);

}  // namespace passkeyd
