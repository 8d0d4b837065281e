/// Whose it is, and counting.
#include "daemon/shares.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace passkeyd {
namespace {

/// A name of the resolver's; longer ones are nobody's.
constexpr std::size_t kMaxName = 255;

std::string text_of(int family, const void *address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : std::string();
}

}  // namespace

bool is_a_persons(const Share &share) {
  return share.door == Door::People || share.door == Door::ForPeople;
}

Share share_of_person(uid_t effective, uid_t person) {
  if (effective == 0 && person == 0) return {Door::Machine};
  return {effective == 0 ? Door::ForPeople : Door::People, "uid " + std::to_string(person)};
}

Share share_of_source(const std::string &remote_host) {
  std::string host = remote_host.substr(0, kMaxName);
  host = host.substr(0, host.find('%'));  // the zone of a link-local address
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return {Door::Network, text_of(AF_INET, &four)};
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&six)) return {Door::Network, text_of(AF_INET, &six.s6_addr[12])};
    std::fill(std::begin(six.s6_addr) + 8, std::end(six.s6_addr), std::uint8_t{0});
    return {Door::Network, text_of(AF_INET6, &six) + "/64"};
  }
  std::ranges::transform(host, host.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return {Door::Network, std::move(host)};
}

Shares::Claim::Claim(Shares &all, Share share) : all_(&all), share_(std::move(share)) {
  ++all.at_[static_cast<std::size_t>(share_.door)];
  if (is_a_persons(share_)) ++all.people_[share_.member];
  if (share_.door == Door::Network) ++all.sources_[share_.member];
}

Shares::Claim::Claim(Claim &&other) noexcept
    : all_(std::exchange(other.all_, nullptr)), share_(std::move(other.share_)) {}

Shares::Claim &Shares::Claim::operator=(Claim &&other) noexcept {
  if (this == &other) return *this;
  release();
  all_ = std::exchange(other.all_, nullptr);
  share_ = std::move(other.share_);
  return *this;
}

void Shares::Claim::release() {
  if (all_ == nullptr) return;
  Shares &all = *std::exchange(all_, nullptr);
  --all.at_[static_cast<std::size_t>(share_.door)];
  const auto take = [&](std::map<std::string, std::size_t> &from) {
    const auto found = from.find(share_.member);
    if (--found->second == 0) from.erase(found);
  };
  if (is_a_persons(share_)) take(all.people_);
  if (share_.door == Door::Network) take(all.sources_);
  all.freed_();
}

std::size_t Shares::count(const Share &share) const {
  if (share.door == Door::Machine) return at(Door::Machine);
  const auto &counts = share.door == Door::Network ? sources_ : people_;
  const auto found = counts.find(share.member);
  return found == counts.end() ? 0 : found->second;
}

Room Shares::room_for(const Share &share) const {
  if (is_a_persons(share) && count(share) >= kMostOfOnePerson) return Room::None;
  return at(share.door) < kMostAtADoor ? Room::Yes : Room::IfOneMakesWay;
}

bool Shares::yields(const Share &holder, const Share &newcomer) const {
  if (holder.door != newcomer.door) return false;
  if (holder.member == newcomer.member) return !is_a_persons(holder);
  return count(holder) > count(newcomer);
}

}  // namespace passkeyd
