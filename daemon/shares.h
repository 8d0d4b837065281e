/// Shares: how much of the daemon each of those who sign in may keep busy, so that no crowd takes the room of
/// another. Every sign-in and every call counts for somebody: a person, an address of the network, the
/// machine itself. Pure: no bus, no clock.
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <map>
#include <string>

namespace passkeyd {

/// Where it comes in. Each door has room of its own: however full one is, the others do not notice.
enum class Door {
  Network,    ///< through a service of the network: nobody knows yet who it is, only from which address
  People,     ///< a program that somebody runs as themself
  ForPeople,  ///< root's program that somebody started: su, sudo
  Machine,    ///< root's own: login, display managers, services
};
inline constexpr std::size_t kDoors = 4;

/// Whose it is.
struct Share {
  Door door = Door::Network;
  std::string member = {};  ///< "uid 1000", "192.0.2.7", "2001:db8:1:2::/64"; the machine has none
  bool operator==(const Share &) const = default;
};

/// `effective`: as whom the program runs; `person`: who is behind it (daemon/caller.h).
Share share_of_person(uid_t effective, uid_t person);

/// `remote_host`: as the host said it. Of an IPv6 address only the network counts (64 bits), since whoever
/// has one address there has them all.
Share share_of_source(const std::string &remote_host);

/// What there is for one more.
enum class Room {
  None,           ///< no more than now until something ends
  IfOneMakesWay,  ///< the door is full; one of somebody who has more may have to go (Shares::yields)
  Yes,
};

/// Counts what is under way.
class Shares {
 public:
  /// Most attempts and calls at one door: a quarter of what the daemon's memory is made for.
  static constexpr std::size_t kMostAtADoor = 512;
  /// Most of one person, through whatever program.
  static constexpr std::size_t kMostOfOnePerson = 16;

  /// One that is under way, as long as it lives.
  class Claim {
   public:
    Claim() = default;
    Claim(Shares &all, Share share);
    Claim(Claim &&other) noexcept;
    Claim &operator=(Claim &&other) noexcept;
    ~Claim() { release(); }
    /// It is over.
    void release();
    [[nodiscard]] const Share &share() const { return share_; }

   private:
    Shares *all_ = nullptr;
    Share share_;
  };

  /// `freed` is called whenever a claim ends; it must not make or end claims itself.
  explicit Shares(std::function<void()> freed) : freed_(std::move(freed)) {}
  Shares(const Shares &) = delete;
  Shares &operator=(const Shares &) = delete;

  [[nodiscard]] Room room_for(const Share &share) const;

  /// At a full door: true if `holder` has more than its share beside `newcomer`, and one of its sign-ins may
  /// end for the other's sake. A person's own newer ones wait instead; the network's strangers cannot be told
  /// from each other behind one address, and there the older one goes.
  [[nodiscard]] bool yields(const Share &holder, const Share &newcomer) const;

  /// How many this one has, at every door where it is the same one.
  [[nodiscard]] std::size_t count(const Share &share) const;
  [[nodiscard]] std::size_t at(Door door) const { return at_[static_cast<std::size_t>(door)]; }

 private:
  std::array<std::size_t, kDoors> at_{};
  std::map<std::string, std::size_t> people_;   ///< by member, at both doors of people
  std::map<std::string, std::size_t> sources_;  ///< by member, from the network
  std::function<void()> freed_;
};

/// Does this share belong to a person?
bool is_a_persons(const Share &share);

}  // namespace passkeyd
