/// AuditNews: whoever waits for the next audit record is told of each.
#pragma once

#include <algorithm>
#include <vector>

#include "daemon/mailbox.h"
#include "ledger/audit.h"

namespace passkeyd {

class AuditNews {
 public:
  /// Most who may wait at once.
  static constexpr std::size_t kMostWaiting = 64;
  /// Of those, so many that only root gets: whoever else follows, an administrator can.
  static constexpr std::size_t kForRoot = 16;

  /// What a waiting story wakes up to.
  enum class Wake {
    TimeUp,
    News,
  };

  /// While it lives, `box` gets a letter for every record.
  class Listener {
   public:
    Listener(AuditNews &news, Mailbox<Wake> &box) : news_(news), box_(box) { news_.boxes_.push_back(&box); }
    Listener(const Listener &) = delete;
    Listener &operator=(const Listener &) = delete;
    ~Listener() { std::erase(news_.boxes_, &box_); }

   private:
    AuditNews &news_;
    Mailbox<Wake> &box_;
  };

  [[nodiscard]] bool has_room(bool root) const {
    return boxes_.size() < (root ? kMostWaiting : kMostWaiting - kForRoot);
  }
  void tell() {
    for (Mailbox<Wake> *box : boxes_) box->post(Wake::News);
  }

 private:
  std::vector<Mailbox<Wake> *> boxes_;
};

}  // namespace passkeyd
