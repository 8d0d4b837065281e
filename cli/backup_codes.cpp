/// passkeyctl backup-codes: make new backup codes and show them once.
#include "cli/backup_codes.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/code_sheet.h"
#include "cli/face.h"
#include "cli/qr.h"
#include "client/terminal.h"
#include "cli/user_option.h"
#include "cli/verb.h"
#include "client/account_check.h"
#include "client/printable.h"

namespace passkeyd::cli {
namespace {

struct Options {
  std::string user;
  bool yes = false;
  CodeForm form;
};

std::string question_about(const UserName &user, std::optional<std::uint32_t> left) {
  const std::string whose = printable(user.str(), UserName::kMaxBytes);
  const std::string have =
      !left ? whose + " may have backup codes"
            : whose + " has " + std::to_string(*left) + (*left == 1 ? " backup code" : " backup codes");
  return have + " left. New ones make all earlier ones void. Make them? [y/N] ";
}

/// Ok: nothing would be lost, or the person agrees.
ExitCode ask_first(Bus &bus, const UserName &user, Patience &patience) {
  const Result<AccountState> state = check_account(bus, user, patience);
  if (!state) return report(state.error());
  if (state->codes_left == 0) return ExitCode::Ok;
  switch (ask_consent(question_about(user, state->codes_left))) {
    case Consent::Given:
      return ExitCode::Ok;
    case Consent::NobodyThere:
      std::fprintf(
          stderr,
          "passkeyctl: new backup codes make the earlier ones void, and there is no terminal to ask on; "
          "--yes goes on without\n");
      return ExitCode::Usage;
    case Consent::Refused:
      break;
  }
  return report({ErrorKind::Cancelled, "the earlier backup codes stay as they are"});
}

/// The QR code last: without it, the codes are still there to read.
Status show(const CodeSet &set, const UserName &user, const CodeForm &form) {
  Output output;
  if (form.page) {
    put_page(set, user, output);
    return output.finish();
  }
  put_codes(set, output);
  TRY(output.finish());
  std::fputs(kAboutCodes, stderr);
  if (!form.qr) return Ok{};
  const Status drawn =
      draw_qr(set.text(), Output::is_terminal() ? Ink::Coloured : Ink::Plain, Output::columns(), output);
  if (!drawn) std::fprintf(stderr, "passkeyctl: %s\n", drawn.error().sentence.c_str());
  return output.finish();
}

ExitCode renew(const Options &options) {
  const Result<UserName> user = user_of(options.user);
  if (!user) return report(user.error());
  return with_authority(Patience(std::chrono::minutes(5)), [&](Bus &bus, Patience &patience) {
    if (!options.yes)
      if (const ExitCode asked = ask_first(bus, user.value(), patience); asked != ExitCode::Ok) return asked;
    return hand_out_codes(bus, user.value(), options.form, patience);
  });
}

}  // namespace

ExitCode hand_out_codes(Bus &bus, const UserName &user, const CodeForm &form, Patience &patience) {
  const Result<CodeSet> set = new_backup_codes(bus, user, patience);
  if (!set) return report(set.error());
  const Status shown = show(set.value(), user, form);
  if (shown) return ExitCode::Ok;
  const ExitCode code = report(shown.error());
  std::fprintf(stderr,
               "passkeyctl: the new backup codes hold though nobody has read all of them: make new ones\n");
  return code;
}

void add_form_options(CLI::App &command, CodeForm &form) {
  CLI::Option *page =
      command.add_flag("--print", form.page, "Backup codes as a page for a printer: ... --print | lpr");
  command.add_flag("--qr", form.qr, "Backup codes also as a QR code, for a telephone's camera")
      ->excludes(page);
}

Run declare_backup_codes(CLI::App &command) {
  const auto options = std::make_shared<Options>();
  add_user_option(command, options->user);
  add_form_options(command, options->form);
  command.add_flag("--yes", options->yes, "Do not ask before the earlier ones become void");
  return [options] { return renew(*options); };
}

}  // namespace passkeyd::cli
