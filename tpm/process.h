/// Process: what a process must do before it holds a PIN or speaks to the TPM. Called once, first thing in
/// main(), while there is one thread.
#pragma once

namespace passkeyd::tpm {

/// Makes this process keep its secrets to itself:
/// - tpm2-tss logs nothing (TSS2_LOG=all+NONE): at its TRACE level it would print authorization values;
/// - freed heap memory is overwritten (M_PERTURB, mallopt(3)): ESYS frees its copies without wiping them;
/// - no core dump, no ptrace by the same user (PR_SET_DUMPABLE, RLIMIT_CORE);
/// - memory is locked, where the process may lock all it is ever going to need (RLIMIT_MEMLOCK unlimited).
/// Nothing of this can fail in a way that a caller could mend, so nothing is reported.
void harden_process();

}  // namespace passkeyd::tpm
