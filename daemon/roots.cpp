/// Reading *.pem.
#include "daemon/roots.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <filesystem>

#include "common/handle.h"
#include "common/log.h"

namespace passkeyd {
namespace {

namespace fs = std::filesystem;
using Certificate = Handle<X509, X509_free>;
using File = Handle<BIO, BIO_free_all>;

void append(std::vector<Bytes> &roots, const fs::path &path) {
  const File file(BIO_new_file(path.c_str(), "re"));
  const std::size_t before = roots.size();
  while (file && roots.size() < kMostRoots) {
    const Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    unsigned char *der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    if (size <= 0) break;
    roots.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  if (roots.size() == before)
    log_line(LogLevel::Warning, log_safe(path.string()) + ": no certificate could be read from it");
}

}  // namespace

Result<std::vector<Bytes>> read_roots(const std::string &directory) {
  std::error_code failed;
  std::vector<fs::path> files;
  fs::directory_iterator at(directory, failed);
  if (failed == std::errc::no_such_file_or_directory) return std::vector<Bytes>();
  for (; !failed && at != fs::directory_iterator() && files.size() < kMostRootFiles; at.increment(failed)) {
    std::error_code unknown;  // a file that vanished is no file
    const bool small = at->is_regular_file(unknown) && at->file_size(unknown) <= kLongestRootFile && !unknown;
    if (small && at->path().extension() == ".pem") files.push_back(at->path());
  }
  if (failed) return errno_error("read " + directory, failed.value());
  std::ranges::sort(files);
  std::vector<Bytes> roots;
  for (const fs::path &file : files) append(roots, file);
  return roots;
}

}  // namespace passkeyd
