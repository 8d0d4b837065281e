/// passkeyctl metadata: what the FIDO Alliance says of models of security keys: taking a new file, and what
/// is in force.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/face.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "client/metadata.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string file;
  bool json = false;
};

/// "-" is standard input.
Result<Fd> open_metadata(const std::string &path) {
  Fd file(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return errno_error("open " + printable(path, 255), errno);
  return copy_of_metadata(file);
}

void print(const MetadataSummary &summary, bool json) {
  if (json) {
    const nlohmann::json all = {{"number", summary.number},
                                {"next_update", summary.next_update},
                                {"models", summary.models},
                                {"recalled", summary.recalled},
                                {"flagged", summary.flagged}};
    std::printf("%s\n", all.dump(2).c_str());
    return;
  }
  Table table({});
  table.add({"number:", std::to_string(summary.number)});
  table.add({"next update:", summary.next_update});
  table.add({"models:", std::to_string(summary.models)});
  table.add({"recalled models:", std::to_string(summary.recalled)});
  table.add({"enrolled passkeys of those:", std::to_string(summary.flagged)});
  std::fputs(table.text().c_str(), stdout);
  if (summary.flagged > 0) std::printf("\nWhose they are: passkeyctl doctor --people\n");
}

/// The sentences for the service's troubles speak of devices; this is about a file.
ExitCode refuse(const Options &options, const Error &error) {
  if (error.kind != ErrorKind::Malformed && error.kind != ErrorKind::InvalidInput) return report(error);
  std::fprintf(stderr,
               "passkeyctl: %s is not taken: no FIDO Metadata (MDS3), damaged, or older than what is here. (%s)\n",
               options.file == "-" ? "standard input" : printable(options.file, 255).c_str(),
               printable(error.sentence, 512).c_str());
  return ExitCode::Unavailable;
}

ExitCode import_file(const Options &options) {
  const Result<Fd> copy = open_metadata(options.file);
  if (!copy) {
    std::fprintf(stderr, "passkeyctl: %s\n", printable(copy.error().sentence, 512).c_str());
    return ExitCode::Unavailable;
  }
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    const Result<MetadataSummary> summary = import_metadata(bus, copy.value(), patience);
    if (!summary) return refuse(options, summary.error());
    print(summary.value(), options.json);
    return ExitCode::Ok;
  });
}

ExitCode show_status(bool json) {
  return with_bus(Patience(std::chrono::minutes(1)), [json](Bus &bus, Patience &patience) {
    const Result<std::optional<MetadataInForce>> found = metadata_in_force(bus, patience);
    if (!found) return report(found.error());
    const std::optional<MetadataInForce> &metadata = found.value();
    if (json) {
      nlohmann::json all = {{"number", nullptr}, {"next_update", nullptr}};
      if (metadata) all = {{"number", metadata->number}, {"next_update", metadata->next_update}};
      std::printf("%s\n", all.dump(2).c_str());
    } else if (metadata) {
      std::printf("Number %lld; a newer one is out by %s.\n", static_cast<long long>(metadata->number),
                  metadata->next_update.c_str());
    } else {
      std::printf("None: recalled models are not recognized.\n");
    }
    return ExitCode::Ok;
  });
}

}  // namespace

Run declare_metadata(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  command.require_subcommand(1);
  CLI::App *import = command.add_subcommand("import", "Take a file in place of what there is");
  CLI::App *status = command.add_subcommand("status", "Show what is in force");
  import
      ->add_option("FILE", options->file, "A BLOB of the FIDO Metadata Service (MDS3); - for standard input")
      ->required()
      ->type_name("");
  for (CLI::App *each : {import, status})
    each->add_flag("--json", options->json, "For programs: a JSON object");
  return [options, import] { return import->parsed() ? import_file(*options) : show_status(options->json); };
}

}  // namespace passkeyd::cli
