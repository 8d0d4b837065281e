/// Reading names of models.
#include "daemon/model_names.h"

#include <filesystem>

#include "common/account.h"
#include "common/log.h"
#include "daemon/plain_file.h"

namespace passkeyd {
namespace {

constexpr std::size_t kMostBytes = 1024UL * 1024;
constexpr std::size_t kMostNames = 8192;
constexpr std::size_t kMostComplaints = 5;  ///< about one file; more lines would say the same
constexpr std::size_t kAaguidText = 36;
constexpr std::size_t kMaxName = 128;
constexpr const char *kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

bool take_line(ModelNames &names, std::string_view line) {
  const std::optional<Aaguid> aaguid = aaguid_of(line.substr(0, kAaguidText));
  if (!aaguid || line.size() <= kAaguidText ||
      std::string_view(kBlank).find(line[kAaguidText]) == std::string_view::npos)
    return false;
  const std::string_view name = trimmed(line.substr(kAaguidText));
  if (name.empty() || name.size() > kMaxName || !is_printable(name) || names.size() == kMostNames)
    return false;
  names[*aaguid] = name;
  return true;
}

}  // namespace

ModelNames read_model_names(const std::string &path) {
  ModelNames names;
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return names;
  const Result<std::string> text = read_plain_file(path, kMostBytes, Owner::Anybody);
  if (!text) {
    log_line(LogLevel::Warning, "names of models: " + text.error().sentence);
    return names;
  }
  std::size_t number = 0, complaints = 0;
  for (std::string_view rest = text.value(); !rest.empty();) {
    const std::string_view raw = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(raw.size() + 1, rest.size()));
    ++number;
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || take_line(names, line)) continue;
    if (++complaints <= kMostComplaints)
      log_line(LogLevel::Warning,
               path + ":" + std::to_string(number) + ": not \"AAGUID NAME\", and passed over");
  }
  return names;
}

}  // namespace passkeyd
