// Every type of connection, from nothing to bills in the lake with exactly AWS's totals.

#include <gtest/gtest.h>

#include "aws/cost_explorer.h"
#include "aws/s3.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/duckdb.h"
#include "sim/bill.h"
#include "tests/connect/stage.h"
#include "tests/referee/service.h"

namespace farthing::connect {
namespace {

std::string Outcomes(const CollectSummary& summary) {
  std::vector<std::string> outcomes;
  for (const CollectedDelivery& delivery : summary.deliveries) {
    outcomes.push_back(delivery.outcome +
                       (delivery.reason.empty() ? "" : " (" + delivery.reason + ")"));
  }
  return Join(outcomes, ", ");
}

/// Lines of the active loads; the sums are the business of tests/golden.
std::int64_t LinesInLake(Stage& stage) {
  std::int64_t lines = 0;
  const std::vector<lake::Load> loads = Must(stage.catalog().ActiveLoads({}));
  for (const lake::Load& load : loads) lines += load.line_count;
  return lines;
}

std::int64_t LinesAtAws(Stage& stage) {
  const Period current = PeriodOf(stage.aws().now());
  const Period last = PeriodOf(Instant{current.start().micros - 1});
  return stage.aws().Totals(current).rows + stage.aws().Totals(last).rows;
}

std::vector<std::string> States(Store& store, const std::string& id) {
  std::vector<std::string> states;
  const std::vector<Event> events = Must(store.Events(id, 1000));
  for (const Event& event : events) {
    if (event.kind == "state") states.insert(states.begin(), event.text);
  }
  return states;
}

TEST(TypesTest, ARole) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const CollectSummary first = stage.Gather(connection);
  EXPECT_EQ(Outcomes(first), "loaded, loaded");
  EXPECT_TRUE(first.bill_data_ready);
  EXPECT_EQ(LinesInLake(stage), LinesAtAws(stage));
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kConnected);
}

TEST(TypesTest, PollsThatFindNothingLeaveNoTrace) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.Gather(connection);
  const std::vector<std::string> states = States(stage.store(), connection.id);
  EXPECT_EQ(states.back(), "collecting → connected");
  const std::size_t events = Must(stage.store().Events(connection.id, 1000)).size();
  for (int i = 0; i < 3; ++i) {
    const CollectSummary again = stage.Gather(connection);
    EXPECT_EQ(Outcomes(again), "");
    EXPECT_LE(again.requests, 3U);
  }
  EXPECT_EQ(Must(stage.store().Events(connection.id, 1000)).size(), events);
  stage.aws().Restate(PeriodOf(stage.aws().now()));
  Must(stage.aws().Deliver());
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "loaded");
  EXPECT_EQ(States(stage.store(), connection.id).size(), states.size() + 2);
}

TEST(TypesTest, VerifyingKeepsWhatCollectingFound) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.Gather(connection);
  stage.aws().Inject({.kind = rehearsal::FaultKind::kTearManifest});
  stage.aws().Restate(PeriodOf(stage.aws().now()));
  Must(stage.aws().Deliver());
  EXPECT_EQ(stage.Gather(connection).state, State::kDegraded);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  const Connection now = Must(stage.store().Find("production"));
  EXPECT_EQ(now.state, State::kDegraded);
  EXPECT_NE(now.cause.find("incomplete"), std::string::npos) << now.cause;
}

