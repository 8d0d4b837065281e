/// Frames. The rules and their error codes are those of CTAP 2.1, sections 11.2.4 to 11.2.9.
#include "tests/softkey/ctaphid.h"

#include <algorithm>

namespace passkeyd::softkey {
namespace {

constexpr std::size_t kFirst = 64 - 7;  // data bytes in an initialization frame
constexpr std::size_t kNext = 64 - 5;   // and in a continuation frame

std::uint32_t channel_of(const Report &report) {
  return std::uint32_t{report[0]} << 24 | std::uint32_t{report[1]} << 16 | std::uint32_t{report[2]} << 8 |
         report[3];
}

void put_channel(Report &report, std::uint32_t channel) {
  for (int at = 0; at < 4; ++at)
    report[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(channel >> (24 - 8 * at));
}

Assembler::Result error(std::uint32_t channel, std::uint8_t code) {
  return {std::nullopt, Message{channel, hid::kError, {code}}};
}

}  // namespace

std::vector<Report> frames_of(const Message &message, const Framing &framing) {
  std::vector<Report> out;
  const std::size_t size = message.payload.size();
  const std::size_t announced = framing.announced ? framing.announced : size;

  Report first{};
  put_channel(first, message.channel);
  first[4] = message.command | 0x80;
  first[5] = static_cast<std::uint8_t>(announced >> 8);
  first[6] = static_cast<std::uint8_t>(announced);
  std::size_t done = std::min(size, kFirst);
  std::copy_n(message.payload.begin(), done, first.begin() + 7);
  out.push_back(first);

  for (std::uint8_t sequence = framing.first_sequence; done < size; ++sequence) {
    Report next{};
    put_channel(next, message.channel);
    next[4] = sequence & 0x7f;
    const std::size_t part = std::min(size - done, kNext);
    std::copy_n(message.payload.begin() + static_cast<std::ptrdiff_t>(done), part, next.begin() + 5);
    done += part;
    out.push_back(next);
  }
  out.resize(out.size() - std::min(framing.drop_last, out.size() - 1));
  return out;
}

Assembler::Result Assembler::take(const Report &report, std::uint32_t busy_channel, Moment now,
                                  Moment pause) {
  const std::uint32_t channel = channel_of(report);
  const bool starts = (report[4] & 0x80) != 0;
  return starts ? start(channel, report, busy_channel, now, pause) : go_on(channel, report, now, pause);
}

Assembler::Result Assembler::start(std::uint32_t channel, const Report &report, std::uint32_t busy_channel,
                                   Moment now, Moment pause) {
  const std::uint8_t command = report[4] & 0x7f;
  const std::size_t total = static_cast<std::size_t>(report[5]) << 8 | report[6];
  const bool is_init = command == hid::kInit;

  const bool known = channel != 0 && channel <= last_channel_;
  if (!known && !(channel == hid::kBroadcast && is_init)) return error(channel, hid::kInvalidChannel);
  if (total > hid::kMaxMessage || (is_init && total != 8)) return error(channel, hid::kInvalidLength);

  const std::uint32_t occupant = partial_ ? partial_->message.channel : busy_channel;
  if (occupant != 0 && channel != hid::kBroadcast) {
    if (channel != occupant) return error(channel, hid::kChannelBusy);
    const bool may_interrupt = is_init || (command == hid::kCancel && !partial_);
    if (!may_interrupt) {
      const bool broken_off = partial_.has_value();
      partial_.reset();
      return error(channel, broken_off ? hid::kInvalidSequence : hid::kChannelBusy);
    }
  }

  // A broadcast INIT is one frame and leaves another channel's half-sent message alone.
  const std::size_t here = std::min(total, kFirst);
  Message message{channel, command,
                  Bytes(report.begin() + 7, report.begin() + 7 + static_cast<std::ptrdiff_t>(here))};
  if (total == here) {
    if (partial_ && partial_->message.channel == channel) partial_.reset();
    return {std::move(message), std::nullopt};
  }
  partial_ = Partial{std::move(message), total, 0, now + pause};
  return {};
}

Assembler::Result Assembler::go_on(std::uint32_t channel, const Report &report, Moment now, Moment pause) {
  // A continuation that belongs to nothing is ignored, whoever sent it.
  if (!partial_ || partial_->message.channel != channel) return {};
  if (report[4] != partial_->next_sequence) {
    partial_.reset();
    return error(channel, hid::kInvalidSequence);
  }
  Bytes &payload = partial_->message.payload;
  const std::size_t part = std::min(partial_->total - payload.size(), kNext);
  payload.insert(payload.end(), report.begin() + 5, report.begin() + 5 + static_cast<std::ptrdiff_t>(part));
  ++partial_->next_sequence;
  partial_->deadline = now + pause;
  if (payload.size() < partial_->total) return {};
  Message whole = std::move(partial_->message);
  partial_.reset();
  return {std::move(whole), std::nullopt};
}

std::optional<Message> Assembler::expire(Moment now) {
  if (!partial_ || now < partial_->deadline) return std::nullopt;
  const std::uint32_t channel = partial_->message.channel;
  partial_.reset();
  return Message{channel, hid::kError, {hid::kMessageTimeout}};
}

std::optional<Moment> Assembler::deadline() const {
  if (!partial_) return std::nullopt;
  return partial_->deadline;
}

}  // namespace passkeyd::softkey
