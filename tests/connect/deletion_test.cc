// The ends of a connection: disconnected, with its bills kept or purged; deleted for good with everything of it, and
// nothing of anybody else's.

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "connect/collected.h"
#include "connect/cost_explorer/cost_explorer_fit.h"
#include "connect/cost_explorer/first_day.h"
#include "engine/duckdb.h"
#include "lake/stage.h"
#include "sim/bill.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

/// A role that has asked Cost Explorer, and then collected its export.
Connection Collecting(Stage& stage) {
  const Connection connection = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const FirstDayOutcome filled = Must(FillFirstDay(stage.parts(), connection.id, {}));
  EXPECT_FALSE(filled.filled.empty());
  EXPECT_TRUE(stage.Gather(connection).bill_data_ready);
  return connection;
}

/// Somebody else's bills of other months, from a directory.
Connection Other(Stage& stage, const std::string& name) {
  sim::BillOptions bill;
  bill.lines = 1'200;
  bill.months = 2;
  bill.formats = {sim::BillFormat::kCur1Csv};
  bill.first = {2019, 3};
  bill.out = stage.data().string() + "-inbox-" + name;
  Must(sim::WriteBill(bill));
  Settings settings;
  settings.name = name;
  settings.type = ConnectionType::kDirectory;
  settings.directory = bill.out;
  const Connection connection = stage.Create(settings);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  EXPECT_FALSE(stage.Gather(connection).deliveries.empty());
  return connection;
}

struct Inbox {  ///< removes what Other() wrote
  explicit Inbox(Stage& stage, const std::string& name)
      : path(stage.data().string() + "-inbox-" + name) {}
  ~Inbox() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

/// What a question would add up: months, lines and every sum of the elected loads, to the last digit.
std::string Figures(Stage& stage) {
  const auto database = Must(engine::Database::Open());
  engine::Connection connection = Must(database->Connect());
  std::string figures;
  const std::vector<lake::Load> loads = Must(stage.catalog().ActiveLoads({}));
  for (const lake::Load& load : loads) {
    const engine::Table sums = Must(connection.Query(
        "SELECT count(*), sum(billed_cost), sum(unblended_cost), sum(amortized_cost) FROM " +
        lake::ReadParquet(stage.catalog().layout().Files(lake::kCostLines, load.period, load.id))));
    figures += load.export_name + " " + ToString(load.period);
    for (const auto& cell : sums.rows.at(0)) figures += " " + cell.value_or("-");
    figures += "\n";
  }
  return figures;
}

std::size_t Rows(Stage& stage, const std::string& table, const std::string& id) {
  std::size_t rows = 0;
  Must(stage.store().database().Each("SELECT 1 FROM " + table + " WHERE connection_id = ?", {id},
                                     [&](const engine::SqliteRow&) { ++rows; }));
  return rows;
}

/// Files below the data directory that hold these bytes, or whose path does.
std::vector<std::string> Holding(Stage& stage, const std::string& bytes) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(stage.data())) {
    const bool named = entry.path().string().find(bytes) != std::string::npos;
    std::string content;
    if (entry.is_regular_file()) {
      std::ifstream stream(entry.path(), std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(stream), {});
    }
    if (named || content.find(bytes) != std::string::npos) found.push_back(entry.path().string());
  }
  return found;
}

constexpr const char* kTablesOfConnections[] = {"connections",
                                                "secrets",
                                                "reports",
                                                "collected",
                                                "connection_exports",
                                                "member_accounts",
                                                "cost_explorer_answers"};

