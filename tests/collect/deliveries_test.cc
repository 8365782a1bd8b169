// Collecting deliveries as buckets really hold them: nothing new, overwritten, half written, odd keys, several at once.

#include <gtest/gtest.h>

#include <thread>

#include "aws/billing_exports.h"
#include "base/files.h"
#include "connect/collecting/download_folder.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

using rehearsal::FaultKind;

constexpr const char* kBucket = "example-billing-exports";

std::string CurrentText(Gathering& gathering) { return ToString(Current(gathering.aws())); }

TEST(CollectTest, AnUnchangedBucketOfThreeYearsCostsAHandfulOfRequests) {
  rehearsal::Options options = FixedWorld();
  options.lines_per_month = 500;
  options.months = 36;
  Gathering gathering(options);
  EXPECT_EQ(Must(gathering.Collect()).deliveries.size(), 37u);
  gathering.aws().ForgetRequests();
  const CollectSummary summary = Must(gathering.Collect());
  EXPECT_TRUE(summary.deliveries.empty());
  EXPECT_LE(gathering.aws().Requests().size(), 5u);
  EXPECT_EQ(summary.bytes, 0u);
}

TEST(CollectTest, HalfOfTheNextDeliveryIsNotTaken) {
  rehearsal::Options options = FixedWorld();
  options.lines_per_file = 300;
  Gathering gathering(options);
  Must(gathering.Collect());
  const auto before = Sums(gathering.Loads().back());
  // The first file of another delivery, with the old manifest still in place.
  const std::string key =
      "billing/bills/data/BILLING_PERIOD=" + CurrentText(gathering) + "/bills-00001.csv.gz";
  aws::S3 s3(gathering.stage().Admin(), {});
  const std::string second = Must(s3.Get(
      kBucket, std::string(key).replace(key.find("00001"), 5, "00002"), std::uint64_t{1} << 30));
  Must(gathering.aws().Advance(std::chrono::minutes(1)));
  Must(gathering.aws().PutObject(kBucket, key, second));
  EXPECT_EQ(gathering.Outcomes(), std::vector<std::string>{"unfinished " + CurrentText(gathering)});
  EXPECT_EQ(gathering.Outcomes(), std::vector<std::string>{"unfinished " + CurrentText(gathering)});
  EXPECT_EQ(Sums(gathering.Loads().back()), before);
  EXPECT_EQ(Must(gathering.stage().store().Find("production")).state, State::kConnected);
  gathering.Deliver();
  EXPECT_EQ(gathering.Outcomes(), std::vector<std::string>{"loaded " + CurrentText(gathering)});
  gathering.ExpectExact();
}

TEST(CollectTest, FilesThatStayYoungerThanTheirManifestAreTakenInTheEnd) {
  Gathering gathering;
  const std::string folder = "billing/bills/";
  aws::S3 s3(gathering.stage().Admin(), {});
  // As a copy that something else made, in any order.
  const std::string key =
      folder + "data/BILLING_PERIOD=" + CurrentText(gathering) + "/bills-00001.csv.gz";
  Must(gathering.aws().Advance(std::chrono::minutes(1)));
  Must(gathering.aws().PutObject(kBucket, key, Must(s3.Get(kBucket, key, 1u << 30))));
  const std::vector<std::string> first = gathering.Outcomes();
  EXPECT_EQ(first.front(), "unfinished " + CurrentText(gathering));
  Must(gathering.stage().store().database().Run(
      "UPDATE collected SET collected_at = '2020-01-01T00:00:00Z' WHERE outcome = 'unfinished'",
      {}));
  EXPECT_EQ(gathering.Outcomes(), std::vector<std::string>{"loaded " + CurrentText(gathering)});
  gathering.ExpectExact();
}

TEST(CollectTest, WhatAnInterruptedDownloadLeftIsNotTakenForBills) {
  rehearsal::Options options = FixedWorld();
  options.lines_per_file = 300;
  Gathering gathering(options);
  // The second file of the newest period cannot be read: its first file stays on the disk.
  gathering.aws().Inject({.kind = FaultKind::kDeny, .resource = "*00002*"});
  CollectOptions one_by_one;
  one_by_one.parallel = 1;
  EXPECT_EQ(Must(gathering.Collect(one_by_one)).failures.size(), 2u);
  gathering.aws().ClearFaults();
  EXPECT_FALSE(gathering.Leftovers().empty());
  Must(gathering.aws().Advance(std::chrono::hours(24 * 14)));  // into the next month
  Must(gathering.Collect());
  EXPECT_EQ(Must(gathering.stage().catalog().Exports()).size(), 1u);
  gathering.ExpectExact();
}

TEST(CollectTest, ADeliveryThatIsTooLargeIsRefusedBeforeTheDownload) {
  Gathering gathering;
  CollectOptions options;
  options.disk_limit_bytes = 1000;
  const CollectSummary summary = Must(gathering.Collect(options));
  ASSERT_EQ(summary.failures.size(), 2u);  // smaller ones would have come in
  for (const CollectFailure& failure : summary.failures) {
    EXPECT_EQ(failure.error.code(), Errc::kTooLarge);
    EXPECT_NE(failure.error.hint().find("--disk-limit"), std::string::npos);
  }
  EXPECT_EQ(gathering.Leftovers(), std::vector<std::string>());
  Must(gathering.Collect());
  gathering.ExpectExact();
}