TEST(TypesTest, CollectingDoesNotHideWhatTheChecksFound) {
  Stage stage;
  const Connection connection = stage.Onboard(
      stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  stage.Gather(connection);
  stage.Control("set", R"({"cost_explorer":false})");
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  EXPECT_EQ(stage.Gather(connection).state, State::kDegraded);
  EXPECT_TRUE(Must(stage.store().Find("production")).cause.starts_with("cost-explorer: "));
  stage.Control("set", R"({"cost_explorer":true})");
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  EXPECT_EQ(stage.Gather(connection).state, State::kConnected);

  stage.SetTrust(connection, TrustOf(stage.aws().Platform().user_arn, "another-id"));
  EXPECT_TRUE(stage.Check(connection).HasFailed());
  stage.SetTrust(connection,
                 TrustOf(stage.aws().Platform().user_arn, connection.settings.external_id));
  EXPECT_EQ(stage.Gather(connection).state, State::kConnected) << "it works again";
}

TEST(TypesTest, ARoleWithItsOwnNewExportWaitsForTheFirstDelivery) {
  for (const ExportKind kind : kEveryKind) {
    SCOPED_TRACE(Name(kind));
    Stage stage(EmptyWorld());
    Settings settings = stage.RoleSettings();
    settings.export_place = ExportPlace();
    settings.export_place.kind = kind;
    const Connection connection = stage.Create(settings);
    stage.CreateStack(connection, Purpose::kNewExport);
    const CheckReport report = stage.Check(connection);
    EXPECT_FALSE(report.HasFailed()) << Told(report);
    EXPECT_EQ(report.Find("delivery")->status, CheckStatus::kWarning);
    EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);
    EXPECT_EQ(Outcomes(stage.Gather(connection)), "");
    EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);
    Must(stage.aws().Advance(std::chrono::hours(30)));
    EXPECT_TRUE(stage.Gather(connection).bill_data_ready);
    EXPECT_EQ(Must(stage.store().Find("production")).state, State::kConnected);
  }
}

TEST(TypesTest, ADraftThatIsOlderThanItsExportWaitsAsWell) {
  Stage stage(EmptyWorld());
  Settings settings = stage.RoleSettings();
  settings.export_place = ExportPlace();
  settings.export_place.kind = ExportKind::kCur2;
  const Connection connection = stage.Create(settings);
  const Instant long_ago{Now().micros - std::int64_t{7} * 86'400 * 1'000'000};
  Must(stage.store().database().Run("UPDATE connections SET created_at = ?", {ToString(long_ago)}));
  stage.CreateStack(connection, Purpose::kNewExport);
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(report.Find("delivery")->status, CheckStatus::kWarning);
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kWaiting);
}

/// Of the whole organisation AWS speaks to its management account alone.
TEST(TypesTest, AMemberIsNotFailedForWhatOnlyItsManagementAccountMayAsk) {
  Stage stage(EmptyWorld());
  const std::string member = "345678901234";
  Settings settings = stage.RoleSettings(
      {PermissionSet::kCostExplorer, PermissionSet::kOrganization, PermissionSet::kTagActivation});
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", member, "farthing");
  settings.export_place = ExportPlace();
  const Connection connection = stage.Onboard(settings);
  stage.aws().Inject(
      {.kind = rehearsal::FaultKind::kDeny, .service = "ce", .action = "ListCostAllocationTags"});
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(report.Find("organization")->status, CheckStatus::kPass);
  EXPECT_EQ(report.Find("cost-explorer")->status, CheckStatus::kPass);
  for (const char* id : {"member-accounts", "organization-units", "allocation-tags"}) {
    EXPECT_EQ(report.Find(id)->status, CheckStatus::kSkipped) << id;
    EXPECT_EQ(report.Find(id)->finding, "only the management account may ask") << id;
  }
}

/// Cost Explorer refuses days that lie ahead by its clock, which need not be ours.
TEST(TypesTest, CostExplorerIsAskedByTheClockOfAws) {
  constexpr std::int64_t kTwoDays = 2 * 86'400;
  rehearsal::Options behind = EmptyWorld();
  behind.clock = Instant{Now().micros - kTwoDays * 1'000'000};
  for (const bool is_skewed : {false, true}) {
    Stage stage(is_skewed ? EmptyWorld() : behind);
    const Connection connection = stage.Onboard(
        stage.RoleSettings({PermissionSet::kReadBilling, PermissionSet::kCostExplorer}));
    if (is_skewed) {
      stage.aws().Inject({.kind = rehearsal::FaultKind::kSkewClock, .amount = -kTwoDays});
    }
    const CheckReport report = stage.Check(connection);
    EXPECT_EQ(report.Find("cost-explorer")->status, CheckStatus::kPass) << Told(report);
  }
}