TEST(DeletionTest, LeavesNothingOfItAndTheOthersToTheDigit) {
  Stage stage;
  const Inbox inbox(stage, "elsewhere");
  Other(stage, "elsewhere");
  const std::string before = Figures(stage);
  const Connection connection = Collecting(stage);
  ASSERT_NE(Figures(stage), before);
  EXPECT_GT(Rows(stage, "collected", connection.id), 0U);
  EXPECT_GT(Rows(stage, "cost_explorer_answers", connection.id), 0U);

  std::set<std::string> goes, stays;
  for (const Belonging& one : Must(BelongingsOf(stage.parts(), "production"))) {
    (one.goes ? goes : stays).insert(one.what);
  }
  EXPECT_EQ(goes, (std::set<std::string>{"connection", "bills", "Cost Explorer's answers"}));
  EXPECT_EQ(stays, (std::set<std::string>{"AWS", "record"}));
  EXPECT_NE(Figures(stage), before) << "telling it deletes nothing";

  const Ending ending = Must(DeleteForGood(stage.parts(), "production", "no longer wanted"));
  EXPECT_EQ(ending.exports.size(), 2U) << "the bill, and what Cost Explorer answered";
  EXPECT_EQ(Figures(stage), before);
  for (const char* table : kTablesOfConnections) {
    EXPECT_EQ(Rows(stage, table, connection.id), 0U) << table;
  }
  EXPECT_EQ(Must(stage.catalog().Exports()).size(), 1U);
  // What only bills, reports and manifests said is in no file, not even where SQLite would leave it.
  for (const char* bytes :
       {"metadata/BILLING_PERIOD", "granted-permissions", "cost-explorer.csv"}) {
    EXPECT_EQ(Holding(stage, bytes), std::vector<std::string>()) << bytes;
  }
  EXPECT_EQ(Holding(stage, "downloads/" + connection.id), std::vector<std::string>());
  EXPECT_EQ(Holding(stage, "cost_explorer/" + connection.id), std::vector<std::string>());
  // The record stays.
  const std::vector<Event> events = Must(stage.store().Events(connection.id, 1000));
  EXPECT_EQ(events.front().kind, "deleted");
  for (const Event& event : events) EXPECT_EQ(event.detail, "") << event.kind << " " << event.text;
  EXPECT_GT(Rows(stage, "external_ids", connection.id), 0U);
  EXPECT_GT(Rows(stage, "cost_explorer_spending", connection.id), 0U);
}

TEST(DeletionTest, AnExportThatAnotherBringsTooStays) {
  Stage stage;
  const Inbox inbox(stage, "first");
  const Connection first = Other(stage, "first");
  const std::string before = Figures(stage);
  const Connection second = stage.Create([&] {
    Settings settings = first.settings;
    settings.name = "second";
    settings.directory += "/.";
    return settings;
  }());
  EXPECT_FALSE(stage.Check(second).HasFailed());
  stage.Gather(second);
  ASSERT_EQ(Must(CollectedLog(stage.store().database(), second.id).Exports()),
            Must(CollectedLog(stage.store().database(), first.id).Exports()));
  EXPECT_EQ(Must(Disconnect(stage.parts(), "first", DataFate::kPurge)).shared.size(), 1U);
  EXPECT_EQ(Figures(stage), before);
  EXPECT_EQ(Must(DeleteForGood(stage.parts(), "second", "both go")).exports.size(), 1U)
      << "the other one has given up its claim";
  EXPECT_EQ(Figures(stage), "");
}

TEST(DeletionTest, WhatEndsATermDeletesAsMuch) {
  Stage stage;
  const Connection connection = Collecting(stage);
  Must(Disable(stage.parts(), "production", "its term ended"));
  Store::Times times;
  times.delete_after = Instant{Now().micros - 1};
  Must(stage.store().Touch(connection.id, times));
  const std::vector<TermAction> said = Must(ApplyTerms(stage.parts(), Now()));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(Figures(stage), "");
  EXPECT_EQ(Rows(stage, "connections", connection.id), 0U);
}

TEST(DeletionTest, WhatIsBegunIsEndedByTheNextLookAtTerms) {
  Stage stage;
  const Connection connection = Collecting(stage);
  Must(stage.store().BeginDeletion(connection.id));  // and then the process died
  const Connection begun = Must(stage.store().Find("production"));
  EXPECT_EQ(begun.state, State::kDisconnected);
  EXPECT_NE(Describe(begun, Now()).find("interrupted"), std::string::npos);
  Must(ApplyTerms(stage.parts(), Now()));
  EXPECT_EQ(Figures(stage), "");
  for (const char* table : kTablesOfConnections) {
    EXPECT_EQ(Rows(stage, table, connection.id), 0U) << table;
  }
}

