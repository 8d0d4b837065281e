/// Preload: for test programs that are to see mocked USB ports themselves, in their own process.
#pragma once

namespace passkeyd::mockusb {

/// Makes sure that this process runs under umockdev's preload library, if need be by starting its program
/// anew with the same arguments. Call first in main, before any thread; returns only when it is so. Without a
/// testbed the library changes nothing; MockUsb::make() gives this process its testbed. Exits with 125 if it
/// cannot be.
void run_under_preload(char **argv);

}  // namespace passkeyd::mockusb
