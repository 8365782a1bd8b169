// `farthing discover`: what an account delivers already, and exports made or mended on request.

#include <ostream>

#include "base/shell_words.h"
#include "base/text.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "connect/exports/export_setup.h"
#include "connect/life/choose_export.h"
#include "connect/life/payer_first.h"

namespace farthing::cli {
namespace {

using connect::Connection;
using connect::DiscoveredExport;

struct DiscoverFlags {
  std::string connection, create, adjust;
  connect::ExportWish wish;
  bool scan = false, yes = false;
};

std::string KindOf(const DiscoveredExport& found) {
  if (!found.readable) return found.table;
  return found.place.kind ? std::string(connect::Name(*found.place.kind)) : "unknown";
}

std::string Shortcomings(const DiscoveredExport& found) {
  if (!found.readable) return "no bill";
  std::vector<std::string> texts;
  for (const connect::Shortcoming& one : found.shortcomings) {
    texts.push_back(one.field + " " + one.found + ": " + one.consequence);
  }
  return Join(texts, "; ");
}

void PrintFound(const std::vector<DiscoveredExport>& exports, CliContext& context) {
  Records records{{"name", "kind", "place", "region", "status", "last_delivery", "shortcomings"},
                  {}};
  std::string text;
  for (const DiscoveredExport& found : exports) {
    const connect::ExportPlace& place = found.place;
    const std::string where = "s3://" + place.bucket + "/" + DeliveryPrefix(place);
    const std::string status =
        found.status + (found.status_reason.empty() ? "" : " (" + found.status_reason + ")");
    records.rows.push_back({place.name, KindOf(found), where, place.bucket_region, status,
                            found.last_delivery, Shortcomings(found)});
    text += place.name + "  " + KindOf(found) + "  " + where +
            (status.empty() ? "" : "  " + status) +
            (found.last_delivery.empty() ? "" : "  delivered " + found.last_delivery) + "\n";
    if (!found.readable) text += "  no bill: it cannot be collected\n";
    for (const connect::Shortcoming& one : found.shortcomings) {
      text += std::string(one.harm == connect::Harm::kBill ? "  fails: " : "  poorer: ") +
              one.field + " is " + one.found + ", better " + one.wanted + ": " + one.consequence +
              "\n";
    }
  }
  PrintRecords(records, text, context);
}

Result<void> List(const Connection& connection, const std::shared_ptr<aws::Client>& client,
                  const DiscoverFlags& flags, CliContext& context) {
  connect::DiscoveredExports all;
  if (connection.settings.type != connect::ConnectionType::kBucket) {
    all = connect::DiscoverExports(*client);
    if (all.refused.size() == 2 && !flags.scan) return std::move(all.refused.front());
    for (const Error& refused : all.refused) context.err << "note: " << refused.message() << '\n';
  }
  if (flags.scan) {
    const std::string& bucket =
        flags.wish.bucket.empty() ? connection.settings.export_place.bucket : flags.wish.bucket;
    if (bucket.empty()) {
      return Error(Errc::kInvalidArgument, "no bucket to scan").Hint("name it: --bucket NAME");
    }
    aws::S3 s3 = BucketOf(connection, client);
    TRY_ASSIGN(const std::vector<DiscoveredExport> scanned,
               connect::ScanBucket(s3, bucket, flags.wish.prefix));
    for (const DiscoveredExport& one : scanned) {
      const bool known = std::any_of(all.exports.begin(), all.exports.end(), [&](const auto& e) {
        return e.place.bucket == one.place.bucket &&
               DeliveryPrefix(e.place) == DeliveryPrefix(one.place);
      });
      if (!known) all.exports.push_back(one);
    }
  }
  PrintFound(all.exports, context);
  if (all.exports.empty() && context.format == "table") {
    context.out << "no exports; make one: "
                << CommandLine(
                       {"farthing", "discover", connection.settings.name, "--create", "cur2"})
                << '\n';
  }
  return {};
}

void PrintPlan(const connect::ExportSetup& setup, bool yes, CliContext& context) {
  Records records{{"step", "detail"}, {}};
  std::string text;
  for (const connect::SetupStep& step : setup.steps) {
    records.rows.push_back({step.what, step.detail});
    text += step.what + "\n";
    for (const std::string& line : Split(step.detail, '\n')) {
      if (!line.empty()) text += "    " + line + "\n";
    }
  }
  if (setup.steps.empty()) text = "nothing needs doing\n";
  if (!setup.steps.empty() && !yes) text += "nothing was done; --yes does it\n";
  PrintRecords(records, text, context);
  for (const std::string& note : setup.notes) context.err << "note: " << note << '\n';
}

Result<void> SetUp(OpenInstallation& installation, const Connection& connection,
                   const std::shared_ptr<aws::Client>& client, const DiscoverFlags& flags,
                   CliContext& context) {
  connect::ExportSetup setup;
  if (!flags.adjust.empty()) {
    TRY_ASSIGN(setup, PlanAdjustment(connection, client, flags.adjust));
  } else {
    connect::ExportWish wish = flags.wish;
    TRY_ASSIGN(wish.kind, connect::ParseExportKind(flags.create));
    TRY_ASSIGN(setup, PlanNewExport(connection, client, wish));
  }
  const bool may =
      connection.settings.permission_sets.contains(connect::PermissionSet::kManageExport);
  if (!may && !setup.steps.empty()) {
    setup.notes.push_back(
        "the connection's sets lack manage-export, so its role may be refused: " +
        CommandLine({"farthing", "templates", "--connection", connection.settings.name, "--bucket",
                     setup.place.bucket, "--export", setup.place.name, "--diff",
                     "read-billing,manage-export"}));
  }
  PrintPlan(setup, flags.yes, context);
  if (!flags.yes || setup.steps.empty()) return {};
  TRY_ASSIGN(const connect::ExportPlace place,
             Apply(connection, client, setup,
                   [&](const std::string& what) { context.err << "done: " << what << '\n'; }));
  connect::Installation parts = installation.parts();
  TRY_ASSIGN(const connect::Choice choice,
             ChooseExport(parts, connection.id, place,
                          "export " + place.name +
                              (flags.adjust.empty() ? " was created" : " was adjusted")));
  context.err << "note: " << choice.sentence << '\n';
  return {};
}

Result<void> RunDiscover(const DiscoverFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  TRY_ASSIGN(const Connection connection, installation->store().Find(flags.connection));
  const connect::Installation parts = installation->parts();
  TRY(CheckOwnBill(parts.store, parts.catalog, connection));
  TRY_ASSIGN(const auto client, ClientFor(connection, parts.platform, parts.vault));
  if (flags.create.empty() && flags.adjust.empty()) {
    return List(connection, client, flags, context);
  }
  return SetUp(*installation, connection, client, flags, context);
}

}  // namespace

void AddDiscoverVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "discover",
                       "What an account delivers, best first; create or adjust an export");
  auto flags = std::make_shared<DiscoverFlags>();
  verb->add_option("CONNECTION", flags->connection, "Name or id")->required();
  verb->add_flag("--scan", flags->scan, "Look into the bucket as well");
  auto* create = verb->add_option("--create", flags->create,
                                  "Make an export: cur2, legacy-cur, focus (1.2) or focus-1.0")
                     ->check(OneOf({"cur2", "legacy-cur", "focus", "focus-1.0"}));
  verb->add_option("--adjust", flags->adjust, "Mend this export as far as AWS lets it change")
      ->type_name("NAME")
      ->excludes(create);
  verb->add_option("--name", flags->wish.name, "Of the new export")->type_name("NAME");
  verb->add_option("--bucket", flags->wish.bucket,
                   "Where it delivers, made if absent; or the bucket to scan");
  verb->add_option("--prefix", flags->wish.prefix, "Path in the bucket; default billing");
  verb->add_option("--bucket-region", flags->wish.bucket_region,
                   "Of a new bucket; default the billing region")
      ->type_name("REGION");
  verb->add_flag("--yes", flags->yes, "Do it; else it is only said what would be done");
  verb->footer(
      "Only what is missing is added to a bucket's policy; event notifications are never touched.\n"
      "Examples:\n  farthing discover production\n  farthing discover production --scan\n"
      "  farthing discover production --create cur2 --name bills --bucket example-bills\n"
      "  farthing discover production --adjust bills --yes");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunDiscover(*flags, context); }; });
}

}  // namespace farthing::cli
