/// One request at a time: it blinks, it replies, or it misbehaves.
#include "tests/softkey/softkey.h"

#include <algorithm>

namespace passkeyd::softkey {
namespace {

constexpr std::uint8_t kProtocolVersion = 2;
constexpr std::uint8_t kCanWink = 0x01, kCanCbor = 0x04, kNoMsg = 0x08;
constexpr std::uint8_t kProcessing = 1, kUpNeeded = 2;

Bytes status_only(Ctap status) {
  return {static_cast<std::uint8_t>(status)};
}

Bytes encoded(const Outcome &outcome) {
  Bytes out = status_only(Ctap::Ok);
  if (outcome.reply.map()) {
    const Bytes body = outcome.reply.encode();
    out.insert(out.end(), body.begin(), body.end());
  }
  return out;
}

}  // namespace

void SoftKey::power_on(Moment now) {
  assembler_.reset();
  work_.reset();
  output_.clear();
  last_reply_.reset();
  authenticator_.power_on(now);
}

void SoftKey::receive(const Report &report, Moment now) {
  const bool yields = knobs.settings.takeover != 0;
  const std::uint32_t busy = work_ && !yields ? work_->channel : 0;
  const auto result = assembler_.take(report, busy, now, Moment(knobs.settings.message_timeout));
  if (result.error) send(*result.error);
  if (result.message) take(*result.message, now);
}

void SoftKey::take(const Message &message, Moment now) {
  switch (message.command) {
    case hid::kInit:
      return answer_init(message);
    case hid::kCancel:
      return cancel(message.channel);
    case hid::kPing:
      ++counts.ping;
      return send(message);
    case hid::kWink:
      ++counts.wink;
      return send({message.channel, hid::kWink, {}});
    case hid::kCbor:
      if (message.payload.empty()) return send({message.channel, hid::kError, {hid::kInvalidLength}});
      return begin(message, now);
    default:
      return send({message.channel, hid::kError, {hid::kInvalidCommand}});
  }
}

void SoftKey::answer_init(const Message &message) {
  std::uint32_t channel = message.channel;
  if (channel == hid::kBroadcast)
    channel = assembler_.allocate();
  else if (work_ && work_->channel == channel)
    work_.reset();  // the platform starts over
  Bytes payload = message.payload;
  for (int shift = 24; shift >= 0; shift -= 8) payload.push_back(static_cast<std::uint8_t>(channel >> shift));
  const Bytes rest = {kProtocolVersion, 1, 0, kFirmwareVersion, kCanWink | kCanCbor | kNoMsg};
  payload.insert(payload.end(), rest.begin(), rest.end());
  ++counts.init;
  send({message.channel, hid::kInit, std::move(payload)});
}

bool SoftKey::strikes(int command) {
  Scope &scope = knobs.scope;
  if (scope.only != 0 && scope.only != command) return false;
  if (scope.after > 0) {
    --scope.after;
    return false;
  }
  if (scope.times == 0) return true;
  if (--scope.times == 0) scope.times = -1;  // used up: -1 is "never again", 0 would be "no end"
  return true;
}

void SoftKey::begin(const Message &message, Moment now) {
  const int command = message.payload[0];
  Request request{command, Cbor::Map{}, {}, now};
  if (knobs.scope.times >= 0 && strikes(command)) request.faults = knobs.faults;

  Work work;
  work.channel = message.channel;
  work.command = command;
  work.faults = request.faults;
  work.since = now;
  work.next_keepalive = now + Moment(knobs.settings.keepalive);
  work_ = std::move(work);
  if (request.faults.silent) return;
  if (request.faults.endless_keepalives) {
    work_->phase = Phase::Endless;
    return;
  }
  run(
      [&] {
        if (request.faults.error_status) throw Refused{static_cast<Ctap>(request.faults.error_status)};
        refuse_if(message.payload.size() > static_cast<std::size_t>(knobs.settings.max_msg_size),
                  Ctap::RequestTooLarge);
        if (const ByteView body = ByteView(message.payload).subspan(1); !body.empty()) {
          const auto parameters = Cbor::parse(body);
          refuse_if(!parameters || !parameters->map(), Ctap::InvalidCbor);
          refuse_if(!std::ranges::equal(parameters->encode(), body),
                    Ctap::InvalidCbor);  // canonical or nothing
          request.parameters = *parameters;
        }
        if (command == 0x06)
          if (const Cbor *subcommand = request.parameters.at(2); subcommand && subcommand->number())
            ++counts.pin_subcommands[static_cast<int>(*subcommand->number())];
        return authenticator_.handle(request);
      },
      now);
}

void SoftKey::run(const std::function<Outcome()> &step, Moment now) {
  Outcome outcome;
  try {
    outcome = step();
  } catch (const Refused &refusal) {
    return reply_with(status_only(refusal.status), now);
  }
  if (outcome.consent == Consent::None) return reply_with(encoded(outcome), now);
  work_->phase = Phase::Blinking;
  work_->waiting = std::move(outcome);
  work_->since = now;
  keepalive(now);
  tick(now);
}

void SoftKey::reply_with(Bytes reply, Moment now) {
  work_->phase = Phase::Replying;
  work_->reply = std::move(reply);
  work_->since = now;
  tick(now);
}

std::optional<Moment> SoftKey::decision_due() const {
  const Settings &settings = knobs.settings;
  switch (work_->phase) {
    case Phase::Blinking: {
      const bool decides = touch_ == Touch::Auto || touch_ == Touch::Deny;
      return work_->since + Moment(decides ? settings.touch_delay : settings.touch_timeout);
    }
    case Phase::Replying:
      return work_->since + Moment(settings.reply_delay);
    default:
      return std::nullopt;
  }
}

void SoftKey::tick(Moment now) {
  if (const auto error = assembler_.expire(now)) send(*error);
  if (!work_ || work_->phase == Phase::Mute) return;
  if (const auto due = decision_due(); due && now >= *due) {
    if (work_->phase == Phase::Replying) return send_reply(std::move(work_->reply));
    if (touch_ == Touch::Auto) return static_cast<void>(press(now));
    if (touch_ == Touch::Deny) return static_cast<void>(refuse(now));
    return reply_with(status_only(Ctap::UserActionTimeout), now);
  }
  if (now >= work_->next_keepalive) keepalive(now);
}

std::optional<Moment> SoftKey::next_tick() const {
  std::optional<Moment> next = assembler_.deadline();
  const auto sooner = [&](std::optional<Moment> other) {
    if (other && (!next || *other < *next)) next = other;
  };
  if (work_ && work_->phase != Phase::Mute) {
    sooner(work_->next_keepalive);
    sooner(decision_due());
  }
  return next;
}

void SoftKey::set_touch(Touch touch, Moment now) {
  touch_ = touch;
  tick(now);
}

bool SoftKey::press(Moment now) {
  if (!blinking()) return false;
  const auto granted = work_->waiting.granted;
  run([&] { return granted(now); }, now);
  return true;
}

bool SoftKey::refuse(Moment now) {
  if (!blinking()) return false;
  const auto refused = work_->waiting.refused;
  run([&] { return refused(now); }, now);
  return true;
}

void SoftKey::cancel(std::uint32_t channel) {
  ++counts.cancel;
  if (!work_ || work_->channel != channel || work_->faults.ignore_cancel) return;
  if (work_->phase == Phase::Blinking || work_->phase == Phase::Endless)
    send_reply(status_only(Ctap::KeepaliveCancel));
}

void SoftKey::keepalive(Moment now) {
  const std::uint8_t what = work_->phase == Phase::Blinking ? kUpNeeded : kProcessing;
  send({work_->channel, hid::kKeepalive, {what}});
  work_->next_keepalive = now + Moment(std::max(knobs.settings.keepalive, 1));
}

void SoftKey::send_reply(Bytes reply) {
  const Faults faults = work_->faults;
  Message message{work_->channel, hid::kCbor, std::move(reply)};
  ++counts.cbor;
  ++counts.commands[work_->command];
  work_.reset();

  Bytes &bytes = message.payload;
  if (faults.malformed_cbor && bytes.size() > 1) bytes.resize(bytes.size() / 2 + 1);
  bytes.insert(bytes.end(), static_cast<std::size_t>(faults.oversized_cbor), 0xff);
  if (faults.wrong_channel) message.channel ^= 0x5a5a5a5a;
  const Framing framing{static_cast<std::size_t>(faults.huge_length),
                        static_cast<std::size_t>(faults.truncate_frames),
                        static_cast<std::uint8_t>(faults.wrong_sequence ? 1 : 0)};
  if (faults.stale_reply && last_reply_) send({message.channel, hid::kCbor, last_reply_->payload});
  send(message, framing);
  if (faults.duplicate_reply) send(message, framing);
  last_reply_ = std::move(message);
}

void SoftKey::send(const Message &message, const Framing &framing) {
  if (message.command == hid::kError) ++counts.error;
  const auto frames = frames_of(message, framing);
  output_.insert(output_.end(), frames.begin(), frames.end());
}

}  // namespace passkeyd::softkey