/// A month of one account as Cost Explorer tells it to an administrator.
Decimal CostOf(Stage& stage, const std::string& metric, const std::string& asked_by,
               const std::string& account) {
  const Instant now = stage.aws().now();
  aws::CostQuery query;
  query.start = DayString(PeriodOf(now).start());
  query.end = DayString({now.micros + std::int64_t{86'400} * 1'000'000});
  query.granularity = "MONTHLY";
  query.metrics = {metric};
  query.dimensions = {"LINKED_ACCOUNT"};
  const aws::CostAnswer answer = Must(aws::GetCostAndUsage(*stage.Admin(asked_by), query, 10));
  Decimal sum;
  for (const aws::CostGroup& group : answer.groups) {
    if (group.keys.front() != account) {
      EXPECT_EQ(asked_by, stage.aws().payer()) << "a member is told of " << group.keys.front();
      continue;
    }
    sum = Must(Add(sum, Must(ParseDecimal(group.amounts.at(metric)))));
  }
  return Canonical(sum);
}

/// AWS delivers a member its own usage, no one else's.
/// Source: AWS CUR user guide, "Using consolidated billing".
TEST(TypesTest, AMemberWithAReportOfItsOwn) {
  const std::string member = "345678901234";
  for (const ExportKind kind : kEveryKind) {
    SCOPED_TRACE(Name(kind));
    rehearsal::Options world = EmptyWorld();
    world.clock = Must(ParseInstant("2026-11-20T08:00:00Z"));
    Stage stage(world);
    Settings settings = stage.RoleSettings();
    settings.type = ConnectionType::kMember;
    settings.role_arn = RoleArn("aws", member, "farthing");
    settings.export_place = ExportPlace();
    settings.export_place.kind = kind;
    const Connection connection = stage.Create(settings);
    stage.CreateStack(connection, Purpose::kNewExport);
    EXPECT_FALSE(stage.Check(connection).HasFailed());
    Must(stage.aws().Advance(std::chrono::hours(30)));
    EXPECT_TRUE(stage.Gather(connection).bill_data_ready);
    const Period month = PeriodOf(stage.aws().now());
    const std::vector<lake::Load> loads =
        Must(stage.catalog().ActiveLoads({month, month, std::nullopt}));
    ASSERT_EQ(loads.size(), 1U);
    const lake::Load& load = loads.front();
    EXPECT_EQ(load.sub_accounts, std::vector<std::string>{member});
    EXPECT_EQ(load.billing_accounts, std::vector<std::string>{stage.aws().payer()});
    const bool focus = kind == ExportKind::kFocus || kind == ExportKind::kFocus10;
    const std::string metric = focus ? "NetUnblendedCost" : "UnblendedCost";
    const Decimal delivered = Canonical(load.totals.at(focus ? "billed_cost" : "unblended_cost"));
    EXPECT_NE(delivered.units, 0);
    EXPECT_EQ(delivered, CostOf(stage, metric, stage.aws().payer(), member));
    EXPECT_EQ(delivered, CostOf(stage, metric, member, member));
  }
}

TEST(TypesTest, AMemberMayReadTheBillInItsPayersBucket) {
  Stage stage;
  const std::string member = "345678901234";
  Settings settings = stage.RoleSettings();
  settings.type = ConnectionType::kMember;
  settings.role_arn = RoleArn("aws", member, "farthing");
  // The bucket's policy lets the member's role in.
  settings.bucket_owner = stage.aws().payer();
  const Connection connection = stage.Onboard(settings);
  stage.AdminPut(
      "/example-billing-exports", "policy",
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
          settings.role_arn +
          R"("},"Action":["s3:ListBucket","s3:GetObject"],"Resource":["arn:aws:s3:::example-billing-exports","arn:aws:s3:::example-billing-exports/*"]},{"Effect":"Allow","Principal":{"Service":["billingreports.amazonaws.com","bcm-data-exports.amazonaws.com"]},"Action":["s3:PutObject","s3:GetBucketPolicy"],"Resource":["arn:aws:s3:::example-billing-exports","arn:aws:s3:::example-billing-exports/*"]}]})");
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "loaded, loaded");
}

