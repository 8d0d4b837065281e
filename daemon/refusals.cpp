/// Counting refusals.
#include "daemon/refusals.h"

namespace passkeyd {

bool Refusals::may_record_of(std::size_t whom, BootTime now) {
  if (!any_ || now - begun_ >= kWindow) {
    any_ = true;
    begun_ = now;
    all_ = 0;
    of_.clear();
  }
  if (all_ >= kMost || of_[whom] >= kMostOfOneUser) return false;
  ++all_;
  ++of_[whom];
  return true;
}

}  // namespace passkeyd
