#include <ostream>

#include "base/shell_words.h"
#include "base/text.h"
#include "cli/check_report.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "cli/watch.h"

namespace farthing::cli {
namespace {

using connect::CheckResult;
using connect::CheckStatus;

constexpr std::size_t kStatusWidth = 8;

std::string Painted(CheckStatus status, bool color) {
  std::string word(connect::Name(status));
  word.resize(kStatusWidth, ' ');
  if (!color) return word;
  const char* paint = status == CheckStatus::kPass      ? "\033[32m"
                      : status == CheckStatus::kWarning ? "\033[33m"
                      : status == CheckStatus::kFail    ? "\033[31m"
                                                        : "\033[2m";
  return paint + word + "\033[0m";
}

void Indented(std::string_view label, const std::string& text, std::ostream& out) {
  if (text.empty()) return;
  const std::vector<std::string> lines = Split(text, '\n');
  out << "          " << label << ": " << lines.front() << '\n';
  for (std::size_t i = 1; i < lines.size(); ++i) out << "            " << lines[i] << '\n';
}

}  // namespace

void PrintCheck(const CheckResult& result, CliContext& context) {
  context.out << Painted(result.status, context.color) << "  " << result.id << ": "
              << result.finding << '\n';
  if (result.status == CheckStatus::kPass || result.status == CheckStatus::kSkipped) return;
  Indented("cause", result.cause, context.out);
  Indented("fix", result.fix, context.out);
  std::vector<std::string> evidence;
  for (const Error::Detail& detail : result.evidence) {
    if (detail.name == "aws_code" || detail.name == "aws_request_id") {
      evidence.push_back(detail.name + " " + detail.value);
    }
  }
  Indented("evidence", Join(evidence, ", "), context.out);
}

std::string CountsOf(const connect::CheckReport& report) {
  const auto warnings = report.Count(CheckStatus::kWarning);
  return std::to_string(report.Count(CheckStatus::kPass)) + " passed, " + std::to_string(warnings) +
         (warnings == 1 ? " warning, " : " warnings, ") +
         std::to_string(report.Count(CheckStatus::kFail)) + " failed";
}

std::function<void(const CheckResult&, bool)> LiveChecks(CliContext& context) {
  if (context.format != "table") return {};
  return [&context](const CheckResult& result, bool done) {
    if (context.err_is_terminal && !done) {
      context.err << "\r\033[K" << result.title << " …" << std::flush;
    }
    if (!done) return;
    if (context.err_is_terminal) context.err << "\r\033[K" << std::flush;
    PrintCheck(result, context);
    context.out << std::flush;
  };
}

void PrintCheckReport(const connect::CheckReport& report, CliContext& context) {
  if (context.format == "json") {
    context.out << ToJson(report) << '\n';
    return;
  }
  if (context.format == "csv") {
    Records records{
        {"id", "status", "finding", "cause", "fix", "action", "connector_code", "duration_ms"}, {}};
    for (const CheckResult& result : report.results) {
      records.rows.push_back({result.id, std::string(connect::Name(result.status)), result.finding,
                              result.cause, result.fix, result.action, result.connector_code,
                              std::to_string(result.duration_ms)});
    }
    PrintRecords(records, context);
    return;
  }
  context.out << CountsOf(report) << ", " << report.Count(CheckStatus::kSkipped) << " skipped\n";
}

Result<void> FailWhereChecksFailed(const connect::CheckReport& report) {
  if (!report.HasFailed()) return {};
  return Error(Errc::kPermissionDenied,
               "connection " + report.connection_name +
                   (report.WhatKeepsBillsAway() == nullptr ? " works in part: "
                                                           : " does not work: ") +
                   report.FirstFailure())
      .Hint("follow the fix of each failed check, then again: " +
            CommandLine({"farthing", "check", report.connection_name}));
}

namespace {

Result<void> ListChecks(CliContext& context) {
  Records records{{"id", "title", "answers"}, {}};
  for (const connect::CheckInfo& check : connect::AllChecks()) {
    records.rows.push_back(
        {std::string(check.id), std::string(check.title), std::string(check.answers)});
  }
  PrintRecords(records, context);
  return {};
}

struct CheckFlags {
  std::string connection;
  bool list = false, new_role = false;
};

Result<void> RunCheck(const CheckFlags& flags, CliContext& context) {
  if (flags.list) return ListChecks(context);
  if (flags.connection.empty()) {
    return Error(Errc::kInvalidArgument, "no connection is named")
        .Hint("name one: farthing check CONNECTION; all names: farthing connections");
  }
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  connect::CheckOptions options;
  options.observer = LiveChecks(context);
  options.is_new_role = flags.new_role;
  TRY_ASSIGN(options.platform_principal, installation->store().Setting("platform_principal"));
  TRY_ASSIGN(const connect::CheckReport report, Verify(parts, flags.connection, options));
  PrintCheckReport(report, context);
  return FailWhereChecksFailed(report);
}

}  // namespace

void AddCheckVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "check", "Verify a connection: every check with cause and fix");
  auto flags = std::make_shared<CheckFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id");
  verb->add_flag("--list", flags->list, "Say what is checked, without doing it");
  verb->add_flag("--new-role", flags->new_role,
                 "The role was made just now: wait up to a minute until AWS knows it");
  verb->footer(
      "Exit code 3 when a check fails.\n"
      "Examples:\n  farthing check production\n  farthing check production --format json\n"
      "  farthing check --list");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunCheck(*flags, context); }; });
}

}  // namespace farthing::cli
