#include "cli/disconnect.h"

#include <ostream>

#include "base/text.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "connect/life/deletion.h"

namespace farthing::cli {
namespace {

using connect::DataFate;
using connect::Ending;

void PrintLeftInAws(const Ending& ending, CliContext& context) {
  if (context.format != "table") {
    Records records{{"aws_command"}, {}};
    for (const std::string& command : ending.aws_commands) records.rows.push_back({command});
    PrintRecords(records, context);
    return;
  }
  if (!ending.aws_commands.empty()) context.out << "what is left in AWS, for you to delete:\n";
  for (const std::string& command : ending.aws_commands) context.out << "  " << command << '\n';
}

void SayShared(const Ending& ending, CliContext& context) {
  if (ending.shared.empty()) return;
  context.err << "note: kept, because another connection brings it too: "
              << Join(ending.shared, ", ") << '\n';
}

void PrintBelongings(const std::vector<connect::Belonging>& belongings, CliContext& context) {
  Records records{{"fate", "what", "detail"}, {}};
  for (const connect::Belonging& one : belongings) {
    records.rows.push_back({one.goes ? "deleted" : "stays", one.what, one.detail});
  }
  PrintRecords(records, context);
}

Error NotMeant(const std::string& what) {
  return Error(Errc::kInvalidArgument, what + " and cannot be undone").Hint("say --yes");
}

Result<void> RunDisconnect(const std::string& name, DataFate fate, bool yes, CliContext& context) {
  const bool purge = fate == DataFate::kPurge;
  if (!yes) {
    return NotMeant("disconnecting destroys the credentials" +
                    std::string(purge ? " and all bills of the connection" : ""));
  }
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Ending ending, Disconnect(parts, name, fate));
  if (context.format == "table") {
    context.out << "disconnected; the credentials are destroyed, "
                << (purge ? "bills are purged" : "bills are kept") << '\n';
  }
  if (purge) SayShared(ending, context);
  PrintLeftInAws(ending, context);
  return {};
}

}  // namespace

Result<void> RunDelete(const DeleteFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  if (!flags.yes || flags.dry_run) {
    TRY_ASSIGN(const std::vector<connect::Belonging> belongings,
               BelongingsOf(parts, flags.connection));
    PrintBelongings(belongings, context);
    if (flags.dry_run) return {};
    return NotMeant("deleting connection " + flags.connection + " takes its bills along");
  }
  TRY_ASSIGN(const Ending ending, DeleteForGood(parts, flags.connection, "deleted by hand"));
  if (context.format == "table") {
    context.out << "deleted for good"
                << (ending.exports.empty() ? ""
                                           : ", with the bills of " + Join(ending.exports, ", "))
                << '\n';
  }
  SayShared(ending, context);
  PrintLeftInAws(ending, context);
  return {};
}

void AddDisconnectVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "disconnect",
                       "Destroy a connection's credentials; keep or purge its bills");
  auto name = std::make_shared<std::string>();
  auto bills = std::make_shared<std::string>("keep");
  auto yes = std::make_shared<bool>(false);
  verb->add_option("CONNECTION", *name, "Name or id")->required();
  verb->add_option("--bills", *bills, "keep or purge what was collected")
      ->check(OneOf({"keep", "purge"}))
      ->capture_default_str();
  verb->add_flag("--yes", *yes, "I mean it");
  verb->footer(
      "The connection stays in the list, with its history; farthing connections delete removes "
      "it.\n"
      "Examples:\n  farthing disconnect production --yes\n"
      "  farthing disconnect production --bills purge --yes");
  verb->callback([=, &context] {
    context.action = [=, &context] {
      return RunDisconnect(*name, *bills == "purge" ? DataFate::kPurge : DataFate::kKeep, *yes,
                           context);
    };
  });
}

}  // namespace farthing::cli