TEST(TypesTest, ABucketWithKeysAndNoAwsBehindIt) {
  Stage stage;
  PolicyScope scope;
  scope.is_aws = false;
  scope.bucket = "example-billing-exports";
  scope.prefix = "billing";
  const auto [id, secret] =
      stage.MakeUser("copier", Must(MinimumPolicy({PermissionSet::kReadBilling}, scope)));
  Settings settings;
  settings.name = "archive";
  settings.type = ConnectionType::kBucket;
  settings.endpoint = stage.aws().endpoint();
  settings.access_key_id = id;
  settings.export_place.bucket = scope.bucket;
  settings.export_place.prefix = scope.prefix;
  const Connection connection = stage.Create(settings, secret);
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "loaded, loaded");
  EXPECT_EQ(LinesInLake(stage), LinesAtAws(stage));
}

/// Bills of one month as files, and how many lines they have.
std::int64_t WriteBills(const fs::path& directory) {
  sim::BillOptions bill;
  bill.lines = 600;
  bill.months = 1;
  bill.formats = {sim::BillFormat::kCur1Csv};
  bill.out = directory;
  return Must(sim::WriteBill(bill)).months.begin()->second.all.rows;
}

TEST(TypesTest, ADirectoryThatSomethingElseFills) {
  Stage stage;
  Settings settings;
  settings.name = "copies";
  settings.type = ConnectionType::kDirectory;
  settings.directory = stage.data() / "inbox";
  WriteBills(settings.directory);
  const Connection connection = stage.Create(settings);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "loaded");
  EXPECT_EQ(Must(stage.store().Find("copies")).state, State::kConnected);
  const std::size_t events = Must(stage.store().Events(connection.id, 1000)).size();
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "");
  EXPECT_EQ(Must(stage.store().Events(connection.id, 1000)).size(), events);
}

TEST(TypesTest, ABucketOfAnS3ServerThatNobodyHereWrote) {
  const std::unique_ptr<referee::Service> server = referee::Service::Start("start_s3");
  if (server == nullptr) GTEST_SKIP() << "run scripts/install_services s3";
  Stage stage;
  const fs::path files = stage.data() / "bills";
  WriteBills(files);
  const std::string bucket = "bills";
  const auto root = referee::ClientOf(*server, "AKIDROOT", "rootsecretrootsecret");
  aws::Call make{aws::Service::kS3, "CreateBucket"};
  make.method = "PUT";
  make.bucket = bucket;
  ASSERT_TRUE(root->Send(make).ok());
  aws::S3 s3(root, {});
  const std::vector<fs::path> all = Must(ListTree(files));
  for (const fs::path& file : all) {
    Must(s3.Put(bucket, fs::relative(file, files).string(),
                Must(ReadFile(file, std::uint64_t{64} << 20))));
  }
  Settings settings;
  settings.name = "archive";
  settings.type = ConnectionType::kBucket;
  settings.endpoint = server->url().ToString();
  settings.access_key_id = "AKIDROOT";
  settings.export_place.bucket = bucket;
  const Connection connection = stage.Create(settings, "rootsecretrootsecret");
  const CheckReport report = stage.Check(connection);
  EXPECT_FALSE(report.HasFailed()) << Told(report);
  EXPECT_EQ(Outcomes(stage.Gather(connection)), "loaded");
}

}  // namespace
}  // namespace farthing::connect
