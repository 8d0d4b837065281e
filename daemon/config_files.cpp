/// Reading the files. libeconf takes them apart, but passes over in silence what a reader would not: a file
/// it may not open, the second of two equal keys, a line that begins with '=' or a zero byte, and (in 0.5) a
/// key that is listed right after one of the same name in another section. A line without '=' lengthens the
/// value before it, and the lines of sections are not kept. So each file's lines are looked through first,
/// and libeconf is asked for exactly what they have.
#include "daemon/config_files.h"

#include <libeconf.h>
#include <libeconf_ext.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "common/account.h"
#include "common/handle.h"
#include "daemon/plain_file.h"

namespace passkeyd {
namespace {

void free_file(econf_file *file) {
  econf_freeFile(file);
}
void free_value(econf_ext_value *value) {
  econf_freeExtValue(value);
}
using ConfigFile = Handle<econf_file, free_file>;
using Value = Handle<econf_ext_value, free_value>;

constexpr std::size_t kMostFiles = 64;
constexpr std::size_t kMostBytes = 65536;  ///< of one file
constexpr std::size_t kMostLine = 4096;    ///< libeconf would cut at 8191
constexpr const char *kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

/// What libeconf will take a line for.
struct Line {
  enum class Kind { Strange, Nothing, Section, Key };
  Kind kind = Kind::Strange;
  std::string_view name = {};
};

Line line_of(std::string_view text) {
  text = trimmed(text.substr(0, text.find('#')));
  if (text.empty()) return {Line::Kind::Nothing};
  if (text.front() == '[') {
    if (text.size() < 3 || text.back() != ']') return {};
    return {Line::Kind::Section, text.substr(1, text.size() - 2)};
  }
  const std::size_t sign = text.find('=');
  const std::string_view name = trimmed(text.substr(0, sign));
  if (sign == std::string_view::npos || name.empty() || name.find_first_of(kBlank) != name.npos) return {};
  return {Line::Kind::Key, name};
}

Status check_bytes(std::string_view line, const std::string &where) {
  if (line.size() > kMostLine)
    return refuse(where, "the line is longer than " + std::to_string(kMostLine) + " bytes");
  std::string shown(trimmed(line));
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  if (!is_printable(shown)) return refuse(where, "the line holds what cannot be shown");
  return Ok{};
}

/// The settings of one file, their values still missing.
Result<std::vector<Setting>> outline_of(const std::string &path) {
  const std::string text = TRY(read_plain_file(path, kMostBytes, Owner::Anybody));
  std::vector<Setting> found;
  std::set<std::pair<std::string, std::string>> seen;
  std::string section;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view raw = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(raw.size() + 1, rest.size()));
    const std::string where = path + ":" + std::to_string(++number);
    TRY(check_bytes(raw, where));
    const Line line = line_of(raw);
    if (line.kind == Line::Kind::Strange)
      return refuse(where, "neither \"key = value\" nor a [section]: " + std::string(trimmed(raw)));
    if (line.kind == Line::Kind::Nothing) continue;
    if (line.kind == Line::Kind::Section) {
      section = line.name;
      found.push_back({section, {}, {}, where});
      continue;
    }
    std::string key(line.name);
    if (!seen.emplace(section, key).second) return refuse(where, key + ": is set a second time in this file");
    found.push_back({section, std::move(key), {}, where});
  }
  return found;
}

Status fill_in_values(const std::string &path, std::vector<Setting> &settings) {
  econf_file *held = nullptr;
  const econf_err failed = econf_readFile(&held, path.c_str(), "=", "#");
  const ConfigFile file(held);
  if (failed != ECONF_SUCCESS) {
    char *last = nullptr;
    std::uint64_t line = 0;
    econf_errLocation(&last, &line);
    std::free(last);
    return refuse(path + ":" + std::to_string(line), econf_errString(failed));
  }
  for (Setting &setting : settings) {
    if (setting.key.empty()) continue;
    econf_ext_value *found = nullptr;
    const char *section = setting.section.empty() ? nullptr : setting.section.c_str();
    const econf_err missing = econf_getExtValue(file.get(), section, setting.key.c_str(), &found);
    const Value value(found);
    if (missing != ECONF_SUCCESS || value->values == nullptr)
      return refuse(setting.where, setting.key + ": " + econf_errString(missing));
    if (value->values[0] != nullptr) setting.value = value->values[0];
  }
  return Ok{};
}

/// The drop-ins of one directory, by name; those found before are replaced.
Status add_drop_ins(const std::string &directory, std::map<std::string, std::string> &by_name) {
  const std::string place = directory + "/passkeyd.conf.d";
  std::error_code failed;
  std::filesystem::directory_iterator each(place, failed);
  if (failed == std::errc::no_such_file_or_directory) return Ok{};
  for (; !failed && each != std::filesystem::directory_iterator(); each.increment(failed)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(".conf")) continue;
    if (!is_printable(name)) return refuse(place, "the name of a file in it cannot be shown");
    by_name[name] = place + "/" + name;
    if (by_name.size() > kMostFiles)
      return refuse(place, "more than " + std::to_string(kMostFiles) + " files");
  }
  if (failed) return refuse(place, "cannot be read: " + failed.message());
  return Ok{};
}

/// lstat: a link that leads nowhere is there, and is refused when it is opened.
bool is_there(const std::string &path) {
  struct stat about = {};
  return lstat(path.c_str(), &about) == 0 || errno != ENOENT;
}

Result<std::vector<std::string>> files_of(const std::string &directory, const std::string &vendor) {
  std::vector<std::string> files;
  for (const std::string &place : {directory, vendor}) {
    const std::string main = place + "/passkeyd.conf";
    if (files.empty() && is_there(main)) files.push_back(main);
  }
  std::map<std::string, std::string> drop_ins;
  TRY(add_drop_ins(vendor, drop_ins));
  TRY(add_drop_ins(directory, drop_ins));
  for (const auto &[name, path] : drop_ins) files.push_back(path);
  return files;
}

}  // namespace

Error refuse(const std::string &where, const std::string &reason) {
  return {ErrorKind::NotConfigured, where + ": " + reason};
}

Result<std::vector<Setting>> read_settings(const std::string &directory, const std::string &vendor) {
  std::vector<Setting> all;
  for (const std::string &path : TRY(files_of(directory, vendor))) {
    std::vector<Setting> settings = TRY(outline_of(path));
    TRY(fill_in_values(path, settings));
    std::move(settings.begin(), settings.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace passkeyd
