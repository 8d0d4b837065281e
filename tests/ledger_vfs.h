/// A disk that fails on command. Sits between SQLite and its own VFS ("The SQLite OS Interface"), counts what
/// passes, and at the n-th operation kills the process, cuts the power or runs out of space. The file
/// system calls of the ledger's own (making the file) count too. For child processes: it stays.
#pragma once

namespace passkeyd::test {

enum class Fate {
  Kill,       ///< SIGKILL before the operation, locks and shared memory included
  TornWrite,  ///< a write is half done, then SIGKILL
  PowerCut,   ///< SIGKILL, and whatever was not synced never reached the disk
  TornSync,   ///< the same, while a sync is half done
  Fail,       ///< the operation fails (disk full, I/O error), once
  FailAll,    ///< it fails, and so do all after it
  Dawdle,     ///< nothing fails; the process dawdles now and then where others can get in
};

/// From now on every file SQLite opens is on that disk.
void use_failing_disk(Fate fate);
/// Starts counting; the `n`-th operation from here (from 1) meets its fate. 0: none does.
void arm(int n);
/// Operations since arm().
int operations();

}  // namespace passkeyd::test