TEST(CollectTest, ACancelledCollectionGoesOnLater) {
  Gathering gathering;
  http::Cancellation cancellation;
  CollectOptions options;
  options.cancellation = &cancellation;
  options.observer = [&](const CollectProgress& progress) {
    if (progress.what.starts_with("downloading")) cancellation.Cancel();
  };
  const Result<CollectSummary> summary = gathering.Collect(options);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), Errc::kDeadline);
  Must(gathering.Collect());
  gathering.ExpectExact();
}

TEST(CollectTest, ACreateNewReportIsReadFromItsNewestCompleteAssembly) {
  rehearsal::Options options = FixedWorld();
  options.exports = {{sim::BillFormat::kCur1Csv, "bills"}};
  Gathering gathering(options);
  // From now on every delivery is a new assembly.
  const auto reports = Must(aws::DescribeReportDefinitions(*gathering.stage().Admin()));
  ASSERT_EQ(reports.size(), 1u);
  aws::ReportDefinition report = reports.front();
  report.versioning = "CREATE_NEW_REPORT";
  Must(aws::ModifyReportDefinition(*gathering.stage().Admin(), report));
  gathering.Deliver();
  Must(gathering.Collect());
  for (int i = 0; i < 3; ++i) {
    gathering.Deliver();
    EXPECT_EQ(gathering.Outcomes(), std::vector<std::string>{"loaded " + CurrentText(gathering)});
    gathering.ExpectExact();
  }
  const auto whole = Sums(gathering.Loads().back());
  gathering.aws().Inject({.kind = FaultKind::kMissingFile, .count = 1});
  gathering.Deliver();
  EXPECT_EQ(gathering.Outcomes().front(), "incomplete " + CurrentText(gathering));
  EXPECT_EQ(Sums(gathering.Loads().back()), whole);
}

TEST(CollectTest, TwoConnectionsCollectAtOnceAndKeepTheirExportsApart) {
  rehearsal::Options options = FixedWorld();
  options.exports = {{sim::BillFormat::kCur2Csv, "bills"}, {sim::BillFormat::kCur1Csv, "legacy"}};
  Gathering gathering(options);
  Stage& stage = gathering.stage();
  Settings other = stage.RoleSettings();
  other.name = "second";
  other.role_arn = RoleArn("aws", stage.aws().payer(), "farthing-second");
  other.export_place.kind = ExportKind::kLegacyCur;
  other.export_place.name = "legacy";
  const Connection second = stage.Create(other);
  Must(stage.aws().CreateRole(
      stage.aws().payer(), "farthing-second",
      TrustOf(stage.aws().Platform().user_arn, second.settings.external_id),
      {{"all",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","cur:*"],"Resource":"*"}]})"}}));
  Must(stage.store().SetState(second.id, State::kVerifying, ""));
  Must(stage.store().SetState(second.id, State::kWaiting, ""));

  // Each as its own process would: stores and catalogs belong to one thread.
  const auto collect = [&](const std::string& id) {
    const auto catalog = Must(lake::Catalog::Open(lake::Layout(stage.data())));
    const auto store = Must(Store::Open(catalog->layout().database()));
    KeySource key;
    key.default_file = stage.data() / "secret.key";
    const auto vault = Must(Vault::Open(store->database(), key));
    for (int tries = 0; tries < 200; ++tries) {
      const Result<CollectSummary> summary =
          Collect(*store, *vault, *catalog, stage.platform(), id, {});
      if (summary.ok()) return;
      ASSERT_EQ(summary.error().code(), Errc::kConflict) << summary.error().message();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL() << "never got its turn";
  };
  std::thread first([&] { collect(gathering.connection().id); });
  collect(second.id);
  first.join();
  for (const std::string& id : {gathering.connection().id, second.id}) {
    EXPECT_EQ(Must(stage.store().Find(id)).state, State::kConnected) << "waiting is no fault";
  }
  std::map<std::string, int> loads;
  for (const lake::Load& load : gathering.Loads()) {
    ++loads[load.export_name];
    EXPECT_EQ(Sums(load), Sums(stage.aws().Totals(load.period)));
  }
  EXPECT_EQ(loads, (std::map<std::string, int>{{"bills", 2}, {"legacy", 2}}));
  EXPECT_EQ(gathering.Leftovers(), std::vector<std::string>());
}

TEST(DownloadFolderTest, EveryKeyLiesBelowTheFolder) {
  const DownloadFolder folder("/data/downloads/1");
  for (const char* key :
       {"a/b.csv", "/etc/passwd", "//x", "a//b", "BILLING_PERIOD=2026-01/x+y z.gz",
        "r\xC3\xA9sum\xC3\xA9/\xE8\xB2\xBB\xE7\x94\xA8.csv", "a/..b", "a/b.."}) {
    const Result<fs::path> file = folder.FileOf(key);
    ASSERT_TRUE(file.ok()) << key;
    EXPECT_TRUE(file->string().starts_with("/data/downloads/1/bucket/")) << file->string();
  }
  for (const char* key : {"..", "a/../b", "../b", "a/.", "./a", ""}) {
    const Result<fs::path> file = folder.FileOf(key);
    ASSERT_FALSE(file.ok()) << key;
    EXPECT_EQ(file.error().code(), Errc::kPermissionDenied);
  }
}

}  // namespace
}  // namespace farthing::connect
