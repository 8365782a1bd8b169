#include <boost/json.hpp>
#include <ostream>

#include "base/shell_words.h"
#include "cli/check_report.h"
#include "cli/connection_flags.h"
#include "cli/connection_report.h"
#include "cli/installation.h"
#include "cli/verb.h"
#include "connect/templates/templates_command.h"

namespace farthing::cli {
namespace {

using connect::Connection;
using connect::ConnectionType;

void SayWhatNext(const Connection& connection, CliContext& context) {
  const connect::Settings& settings = connection.settings;
  std::ostream& out = context.out;
  out << "connection " << settings.name << " (" << Name(settings.type) << ") is a draft\n";
  if (!settings.role_arn.empty()) {
    out << "  role         " << settings.role_arn << "\n  external ID  " << settings.external_id
        << (settings.external_id_adopted ? "  (adopted: weaker than one that Farthing makes)" : "")
        << "\nnext:\n  is this the right account? Connect the management account first.\n"
        << "  " << TemplatesCommand(settings, "steps") << "\n      what to do in AWS, in order\n"
        << "  " << TemplatesCommand(settings, "cloudformation")
        << "\n      the role as a template\n";
  } else {
    out << "next:\n";
  }
  out << "  " << CommandLine({"farthing", "check", settings.name}) << '\n';
  if (settings.type == ConnectionType::kLinkedKeys) {
    out << "  nothing is collected with these keys: the account's bill comes through its payer\n";
  } else {
    out << "  " << CommandLine({"farthing", "collect", "--connection", settings.name}) << '\n';
  }
}

Result<void> RunConnect(const ConnectionFlags& flags, bool check, CliContext& context) {
  connect::Settings settings;
  TRY(ApplyConnectionFlags(flags, settings));
  TRY_ASSIGN(const std::string secret, ReadSecret(flags, context));
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Connection connection, CreateConnection(parts, std::move(settings), secret));
  if (context.format == "table") {
    SayWhatNext(connection, context);
  } else if (!check) {
    PrintConnections({connection}, context);
  }
  if (!check) return {};
  connect::CheckOptions options;
  options.observer = LiveChecks(context);
  TRY_ASSIGN(options.platform_principal, installation->store().Setting("platform_principal"));
  TRY_ASSIGN(const connect::CheckReport report, Verify(parts, connection.id, options));
  PrintCheckReport(report, context);
  return FailWhereChecksFailed(report);
}

}  // namespace

void AddConnectVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "connect", "Connect an AWS account, a bucket or a directory");
  auto flags = std::make_shared<ConnectionFlags>();
  auto check = std::make_shared<bool>(false);
  AddConnectionFlags(*verb, *flags, FlagsFor::kCreating);
  verb->get_option("--name")->required();
  verb->add_flag("--check", *check, "Verify at once: the role or key exists already");
  verb->footer(
      "Examples:\n"
      "  farthing connect --name production --account 123456789012 --role-name Farthing\n"
      "  farthing connect --name production --role-arn arn:aws:iam::123456789012:role/Farthing "
      "--check\n"
      "  farthing connect --name archive --type bucket --endpoint https://s3.example.net --bucket "
      "bills "
      "--access-key-id KEY --secret-file -\n"
      "  farthing connect --name copies --type directory --directory /srv/bills");
  verb->callback([=, &context] {
    context.action = [=, &context] { return RunConnect(*flags, *check, context); };
  });
}

}  // namespace farthing::cli
