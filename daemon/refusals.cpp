/// Counting refusals.
#include "daemon/refusals.h"

namespace passkeyd {

bool Refusals::may_record(uid_t uid, BootTime now) {
  if (!any_ || now - begun_ >= kWindow) {
    any_ = true;
    begun_ = now;
    all_ = 0;
    of_.clear();
  }
  if (all_ >= kMost || of_[uid] >= kMostOfOneUser) return false;
  ++all_;
  ++of_[uid];
  return true;
}

}  // namespace passkeyd
