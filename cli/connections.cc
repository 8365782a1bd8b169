#include <boost/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/check_report.h"
#include "cli/connection_flags.h"
#include "cli/connection_report.h"
#include "cli/disconnect.h"
#include "cli/installation.h"
#include "cli/records.h"
#include "cli/verb.h"

namespace farthing::cli {
namespace {

namespace json = boost::json;
using connect::Connection;
using connect::Settings;

std::string Text(const std::optional<Instant>& instant) {
  return instant ? ToString(*instant) : "";
}

json::object ToJson(const Connection& connection) {
  json::object object{{"id", connection.id},
                      {"state", std::string(Name(connection.state))},
                      {"state_since", ToString(connection.state_since)},
                      {"cause", connection.cause},
                      {"description", Describe(connection, Now())},
                      {"created", ToString(connection.created)},
                      {"last_checked", Text(connection.last_checked)},
                      {"last_collected", Text(connection.last_collected)},
                      {"last_delivery", Text(connection.last_delivery)},
                      {"delete_after", Text(connection.delete_after)}};
  object["settings"] = json::parse(connect::ToJson(connection.settings));
  return object;
}

}  // namespace

void PrintConnections(const std::vector<Connection>& connections, CliContext& context) {
  if (context.format == "json") {
    json::array list;
    for (const Connection& connection : connections) list.push_back(ToJson(connection));
    context.out << json::serialize(list) << '\n';
    return;
  }
  Records records{{"name", "type", "account", "state", "since", "last_delivery", "cause"}, {}};
  for (const Connection& c : connections) {
    records.rows.push_back({c.settings.name, std::string(Name(c.settings.type)),
                            c.settings.account_id, std::string(Name(c.state)),
                            ToString(c.state_since), Text(c.last_delivery), c.cause});
  }
  PrintRecords(records, context);
}

void PrintConnection(const Connection& connection, CliContext& context) {
  if (context.format == "json") {
    context.out << json::serialize(ToJson(connection)) << '\n';
    return;
  }
  const Settings& s = connection.settings;
  std::vector<std::string> sets;
  for (const connect::PermissionSet set : s.permission_sets) sets.emplace_back(Name(set));
  Records records{{"field", "value"}, {}};
  const auto add = [&](std::string field, std::string value) {
    if (!value.empty()) records.rows.push_back({std::move(field), std::move(value)});
  };
  add("id", connection.id);
  add("name", s.name);
  add("type", std::string(Name(s.type)));
  const std::string state(Name(connection.state)), description = Describe(connection, Now());
  add("state", description.starts_with(state) ? description : state + ": " + description);
  add("account", s.account_id);
  add("role", s.role_arn);
  add("external ID", s.external_id + (s.external_id_adopted ? " (adopted: weaker)" : ""));
  add("access key", s.access_key_id);
  add("profile", s.profile);
  add("endpoint", s.endpoint);
  add("directory", s.directory);
  add("export", (s.export_place.kind ? std::string(Name(*s.export_place.kind)) + " " : "") +
                    s.export_place.name);
  add("bucket", s.export_place.bucket);
  add("prefix", s.export_place.prefix);
  add("bucket region", s.export_place.bucket_region);
  add("bucket owner", s.bucket_owner);
  add("KMS key", s.kms_key_arn);
  add("requester pays", s.requester_pays ? "yes" : "");
  add("EDP", s.edp ? "yes" : "no");
  add("imports", std::string(Name(s.import_policy)));
  add("Cost Explorer cap",
      s.cost_explorer_cap_usd ? *s.cost_explorer_cap_usd + " USD a month" : "");
  add("management group", s.default_group);
  add("permission sets", Join(sets, ", "));
  add("term", s.end_date ? *s.end_date + (s.auto_renew ? ", renews itself" : ", ends then") : "");
  add("agreement", s.agreement);
  add("created", ToString(connection.created));
  add("last checked", Text(connection.last_checked));
  add("last collected", Text(connection.last_collected));
  add("last delivery", Text(connection.last_delivery));
  PrintRecords(records, context);
}

namespace {

Result<void> RunList(CliContext& context) {
  TRY_ASSIGN(const auto store, OpenStore(context));
  TRY_ASSIGN(const std::vector<Connection> connections, store->List());
  PrintConnections(connections, context);
  return {};
}

Result<void> RunShow(const std::string& name, CliContext& context) {
  TRY_ASSIGN(const auto store, OpenStore(context));
  TRY_ASSIGN(const Connection connection, store->Find(name));
  PrintConnection(connection, context);
  return {};
}

Result<void> RunHistory(const std::string& name, int limit, CliContext& context) {
  TRY_ASSIGN(const auto store, OpenStore(context));
  std::string id = name;  // a deleted connection is known by its id only
  if (const auto connection = store->Find(name); connection.ok()) id = connection->id;
  TRY_ASSIGN(const std::vector<connect::Event> events, store->Events(id, limit));
  Records records{{"at", "connection", "kind", "text"}, {}};
  for (const connect::Event& event : events) {
    records.rows.push_back({ToString(event.at), event.connection_name, event.kind, event.text});
  }
  PrintRecords(records, context);
  return {};
}

Result<void> RunEdit(const std::string& name, const ConnectionFlags& flags, CliContext& context) {
  // Before the vault is opened: a process without core dumps may not reopen its own standard input.
  TRY_ASSIGN(const std::string secret, ReadSecret(flags, context));
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Connection before, parts.store.Find(name));
  Settings settings = before.settings;
  TRY(ApplyConnectionFlags(flags, settings));
  connect::CheckOptions options;
  options.observer = LiveChecks(context);
  TRY_ASSIGN(options.platform_principal, parts.store.Setting("platform_principal"));
  TRY_ASSIGN(const connect::EditOutcome outcome,
             EditVerified(parts, before.id, std::move(settings),
                          secret.empty() ? std::nullopt : std::optional(secret), options));
  PrintConnection(outcome.connection, context);
  return {};
}

Result<void> RunDisable(const std::string& name, const std::string& why, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  TRY_ASSIGN(const Connection connection, Disable(parts, name, why.empty() ? "switched off" : why));
  PrintConnections({connection}, context);
  return {};
}

Result<void> RunEnable(const std::string& name, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  connect::Installation parts = installation->parts();
  connect::CheckOptions options;
  options.observer = LiveChecks(context);
  TRY_ASSIGN(options.platform_principal, parts.store.Setting("platform_principal"));
  TRY_ASSIGN(const connect::CheckReport report, Enable(parts, name, options));
  PrintCheckReport(report, context);
  return FailWhereChecksFailed(report);
}

Result<void> RunRotate(const std::string& new_key_file, CliContext& context) {
  TRY_ASSIGN(const auto installation, OpenInstallation::Open(context));
  std::optional<std::string> new_key;
  if (!new_key_file.empty()) {
    TRY_ASSIGN(new_key, connect::ReadKeyFile(new_key_file));
  }
  TRY_ASSIGN(const int count, installation->vault().Rotate(new_key));
  context.out << count << (count == 1 ? " secret is" : " secrets are")
              << " written under a new key\n";
  return {};
}

Result<void> RunSetting(const std::string& name, const std::optional<std::string>& value,
                        CliContext& context) {
  static const std::vector<std::string> known{"agreement_required", "platform_principal",
                                              "support_contact", "template_bucket_url"};
  if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end()) {
    return Error(Errc::kInvalidArgument, "unknown setting: " + name)
        .Hint("known are " + Join(known, ", "));
  }
  TRY_ASSIGN(const auto store, OpenStore(context));
  if (value) TRY(store->SetSetting(name, *value));
  Records records{{"setting", "value"}, {}};
  for (const std::string& one : known) {
    if (!name.empty() && one != name) continue;
    TRY_ASSIGN(std::string stored, store->Setting(one));
    records.rows.push_back({one, std::move(stored)});
  }
  PrintRecords(records, context);
  return {};
}

}  // namespace

