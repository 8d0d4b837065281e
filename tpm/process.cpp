/// The few calls that keep secrets inside.
#include "tpm/process.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>

namespace passkeyd::tpm {

void harden_process() {
  setenv("TSS2_LOG", "all+NONE", 1);
  mallopt(M_PERTURB, 0xa5);
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // With a finite limit, MCL_FUTURE would make later allocations fail once it is reached.
  rlimit locked = {};
  if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY)
    mlockall(MCL_CURRENT | MCL_FUTURE);
}

}  // namespace passkeyd::tpm
