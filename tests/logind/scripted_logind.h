/// ScriptedLogind: the program tests/logind/logind (the environment's LOGIND), started and followed by a
/// test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace passkeyd::test {

class ScriptedLogind {
 public:
  /// Owns logind's name when constructed. `table`: the text of tests/logind/table.h's form.
  explicit ScriptedLogind(const std::string &table, uid_t uid = 0);
  ~ScriptedLogind();
  ScriptedLogind(const ScriptedLogind &) = delete;
  ScriptedLogind &operator=(const ScriptedLogind &) = delete;

  /// Has been read when this returns, and what was held is answered.
  void set(const std::string &table);
  /// Where its lines come out.
  [[nodiscard]] int output() const { return output_; }
  /// The methods that were called since the last time, as far as it has said so.
  std::vector<std::string> calls();

 private:
  void await(const std::string &line);
  std::string take_line();
  void fill();

  pid_t pid_ = -1;
  int output_ = -1;
  std::string read_;  ///< not yet taken
  std::vector<std::string> calls_;
};

}  // namespace passkeyd::test