void AddConnectionsVerb(CLI::App& app, CliContext& context) {
  auto* verb = AddVerb(app, context, "connections",
                       "List, show, edit, enable, disable and delete connections");
  verb->footer(
      "Examples:\n  farthing connections\n  farthing connections show production\n"
      "  farthing connections edit production --export cur2-hourly\n"
      "  farthing connections history production\n"
      "  farthing connections delete production --dry-run\n"
      "  farthing connections setting support_contact finops@example.net");
  verb->require_subcommand(0, 1);
  const auto act = [&context](CLI::App* sub, auto run) {
    sub->callback([&context, run] { context.action = [&context, run] { return run(context); }; });
  };
  auto name = std::make_shared<std::string>();
  const auto named = [&](const char* word, const char* description) {
    CLI::App* sub = verb->add_subcommand(word, description);
    sub->add_option("CONNECTION", *name, "Name or id")->required();
    return sub;
  };
  act(verb->add_subcommand("list", "All connections"), RunList);
  act(named("show", "Everything about one"), [name](CliContext& c) { return RunShow(*name, c); });
  auto limit = std::make_shared<int>(50);
  CLI::App* history = named("history", "What happened to one");
  history->add_option("--limit", *limit, "Newest so many")->capture_default_str();
  act(history, [=](CliContext& c) { return RunHistory(*name, *limit, c); });
  auto flags = std::make_shared<ConnectionFlags>();
  CLI::App* edit =
      named("edit", "Change settings; they are verified before they replace the old ones");
  AddConnectionFlags(*edit, *flags, FlagsFor::kEditing);
  act(edit, [=](CliContext& c) { return RunEdit(*name, *flags, c); });
  auto why = std::make_shared<std::string>();
  CLI::App* disable = named("disable", "Ask AWS nothing more for it; data stays");
  disable->add_option("--why", *why, "Reason, for the history");
  act(disable, [=](CliContext& c) { return RunDisable(*name, *why, c); });
  act(named("enable", "Verify it and collect again"),
      [name](CliContext& c) { return RunEnable(*name, c); });
  auto deleting = std::make_shared<DeleteFlags>();
  CLI::App* remove = named("delete", "Delete it for good, with its bills");
  remove->add_flag("--dry-run", deleting->dry_run, "Only say what would go and what would stay");
  remove->add_flag("--yes", deleting->yes, "I mean it");
  act(remove, [=](CliContext& c) {
    deleting->connection = *name;
    return RunDelete(*deleting, c);
  });
  auto key_file = std::make_shared<std::string>();
  CLI::App* rotate = verb->add_subcommand("rotate-key", "Write all secrets under a new key");
  rotate->add_option("--new-key-file", *key_file, "The next key, where the key comes from outside")
      ->type_name("FILE");
  act(rotate, [=](CliContext& c) { return RunRotate(*key_file, c); });
  auto setting = std::make_shared<std::string>();
  auto value = std::make_shared<std::optional<std::string>>();
  CLI::App* settings = verb->add_subcommand("setting", "Settings of the installation");
  settings->add_option("NAME", *setting, "Which");
  settings->add_option("VALUE", *value, "What it becomes");
  act(settings, [=](CliContext& c) { return RunSetting(*setting, *value, c); });
  verb->callback([verb, &context] {
    if (verb->get_subcommands().empty()) context.action = [&context] { return RunList(context); };
  });
}

}  // namespace farthing::cli
