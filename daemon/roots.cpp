/// Reading *.pem.
#include "daemon/roots.h"

#include <algorithm>
#include <filesystem>

#include "daemon/config_files.h"
#include "daemon/plain_file.h"
#include "webauthn/certificate.h"

namespace passkeyd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 256;
constexpr std::size_t kMostBytes = 1024UL * 1024;  ///< of one file

/// In a directory that others can write to, they choose whom to trust. `failed`: it is not there, or a fault.
bool others_may_write(const std::string &directory, std::error_code &failed) {
  constexpr fs::perms kOthers = fs::perms::group_write | fs::perms::others_write;
  return (fs::status(directory, failed).permissions() & kOthers) != fs::perms::none;
}

}  // namespace

Result<std::vector<Bytes>> read_roots(const std::string &directory) {
  std::error_code failed;
  fs::directory_iterator each(directory, failed);
  if (failed == std::errc::no_such_file_or_directory) return std::vector<Bytes>();
  std::vector<std::string> files;
  for (; !failed && each != fs::directory_iterator(); each.increment(failed)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".pem")) continue;
    files.push_back(each->path().string());
    if (files.size() > kMostFiles) return refuse(directory, "holds too many files");
  }
  const bool open_to_others = !failed && others_may_write(directory, failed);
  if (failed) return refuse(directory, "cannot be read: " + failed.message());
  if (open_to_others) return refuse(directory, "others than root may write to it");
  std::ranges::sort(files);
  std::vector<Bytes> roots;
  for (const std::string &file : files) {
    std::vector<Bytes> found = TRY(read_root_file(file));
    std::ranges::move(found, std::back_inserter(roots));
    if (roots.size() > kMaxRoots) return refuse(directory, "holds too many certificates");
  }
  return roots;
}

Result<std::vector<Bytes>> read_root_file(const std::string &file) {
  const std::string text = TRY(read_plain_file(file, kMostBytes, Owner::RootAlone));
  Result<std::vector<Bytes>> found = certificates_of_pem(text);
  if (!found) return refuse(file, found.error().sentence);
  return found;
}

}  // namespace passkeyd
