/// The checks of doctor. Each looks at one side of a machine, says what it found, and changes nothing.
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/machine.h"

namespace passkeyd::cli {

Findings check_service_files(const Machine &machine);  ///< unit, bus, polkit, accounts  (service_files.cpp)
Findings check_devices(const Machine &machine);        ///< udev rule, security keys, TPM  (devices.cpp)
Findings check_pam(const Machine &machine);            ///< the stacks of all services  (pam.cpp)
Findings check_sshd(const Machine &machine);           ///< sshd's settings beside its stack  (sshd.cpp)
Findings check_clock(const Machine &machine);          ///< (surroundings.cpp)
Findings check_settings(const Machine &machine);       ///< who may change what holds  (settings.cpp)
Findings check_libraries(const Machine &machine);      ///< (surroundings.cpp)

/// All of them.
Findings check_machine(const Machine &machine);

/// What becomes of PAM's stacks once the module is not there any more; before the package goes.  (pam.cpp)
Findings check_removal(const Machine &machine);

/// A finding that says that `what` could not be looked at.
Finding unseen(const char *check, const std::string &what, const Error &why);

}  // namespace passkeyd::cli
