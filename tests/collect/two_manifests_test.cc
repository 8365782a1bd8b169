// One delivery with two manifests, as AWS writes them: of a legacy Parquet report below the period's dates and beside the
// files, of a report that keeps its assemblies in each and above them.  It is fetched once.

#include <gtest/gtest.h>

#include "aws/billing_exports.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

constexpr const char* kBucket = "example-billing-exports";

rehearsal::Options WorldOf(sim::BillFormat format) {
  rehearsal::Options options = FixedWorld();
  options.exports = {{format, "bills"}};
  return options;
}

class TwoManifests {
 public:
  explicit TwoManifests(sim::BillFormat format) : gathering_(WorldOf(format)) {}

  Gathering& gathering() { return gathering_; }

  /// Collects, and returns which data files were asked for.
  std::vector<std::string> FilesFetched() {
    gathering_.aws().ForgetRequests();
    const CollectSummary summary = Must(gathering_.Collect());
    EXPECT_TRUE(summary.failures.empty());
    EXPECT_TRUE(summary.deliveries.empty() || summary.bytes > 0);
    std::vector<std::string> files;
    for (const rehearsal::RequestRecord& request : gathering_.aws().Requests()) {
      const bool is_data = request.resource.find("-0") != std::string::npos;
      if (request.action == "GetObject" && is_data) files.push_back(request.resource);
    }
    return files;
  }

  std::vector<std::string> ManifestsOf(Period period) {
    const std::string month = "/month=" + std::to_string(period.month) + "/";
    std::string dates = "/" + ToString(period) + "01-";
    dates.erase(dates.find('-'), 1);
    std::vector<std::string> keys;
    aws::S3 s3(gathering_.stage().Admin(), {});
    for (const aws::S3Object& object : Must(s3.List(kBucket, "")).objects) {
      const bool is_of = object.key.find(month) != std::string::npos ||
                         object.key.find(dates) != std::string::npos;
      if (is_of && object.key.ends_with("-Manifest.json")) keys.push_back(object.key);
    }
    return keys;
  }

  std::string Read(const std::string& key) {
    aws::S3 s3(gathering_.stage().Admin(), {});
    return Must(s3.Get(kBucket, key, std::uint64_t{1} << 30));
  }

 private:
  Gathering gathering_;
};

TEST(TwoManifestsTest, AParquetReportIsFetchedOnce) {
  TwoManifests two(sim::BillFormat::kCur1Parquet);
  ASSERT_EQ(two.ManifestsOf(Current(two.gathering().aws())).size(), 2u);
  EXPECT_EQ(two.FilesFetched().size(), 2u) << "a file of either month";
  EXPECT_EQ(two.FilesFetched().size(), 0u);
  two.gathering().Deliver();
  EXPECT_EQ(two.FilesFetched().size(), 1u);
  two.gathering().ExpectExact();
}

/// AWS writes one manifest after the other: what came by the first is there when the second says the same.
TEST(TwoManifestsTest, TheSecondManifestOfADeliveryBringsNothingNew) {
  TwoManifests two(sim::BillFormat::kCur1Parquet);
  two.FilesFetched();
  const std::vector<std::string> keys = two.ManifestsOf(Current(two.gathering().aws()));
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<std::string> before;
    for (const std::string& key : keys) before.push_back(two.Read(key));
    two.gathering().Deliver();
    const std::string late = two.Read(keys[turn]);
    Must(two.gathering().aws().PutObject(kBucket, keys[turn], before[turn]));
    Must(two.gathering().aws().Advance(std::chrono::minutes(11)));
    Must(two.gathering().aws().PutObject(kBucket, keys[1 - turn], two.Read(keys[1 - turn])));
    EXPECT_EQ(two.FilesFetched().size(), 1u);
    two.gathering().ExpectExact();
    Must(two.gathering().aws().Advance(std::chrono::minutes(11)));
    Must(two.gathering().aws().PutObject(kBucket, keys[turn], late));
    EXPECT_EQ(two.FilesFetched().size(), 0u);
    two.gathering().ExpectExact();
  }
}

TEST(TwoManifestsTest, AnAssemblyAndThePeriodAboveItAreOneDelivery) {
  TwoManifests two(sim::BillFormat::kCur1Csv);
  const auto admin = two.gathering().stage().Admin();
  aws::ReportDefinition report = Must(aws::DescribeReportDefinitions(*admin)).front();
  report.versioning = "CREATE_NEW_REPORT";
  Must(aws::ModifyReportDefinition(*admin, report));
  two.gathering().Deliver();
  two.FilesFetched();
  // The period's own manifest is torn at first: its assembly's stands in.
  two.gathering().Deliver();
  std::string own;
  for (const std::string& key : two.ManifestsOf(Current(two.gathering().aws()))) {
    if (own.empty() || key.size() < own.size()) own = key;
  }
  const std::string whole = two.Read(own);
  Must(two.gathering().aws().PutObject(kBucket, own, whole.substr(0, 40)));
  EXPECT_EQ(two.FilesFetched().size(), 1u);
  two.gathering().ExpectExact();
  Must(two.gathering().aws().PutObject(kBucket, own, whole));
  EXPECT_EQ(two.FilesFetched().size(), 0u);
  two.gathering().ExpectExact();
}

}  // namespace
}  // namespace farthing::connect
