/// passkeyctl export: everything this machine knows, as a signed file for a safe place.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "cli/face.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "client/transfer.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string file;  ///< empty: standard output
  bool force = false;
};

/// A file that appears whole or not at all, for its owner only.
class WholeFile {
 public:
  /// Errors: AlreadyExists, StorageFull, Io.
  static Result<WholeFile> begin(const std::string &path, bool replace) {
    if (!replace && access(path.c_str(), F_OK) == 0)
      return Error{ErrorKind::AlreadyExists, path + " exists: choose another name, or --force"};
    std::string name = path + ".XXXXXX";
    Fd file(mkostemp(name.data(), O_CLOEXEC));  // 0600
    if (!file) return errno_error("create a file beside " + path, errno);
    return WholeFile(path, std::move(name), std::move(file), replace);
  }
  WholeFile(WholeFile &&other) noexcept
      : path_(std::move(other.path_)),
        name_(std::exchange(other.name_, {})),
        file_(std::move(other.file_)),
        replace_(other.replace_) {}
  WholeFile &operator=(WholeFile &&) = delete;
  ~WholeFile() {
    if (!name_.empty()) unlink(name_.c_str());
  }

  [[nodiscard]] int number() const { return file_.get(); }

  /// Now it appears. Errors: AlreadyExists, Io.
  Status finish() {
    if (fsync(file_.get()) != 0) return errno_error("write " + path_, errno);
    const unsigned flags = replace_ ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, path_.c_str(), flags) != 0) {
      if (errno == EEXIST) return Error{ErrorKind::AlreadyExists, path_ + " exists by now"};
      return errno_error("create " + path_, errno);
    }
    name_.clear();
    return Ok{};
  }

 private:
  WholeFile(std::string path, std::string name, Fd file, bool replace)
      : path_(std::move(path)), name_(std::move(name)), file_(std::move(file)), replace_(replace) {}
  std::string path_;
  std::string name_;  ///< what it is called until then; empty: it has appeared
  Fd file_;
  bool replace_;
};

Status copy(const Fd &from, int to) {
  std::array<char, 64UL * 1024> piece{};
  for (;;) {
    const ssize_t got = read(from.get(), piece.data(), piece.size());
    if (got < 0) return errno_error("read the export", errno);
    if (got == 0) return Ok{};
    for (std::string_view left(piece.data(), static_cast<std::size_t>(got)); !left.empty();) {
      const ssize_t written = write(to, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno_error("write the export", errno);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

/// What could not be done about a file, in our own words: those for the service's troubles do not fit.
ExitCode complain(const Error &error) {
  std::fprintf(stderr, "passkeyctl: %s\n", error.sentence.c_str());
  return error.kind == ErrorKind::AlreadyExists ? ExitCode::Usage : ExitCode::Unavailable;
}

ExitCode write_down(const Options &options, const ExportedFile &made) {
  if (options.file.empty()) {
    const Status copied = copy(made.file, STDOUT_FILENO);
    if (!copied) return complain(copied.error());
  } else {
    Result<WholeFile> file = WholeFile::begin(options.file, options.force);
    if (!file) return complain(file.error());
    const Status copied = copy(made.file, file->number());
    const Status finished = copied ? file->finish() : copied;
    if (!finished) return complain(finished.error());
  }
  std::fprintf(
      stderr,
      "Signed by %s.\n"
      "Note this down in another place than the file: an import on another machine, or on this one\n"
      "once it was set up anew, asks for it. Backup codes and the keys in this computer's TPM are not\n"
      "part of an export: they must be made anew there.\n",
      made.signer.c_str());
  return ExitCode::Ok;
}

ExitCode run(const Options &options) {
  if (options.file.empty() && Output::is_terminal()) {
    std::fprintf(stderr, "passkeyctl: an export is a file: give it a name, or send it on with '>' or '|'\n");
    return ExitCode::Usage;
  }
  if (!options.file.empty() && !options.force && access(options.file.c_str(), F_OK) == 0)
    return complain({ErrorKind::AlreadyExists, options.file + " exists: choose another name, or --force"});
  return with_authority(Patience(std::chrono::minutes(15)), [&](Bus &bus, Patience &patience) {
    const Result<ExportedFile> made = export_everything(bus, patience);
    return made ? write_down(options, made.value()) : report(made.error());
  });
}

}  // namespace

Run declare_export(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  command.add_option("FILE", options->file, "Where to; without it, standard output");
  command.add_flag("--force", options->force, "Replace FILE if it exists");
  return [options] { return run(*options); };
}

}  // namespace passkeyd::cli
