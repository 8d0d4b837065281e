/// Going through the chain.
#include "cli/audit_verify.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/audit_pages.h"
#include "cli/face.h"
#include "cli/table.h"

namespace passkeyd::cli {
namespace {

constexpr std::size_t kHexDigits = 64;  ///< of a SHA-256

/// What became of a head noted earlier.
struct NotedHead {
  std::optional<std::int64_t> number = {};  ///< the record that has it
};

/// Looks for the record with this hash. The daemon's word that the chain is whole ties it to all before and
/// after.
Result<NotedHead> look_for(Bus &bus, const std::string &head, Patience &patience) {
  NotedHead found;
  const TakePage look = [&](std::span<const AuditLine> page) -> Status {
    for (const AuditLine &line : page)
      if (line.hash == head) found.number = line.number;
    return Ok{};
  };
  TRY(read_audit(bus, {}, look, patience));
  return found;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void print_table(const ChainReport &chain, const std::string &head, const NotedHead &noted) {
  Table table({});
  table.add({"records:", std::to_string(chain.rows)});
  table.add({"the first:", std::to_string(chain.first)});
  if (chain.pruned > 0) table.add({"let go before it:", std::to_string(chain.pruned)});
  table.add({"head:", chain.head});
  table.add({"chain:", chain.first_bad ? "BROKEN at record " + std::to_string(*chain.first_bad) +
                                             ": it was altered, or is missing"
                                       : "whole"});
  if (!head.empty())
    table.add(
        {"noted head:", noted.number ? "that of record " + std::to_string(*noted.number)
                        : chain.pruned > 0
                            ? "NOT IN THE CHAIN: of a record that was let go, or the chain is another one"
                            : "NOT IN THE CHAIN: the chain is another one"});
  std::fputs(table.text().c_str(), stdout);
}

void print_json(const ChainReport &chain, const std::string &head, const NotedHead &noted) {
  nlohmann::json all = {
      {"rows", chain.rows}, {"first", chain.first}, {"pruned", chain.pruned}, {"head", chain.head}};
  all["first_bad"] = chain.first_bad ? nlohmann::json(*chain.first_bad) : nlohmann::json();
  if (!head.empty()) all["noted_head"] = noted.number ? nlohmann::json(*noted.number) : nlohmann::json();
  std::printf("%s\n", all.dump(2).c_str());
}

}  // namespace

ExitCode verify_chain(const VerifyOrder &order) {
  return with_authority(Patience(std::chrono::hours(1)), [&](Bus &bus, Patience &patience) {
    const Result<ChainReport> chain = verify_audit(bus, patience);
    if (!chain) return report(chain.error());
    const std::string head = lower(order.head);
    NotedHead noted;
    if (!head.empty()) {
      const Result<NotedHead> found = look_for(bus, head, patience);
      if (!found) return report(found.error());
      noted = found.value();
    }
    (order.json ? print_json : print_table)(chain.value(), head, noted);
    const bool whole = !chain->first_bad && (head.empty() || noted.number);
    return whole ? ExitCode::Ok : ExitCode::Broken;
  });
}

std::string check_head(const std::string &head) {
  const bool hex = head.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  return hex && head.size() == kHexDigits ? "" : "must have 64 hexadecimal digits";
}

}  // namespace passkeyd::cli
