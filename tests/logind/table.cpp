/// Reading the table, and finding processes in it.
#include "tests/logind/table.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace passkeyd::test::logind {
namespace {

using Words = std::map<std::string, std::string>;

pid_t parent_of(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("PPid:")) return static_cast<pid_t>(std::stoi(line.substr(5)));
  return 0;
}

Processes read_processes(const std::string &text) {
  Processes processes;
  std::istringstream numbers(text);
  for (std::string number; std::getline(numbers, number, ',');) {
    if (number == "*")
      processes.all_others = true;
    else
      (number.ends_with('+') ? processes.with_descendants : processes.alone).insert(std::stoi(number));
  }
  return processes;
}

std::string take(Words &words, const std::string &key, const std::string &otherwise) {
  const auto node = words.extract(key);
  return node ? node.mapped() : otherwise;
}

bool yes(const std::string &word) {
  if (word != "yes" && word != "no") throw std::invalid_argument("neither yes nor no");
  return word == "yes";
}

/// The rest of a line. Every key must be known to whoever reads it, so the caller checks that nothing is
/// left.
Words read_words(std::istringstream &line) {
  Words words;
  for (std::string word; line >> word;) {
    const auto sign = word.find('=');
    if (sign == std::string::npos) throw std::invalid_argument("not KEY=VALUE");
    words[word.substr(0, sign)] = word.substr(sign + 1);
  }
  return words;
}

Session read_session(Words &words, std::size_t number) {
  const Session usual;
  return {take(words, "id", std::to_string(number)), static_cast<uid_t>(std::stoul(take(words, "uid", ""))),
          read_processes(take(words, "pid", "")),    yes(take(words, "remote", "no")),
          yes(take(words, "active", "yes")),         take(words, "state", usual.state),
          take(words, "class", usual.user_class),    take(words, "seat", usual.seat),
          take(words, "service", usual.service),     take(words, "type", usual.type)};
}

void read_line(Table &table, const std::string &kind, std::istringstream &line) {
  const std::map<std::string, Manner> manners = {{"hang", Manner::Hang},
                                                 {"hold", Manner::Hold},
                                                 {"refuse", Manner::Refuse},
                                                 {"nonsense", Manner::Nonsense}};
  if (kind == "session" || kind == "user") {
    Words words = read_words(line);
    if (kind == "session")
      table.sessions.push_back(read_session(words, table.sessions.size() + 1));
    else
      table.managers.push_back(
          {static_cast<uid_t>(std::stoul(take(words, "uid", ""))), read_processes(take(words, "pid", ""))});
    if (!words.empty()) throw std::invalid_argument("unknown key");
    return;
  }
  std::string word;
  line >> word;
  if (manners.contains(kind))
    table.manners[word] = manners.at(kind);
  else if (kind == "lack")
    table.lacking.insert(word);
  else if (kind == "mistype")
    table.mistyped.insert(word);
  else if (kind == "turn")
    table.turning = true;
  else if (kind == "crowd")
    table.crowd = static_cast<unsigned>(std::stoul(word));
  else if (kind == "slow")
    table.delay = std::stoul(word);
  else
    throw std::invalid_argument("unknown word");
}

template <class Row>
const Row *row_of(const std::vector<Row> &rows, pid_t process, bool by_star) {
  const auto found = std::ranges::find_if(
      rows, [&](const Row &row) { return by_star ? row.processes.all_others : row.processes.name(process); });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

bool Processes::name(pid_t process) const {
  if (alone.contains(process)) return true;
  for (; process > 0; process = parent_of(process))
    if (with_descendants.contains(process)) return true;
  return false;
}

const Session *Table::session_of(pid_t process) const {
  if (const Session *named = row_of(sessions, process, false)) return named;
  return row_of(managers, process, false) != nullptr ? nullptr : row_of(sessions, process, true);
}

const UserManager *Table::manager_of(pid_t process) const {
  if (const UserManager *named = row_of(managers, process, false)) return named;
  return row_of(managers, process, true);
}

Table read_table(const std::string &path) {
  Table table;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text.substr(0, text.find('#')));
    std::string kind;
    if (!(line >> kind)) continue;
    try {
      read_line(table, kind, line);
    } catch (const std::logic_error &problem) {  // what stoi and friends throw, too
      throw std::runtime_error(path + ": '" + text + "': " + problem.what());
    }
  }
  return table;
}

}  // namespace passkeyd::test::logind
