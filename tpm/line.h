/// Line: the way to the TPM, one command and one answer at a time, and never for longer than its deadline.
/// Our own rather than tpm2-tss's TCTI modules: those block in write(2) on /dev/tpmrm0 for as long as the
/// TPM takes, and load shared objects by name in a process that should be able to do neither.
#pragma once

#include <tss2/tss2_common.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"

namespace passkeyd::tpm {

/// What send() and receive() answer when the deadline has passed. In the TCTI layer's range for codes of an
/// implementation's own (tss2_common.h), so that it comes through ESYS unchanged.
inline constexpr TSS2_RC kDeadlinePassed =
    TSS2_TCTI_RC_LAYER | TSS2_LAYER_IMPLEMENTATION_SPECIFIC_OFFSET | 0x01;

class Line {
 public:
  /// The largest command or answer: TPM2_MAX_COMMAND_SIZE, and what the kernel takes (TPM_BUFSIZE).
  static constexpr std::size_t kMaxBytes = 4096;

  virtual ~Line() = default;

  /// Sends one whole command. TSS2_RC_SUCCESS, TSS2_TCTI_RC_IO_ERROR or kDeadlinePassed.
  virtual TSS2_RC send(ByteView command) = 0;
  /// Waits for the answer to the command sent last and puts it into `answer` (kHeaderBytes to
  /// kMaxBytes bytes). Codes: as send, and TSS2_TCTI_RC_MALFORMED_RESPONSE.
  virtual TSS2_RC receive(Bytes &answer) = 0;
  /// True where closing the line frees the sessions and keys that were made over it (the kernel's resource
  /// manager); false where each has to be flushed by its own command.
  [[nodiscard]] virtual bool frees_on_close() const = 0;
};

/// Every command and answer starts with a tag (2 bytes), its size (4) and a code (4): TPM 2.0 Part 1,
/// "Command/Response Structure".
inline constexpr std::size_t kHeaderBytes = 10;

/// The size that a message of at least kHeaderBytes says it has.
std::size_t announced_size(ByteView message);

using Connect = std::function<Result<std::unique_ptr<Line>>()>;

/// Opens the TPM that the configuration names; sends nothing. `limit`: for everything done over the line,
/// from now on. Two forms of `tcti` are known, written as tpm2-tss writes them:
///   device:/dev/tpmrm0         the kernel's resource manager; /dev/tpm0 works, but belongs to one process
///   swtpm:path=/run/swtpm.sock  the data socket of swtpm (unixio); its control socket is not needed
/// Errors: NotConfigured (another form, or no permission), NoDevice, Busy, Io.
Result<std::unique_ptr<Line>> open_line(const std::string &tcti, std::chrono::milliseconds limit);

/// Lines that are open already, for up to `most` conversations one after the other: for a process that then
/// gives up opening files and sockets. Through the kernel's resource manager each has a line of its own,
/// which frees on close; any other TPM knows only one caller, so there they share one. `limit`: for each,
/// from when it is taken. What could not be opened, as open_line() has it, is said when it is wanted.
Connect lines_ahead(const std::string &tcti, std::size_t most, std::chrono::milliseconds limit);

/// The same over a descriptor that is open already: a TPM device or a stream socket. It is made non-blocking.
/// If a command is still unanswered when the line is closed, a device is left open: closing it would block
/// in the kernel until the TPM answers (flush_work in tpm_common_release), and the caller has a timeout to
/// report first.
std::unique_ptr<Line> line_over(Fd file, bool frees_on_close, std::chrono::milliseconds limit);

}  // namespace passkeyd::tpm
