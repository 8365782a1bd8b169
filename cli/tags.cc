// `farthing tags`: cost allocation tags and their backfill.

#include <ostream>

#include "base/shell_words.h"
#include "base/text.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"
#include "connect/exports/allocation_tags.h"

namespace farthing::cli {
namespace {

struct TagsFlags {
  std::string connection, action = "list", from;
  std::vector<std::string> keys;
};

Result<void> List(aws::Client& client, CliContext& context) {
  TRY_ASSIGN(const std::vector<aws::AllocationTag> tags, aws::ListCostAllocationTags(client));
  Records records{{"key", "type", "status", "last_used"}, {}};
  for (const aws::AllocationTag& tag : tags) {
    records.rows.push_back({tag.key, tag.type, tag.status, tag.last_used.substr(0, 10)});
  }
  PrintRecords(records, context);
  if (context.format != "table") return {};
  if (const auto backfills = aws::ListTagBackfills(client); backfills.ok()) {
    for (const aws::TagBackfill& one : *backfills) {
      context.out << "backfill from " << one.from.substr(0, 7) << ": " << ToLower(one.status)
                  << ", asked for " << one.requested_at << '\n';
    }
  }
  for (const std::string& limit : connect::TagLimits()) context.err << "note: " << limit << '\n';
  return {};
}

Result<void> Change(connect::Store& store, const connect::Connection& connection,
                    aws::Client& client, const TagsFlags& flags, CliContext& context) {
  if (flags.keys.empty()) {
    return Error(Errc::kInvalidArgument, "no tag is named")
        .Hint("name keys as on resources: " +
              CommandLine({"farthing", "tags", connection.settings.name, flags.action, "team"}));
  }
  const bool activate = flags.action == "activate";
  TRY_ASSIGN(const std::vector<std::string> changed,
             SetTagStatus(client, flags.keys,
                          activate ? connect::TagStatus::kActive : connect::TagStatus::kInactive));
  if (!changed.empty()) {
    TRY(store.Record(connection.id, "tags",
                     "cost allocation tags " + flags.action + "d: " + Join(changed, ", ")));
  }
  Records records{{"key", "status"}, {}};
  for (const std::string& key : flags.keys) {
    records.rows.push_back({key, activate ? "Active" : "Inactive"});
  }
  PrintRecords(records, context);
  if (context.format == "table" && activate && !changed.empty()) {
    context.err << "note: within 24 hours they are in the bill, from then on; earlier months: "
                << CommandLine({"farthing", "tags", connection.settings.name, "backfill", "--from",
                                "2026-01"})
                << '\n';
  }
  return {};
}

Result<void> Backfill(connect::Store& store, const connect::Connection& connection,
                      aws::Client& client, const TagsFlags& flags, Instant now,
                      CliContext& context) {
  if (flags.from.empty()) {
    return Error(Errc::kInvalidArgument, "the first month is missing")
        .Hint(CommandLine({"farthing", "tags", connection.settings.name, "backfill", "--from",
                           ToString(PeriodOf(now))}));
  }
  TRY_ASSIGN(const Period from, ParsePeriod(flags.from));
  TRY(connect::BackfillTags(client, from, now));
  TRY(store.Record(connection.id, "tags", "backfill of tags asked for from " + ToString(from)));
  context.out << "AWS applies the active tags to " << ToString(from)
              << " and later; it delivers the months again within a day or two\n";
  return {};
}

Result<void> RunTags(const TagsFlags& flags, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Store& store = installation->store();
  TRY_ASSIGN(const connect::Connection connection, store.Find(flags.connection));
  TRY_ASSIGN(const auto client,
             ClientFor(connection, installation->platform(), installation->vault()));
  if (flags.action == "list") return List(*client, context);
  if (flags.action == "backfill") {
    return Backfill(store, connection, *client, flags, Now(), context);
  }
  return Change(store, connection, *client, flags, context);
}

}  // namespace

void AddTagsVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "tags",
                       "Cost allocation tags: list, activate, deactivate, backfill earlier months");
  auto flags = std::make_shared<TagsFlags>();
  verb->add_option("CONNECTION", flags->connection, "Of the management account")->required();
  verb->add_option("ACTION", flags->action, "list, activate, deactivate or backfill")
      ->check(OneOf({"list", "activate", "deactivate", "backfill"}));
  verb->add_option("KEY", flags->keys, "Keys of tags, as on resources");
  verb->add_option("--from", flags->from, "First month of a backfill, at most 12 back")
      ->type_name("PERIOD");
  verb->footer(
      "Needs the permission set tag-activation. AWS changes 20 keys a call, keeps 500 active, and\n"
      "takes one backfill in 24 hours, at most 12 months back.\n"
      "Examples:\n  farthing tags production\n  farthing tags production activate team "
      "cost-center\n"
      "  farthing tags production backfill --from 2026-01");
  verb->callback(
      [=, &context] { context.action = [=, &context] { return RunTags(*flags, context); }; });
}

}  // namespace farthing::cli
