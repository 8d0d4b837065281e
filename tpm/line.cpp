/// Line over a file descriptor: non-blocking, with poll(2) against one deadline.
#include "tpm/line.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <vector>

namespace passkeyd::tpm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class FileLine final : public Line {
 public:
  FileLine(Fd file, bool frees_on_close, milliseconds limit)
      : file_(std::move(file)), frees_on_close_(frees_on_close), deadline_(steady_clock::now() + limit) {
    struct stat about = {};
    is_socket_ = fstat(file_.get(), &about) == 0 && S_ISSOCK(about.st_mode);
    const int flags = fcntl(file_.get(), F_GETFL);
    if (flags >= 0) fcntl(file_.get(), F_SETFL, flags | O_NONBLOCK);
  }

  ~FileLine() override {
    if (unanswered_ && !is_socket_) static_cast<void>(file_.release());
  }

  TSS2_RC send(ByteView command) override {
    if (command.size() > kMaxBytes) return TSS2_TCTI_RC_BAD_VALUE;
    unanswered_ = true;
    while (!command.empty()) {
      const ssize_t sent = is_socket_ ? ::send(file_.get(), command.data(), command.size(), MSG_NOSIGNAL)
                                      : ::write(file_.get(), command.data(), command.size());
      if (sent > 0) {
        command = command.subspan(static_cast<std::size_t>(sent));
      } else if (sent < 0 && errno == EAGAIN) {
        if (const TSS2_RC code = wait_for(POLLOUT); code != TSS2_RC_SUCCESS) return code;
      } else if (sent == 0 || errno != EINTR) {
        return TSS2_TCTI_RC_IO_ERROR;
      }
    }
    return TSS2_RC_SUCCESS;
  }

  TSS2_RC receive(Bytes &answer) override {
    answer.resize(kMaxBytes);
    std::size_t got = 0;
    std::size_t wanted = kHeaderBytes;
    while (got < wanted) {
      if (const TSS2_RC code = wait_for(POLLIN); code != TSS2_RC_SUCCESS) return code;
      // A device hands over its answer in one read or drops the rest, so it is offered all the room there is;
      // a socket is only asked for what is still missing of this answer.
      const std::size_t room = is_socket_ ? wanted - got : kMaxBytes - got;
      const ssize_t more = ::read(file_.get(), answer.data() + got, room);
      if (more < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (more <= 0) return TSS2_TCTI_RC_IO_ERROR;
      got += static_cast<std::size_t>(more);
      if (got >= kHeaderBytes) wanted = announced_size(answer);
      if (wanted < kHeaderBytes || wanted > kMaxBytes || got > wanted) return TSS2_TCTI_RC_MALFORMED_RESPONSE;
    }
    answer.resize(got);
    unanswered_ = false;
    return TSS2_RC_SUCCESS;
  }

  [[nodiscard]] bool frees_on_close() const override { return frees_on_close_; }

 private:
  /// TSS2_RC_SUCCESS once the descriptor is ready or broken: the read or write that follows tells which.
  TSS2_RC wait_for(short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now()).count();
      if (left <= 0) return kDeadlinePassed;
      pollfd entry = {file_.get(), events, 0};
      const int ready = poll(&entry, 1, static_cast<int>(std::min<long long>(left, INT_MAX)));
      if (ready > 0) return TSS2_RC_SUCCESS;
      if (ready < 0 && errno != EINTR) return TSS2_TCTI_RC_IO_ERROR;
    }
  }

  Fd file_;
  bool frees_on_close_;
  bool is_socket_ = false;
  bool unanswered_ = false;
  steady_clock::time_point deadline_;
};

Error open_error(const std::string &path, int number) {
  Error error = errno_error("open " + path, number);
  if (number == ENOENT || number == ENXIO || number == ENODEV || number == ECONNREFUSED)
    error.kind = ErrorKind::NoDevice;
  if (number == EACCES || number == EPERM) error.kind = ErrorKind::NotConfigured;
  if (number == EBUSY || number == EAGAIN) error.kind = ErrorKind::Busy;
  return error;
}

Result<Fd> open_device(const std::string &path) {
  Fd file(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file) return open_error(path, errno);
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat " + path, errno);
  if (!S_ISCHR(about.st_mode)) return Error{ErrorKind::NotConfigured, path + " is not a device"};
  return file;
}

Result<Fd> open_socket(const std::string &path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{ErrorKind::NotConfigured, "the TPM's socket path is too long"};
  std::copy(path.begin(), path.end(), address.sun_path);
  Fd file(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!file) return errno_error("socket", errno);
  if (::connect(file.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    return open_error(path, errno);
  return file;
}

/// The way to a TPM, open.
struct Way {
  Fd file;
  bool managed = false;  ///< by the kernel's resource manager: each opening is a caller of its own
};

Result<Way> open_way(const std::string &tcti) {
  constexpr std::string_view kDevice = "device:/", kSwtpm = "swtpm:path=/";
  const std::string_view form = tcti;
  Way way;
  if (form.starts_with(kDevice)) {
    const std::string path(form.substr(kDevice.size() - 1));
    way.file = TRY(open_device(path));
    way.managed = path.substr(path.rfind('/') + 1).starts_with("tpmrm");
    return way;
  }
  if (form.starts_with(kSwtpm)) {
    way.file = TRY(open_socket(std::string(form.substr(kSwtpm.size() - 1))));
    return way;
  }
  return Error{ErrorKind::NotConfigured,
               "the TPM is named neither device:/PATH nor swtpm:path=/PATH: \"" + tcti + "\""};
}

/// What lines_ahead() lends from. The last one is kept, to be shared, where the TPM knows only one caller.
struct Stock {
  std::vector<Fd> files;
  bool managed = false;
  Error none = {ErrorKind::Internal, "more conversations with the TPM than were expected"};

  Result<Fd> take() {
    if (files.empty()) return none;
    if (!managed) {
      Fd copy(fcntl(files.back().get(), F_DUPFD_CLOEXEC, 0));
      if (!copy) return errno_error("share the way to the TPM", errno);
      return copy;
    }
    Fd own = std::move(files.back());
    files.pop_back();
    return own;
  }
};

}  // namespace

std::size_t announced_size(ByteView message) {
  return static_cast<std::size_t>(message[2]) << 24 | static_cast<std::size_t>(message[3]) << 16 |
         static_cast<std::size_t>(message[4]) << 8 | message[5];
}

std::unique_ptr<Line> line_over(Fd file, bool frees_on_close, milliseconds limit) {
  return std::make_unique<FileLine>(std::move(file), frees_on_close, limit);
}

Result<std::unique_ptr<Line>> open_line(const std::string &tcti, milliseconds limit) {
  Way way = TRY(open_way(tcti));
  return line_over(std::move(way.file), way.managed, limit);
}

Connect lines_ahead(const std::string &tcti, std::size_t most, milliseconds limit) {
  const auto stock = std::make_shared<Stock>();
  do {
    Result<Way> way = open_way(tcti);
    if (!way && stock->files.empty()) stock->none = way.error();
    if (!way) break;
    stock->managed = way->managed;
    stock->files.push_back(std::move(way->file));
  } while (stock->managed && stock->files.size() < most);
  return [stock, limit]() -> Result<std::unique_ptr<Line>> {
    return line_over(TRY(stock->take()), stock->managed, limit);
  };
}

}  // namespace passkeyd::tpm
