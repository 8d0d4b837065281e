/// Reading PAM files. They are root's, but a mistake in one must not take doctor down: depth and size are
/// bounded.
#include "cli/doctor/pam_stack.h"

#include <algorithm>
#include <utility>

#include "client/printable.h"

namespace passkeyd::cli {
namespace {

constexpr int kMostDepth = 16;  ///< includes within includes; libpam's own bound is of this size
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kMostTroubles = 32;
constexpr const char *kFolders[] = {"/etc/pam.d", "/usr/lib/pam.d"};

std::optional<PamGroup> group_of(std::string word) {
  if (word.starts_with('-')) word.erase(0, 1);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (word == "auth") return PamGroup::Auth;
  if (word == "account") return PamGroup::Account;
  if (word == "password") return PamGroup::Password;
  if (word == "session") return PamGroup::Session;
  return std::nullopt;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

/// Words of a line; one that begins with '[' goes on to the next ']' that has no backslash before it.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    if (line.empty()) return words;
    std::size_t end = 0;
    if (line.front() == '[') {
      while (end < line.size() && (line[end] != ']' || line[end - 1] == '\\')) ++end;
      end = std::min(end + 1, line.size());
    } else {
      while (end < line.size() && !is_space(line[end])) ++end;
    }
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// A line with what a backslash at its end adds to it, without comments.
struct Line {
  unsigned number;
  std::string text;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  unsigned number = 0;
  bool goes_on = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    line = line.substr(0, line.find('#'));
    if (!goes_on) lines.push_back({number, {}});
    goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    lines.back().text += std::string(line) + " ";
  }
  return lines;
}

class Reader {
 public:
  explicit Reader(const Machine &machine) : machine_(machine) {}

  /// False: there is no such file.
  bool read(const std::string &service, std::optional<PamGroup> only, int depth,
            std::array<std::vector<PamEntry>, 4> &into) {
    for (const char *folder : kFolders) {
      const std::string path = service.starts_with('/') ? service : std::string(folder) + "/" + service;
      const Result<std::string> text = machine_.read(path);
      if (!text && text.error().kind == ErrorKind::NotFound) continue;
      if (!text)
        trouble(text.error().sentence);
      else
        for (const Line &line : lines_of(text.value()))
          take({path, line.number}, words_of(line.text), only, depth, into);
      return true;
    }
    return false;
  }

  PamStack stack;

 private:
  struct Place {
    std::string file;
    unsigned line;
  };

  void trouble(std::string what) {
    if (stack.troubles.size() < kMostTroubles) stack.troubles.push_back(printable(what, 512));
  }
  void trouble(const Place &place, const std::string &what) {
    trouble(place.file + ":" + std::to_string(place.line) + ": " + what);
  }

  void take(const Place &place, const std::vector<std::string> &words, std::optional<PamGroup> only,
            int depth, std::array<std::vector<PamEntry>, 4> &into) {
    if (words.empty()) return;
    if (words[0] == "@include") return include(place, words.size() > 1 ? words[1] : "", only, depth, into);
    const std::optional<PamGroup> group = group_of(words[0]);
    if (!group) return trouble(place, "'" + words[0] + "' is no group of PAM");
    if (only && *only != *group) return;
    if (words.size() < 3) return trouble(place, "the line has no module");
    if (words[1] == "include") return include(place, words[2], group, depth, into);
    if (++count_ > kMostEntries) return trouble(place, "there are too many lines");
    PamEntry entry{
        printable(place.file, 255), place.line, words[1], words[2], {words.begin() + 3, words.end()}};
    if (words[1] == "substack") {
      std::array<std::vector<PamEntry>, 4> inner;
      include(place, words[2], group, depth, inner);
      entry.module.clear();
      entry.inner = std::move(inner.at(static_cast<std::size_t>(*group)));
    }
    into.at(static_cast<std::size_t>(*group)).push_back(std::move(entry));
  }

  void include(const Place &place, const std::string &name, std::optional<PamGroup> only, int depth,
               std::array<std::vector<PamEntry>, 4> &into) {
    stack.included.insert(name);
    // Counted as well: of files that include each other there are more with every step down.
    if (depth == kMostDepth || ++count_ > kMostEntries)
      return trouble(place, "files include each other too deeply");
    if (!read(name, only, depth + 1, into)) trouble(place, "there is no file '" + name + "' to include");
  }

  const Machine &machine_;
  std::size_t count_ = 0;
};

void flatten(const std::vector<PamEntry> &entries, std::vector<const PamEntry *> &into) {
  for (const PamEntry &entry : entries) {
    if (!entry.module.empty()) into.push_back(&entry);
    flatten(entry.inner, into);
  }
}

}  // namespace

std::string_view PamEntry::name() const {
  return std::string_view(module).substr(module.find_last_of('/') + 1);
}

std::optional<PamStack> read_pam_stack(const Machine &machine, const std::string &service) {
  Reader reader(machine);
  if (!reader.read(service, std::nullopt, 0, reader.stack.groups)) return std::nullopt;
  return std::move(reader.stack);
}

Result<std::vector<std::string>> pam_services(const Machine &machine) {
  std::set<std::string> names;
  for (const char *folder : kFolders) {
    const Result<std::vector<std::string>> found = machine.list(folder);
    if (!found && found.error().kind != ErrorKind::NotFound) return found.error();
    if (found) names.insert(found->begin(), found->end());
  }
  // What package managers and editors leave behind is no service of anybody's.
  std::erase_if(names, [](const std::string &name) {
    return name.starts_with('.') || name.ends_with('~') || name.find(".dpkg-") != std::string::npos ||
           name.ends_with(".rpmnew") || name.ends_with(".rpmsave") || name.ends_with(".pam-old");
  });
  return std::vector<std::string>(names.begin(), names.end());
}

std::vector<const PamEntry *> flattened(const std::vector<PamEntry> &entries) {
  std::vector<const PamEntry *> all;
  flatten(entries, all);
  return all;
}

bool has_our_line(const PamStack &stack, PamGroup group) {
  const std::vector<const PamEntry *> lines = flattened(stack.of(group));
  return std::any_of(lines.begin(), lines.end(), [](const PamEntry *line) { return line->is_ours(); });
}

}  // namespace passkeyd::cli