TEST(DeletionTest, ARunningCollectionOrImportIsNotDisturbed) {
  Stage stage;
  const Connection connection = Collecting(stage);
  const std::string before = Figures(stage);
  const auto refuses = [&](const Result<Ending>& refused) {
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::kConflict);
    EXPECT_NE(refused.error().hint().find("wait until"), std::string::npos);
    EXPECT_EQ(Must(stage.store().Find("production")).state, State::kConnected);
    EXPECT_EQ(Figures(stage), before);
  };
  {
    const auto lock = Must(LockCollecting(stage.catalog().layout(), connection));
    refuses(Disconnect(stage.parts(), "production", DataFate::kKeep));
    refuses(DeleteForGood(stage.parts(), "production", "now"));
  }
  const auto lock = Must(DirectoryLock::Acquire(stage.catalog().layout().lock()));
  refuses(Disconnect(stage.parts(), "production", DataFate::kPurge));
  refuses(DeleteForGood(stage.parts(), "production", "now"));
}

TEST(DisconnectTest, WaitsForACollectionThatRuns) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  std::promise<void> downloading, may_go_on;
  std::future<void> go_on = may_go_on.get_future();
  std::thread collecting(
      [&] {  // as another process: with a store, a vault and a catalog of its own
        const auto catalog = Must(lake::Catalog::Open(stage.catalog().layout()));
        const auto store = Must(Store::Open(catalog->layout().database()));
        KeySource key;
        key.default_file = stage.data() / "secret.key";
        const auto vault = Must(Vault::Open(store->database(), key));
        CollectOptions options;
        bool told = false;
        options.observer = [&](const CollectProgress& progress) {
          if (told || !progress.what.starts_with("importing")) return;
          told = true;
          downloading.set_value();
          go_on.wait();
        };
        const CollectSummary summary =
            Must(Collect(*store, *vault, *catalog, stage.platform(), connection.id, options));
        EXPECT_TRUE(summary.bill_data_ready);
        EXPECT_EQ(summary.state, State::kConnected);
      });
  downloading.get_future().wait();
  const auto refused = Disconnect(stage.parts(), "production", DataFate::kKeep);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kCollecting);
  may_go_on.set_value();
  collecting.join();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(),
            "connection production is being collected by another process");
  EXPECT_NE(Figures(stage), "") << "the collection has not noticed";
  Must(Disconnect(stage.parts(), "production", DataFate::kPurge));
  EXPECT_EQ(Figures(stage), "");
  EXPECT_FALSE(
      Collect(stage.store(), stage.vault(), stage.catalog(), stage.platform(), "production", {})
          .ok());
}

TEST(DeletionTest, AnAnswerWhoseConnectionIsGoneIsForgottenAndTheOthersFit) {
  Stage stage;
  const Connection connection = Collecting(stage);
  KeptAnswers answers(stage.store().database(), stage.catalog().layout());
  // As if Cost Explorer answered a process that did not know of the deletion.
  KeptAnswer orphan;
  orphan.connection_id = "00000000000000000000000000";
  orphan.period = {2019, 1};
  orphan.asked_at = Now();
  Must(answers.Keep(orphan, {}));
  const std::vector<Fit> fits = Must(FitCostExplorer(stage.store(), stage.catalog()));
  EXPECT_EQ(fits.size(), Must(answers.List(connection.id)).size());
  EXPECT_TRUE(Must(answers.List(orphan.connection_id)).empty());
  EXPECT_FALSE(fs::exists(answers.Directory(orphan).parent_path()));
}

TEST(DisconnectTest, ItsRoleMayBeConnectedAnew) {
  Stage stage;
  const Connection connection = Collecting(stage);
  const std::string before = Figures(stage);
  Must(Disconnect(stage.parts(), "production", DataFate::kKeep));
  Settings again = stage.RoleSettings();
  again.name = "production 2";
  const Connection second = stage.Create(again);
  EXPECT_NE(second.settings.external_id, connection.settings.external_id);
  stage.SetTrust(second, TrustOf(stage.aws().Platform().user_arn, second.settings.external_id));
  EXPECT_FALSE(stage.Check(second).HasFailed());
  stage.Gather(second);
  EXPECT_EQ(Figures(stage), before) << "the same bills are not added";
  Must(DeleteForGood(stage.parts(), "production", "the old one"));
  EXPECT_EQ(Must(stage.store().Find("production 2")).state, State::kConnected);
  EXPECT_NE(Figures(stage).find("bills"), std::string::npos);
}

}  // namespace
}  // namespace farthing::connect
