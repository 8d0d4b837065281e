/// OpenQuestions: how many questions polkit is thinking about, and for whom. Their own share within that of
/// sign-ins, so that a person who leaves dialogs open can still sign in.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

namespace passkeyd {

class OpenQuestions {
 public:
  static constexpr std::size_t kMostOfOneUser = 3;

  /// One question, for as long as it lives.
  class Open {
   public:
    Open(OpenQuestions &all, uid_t uid) : all_(all), uid_(uid), number_(++all.given_) { ++all_.of_[uid_]; }
    ~Open() {
      if (--all_.of_[uid_] == 0) all_.of_.erase(uid_);
    }
    Open(const Open &) = delete;
    Open &operator=(const Open &) = delete;
    /// No two have the same.
    [[nodiscard]] std::uint64_t number() const { return number_; }

   private:
    OpenQuestions &all_;
    uid_t uid_;
    std::uint64_t number_;
  };

  [[nodiscard]] bool full_for(uid_t uid) const {
    const auto found = of_.find(uid);
    return found != of_.end() && found->second >= kMostOfOneUser;
  }

 private:
  std::map<uid_t, std::size_t> of_;
  std::uint64_t given_ = 0;
};

}  // namespace passkeyd
