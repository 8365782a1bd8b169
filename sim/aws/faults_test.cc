// Faults of deliveries and of the organisation, as they show to who reads.

#include "sim/aws/faults.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/aws/test_signer.h"

namespace farthing::rehearsal {
namespace {

constexpr const char* kBucket = "/example-billing-exports";

class DeliveryFaultTest : public testing::Test {
 protected:
  DeliveryFaultTest() : aws_(StartAws(CsvExport())), admin_{aws_->Admin(), ""} {}

  static Options CsvExport() {
    Options options;
    options.exports = {{sim::BillFormat::kCur2Csv, "bill"}};
    return options;
  }
  std::string Folder(const std::string& kind) const {
    return "/billing/bill/" + kind + "/BILLING_PERIOD=" + ToString(PeriodOf(aws_->now())) + "/";
  }
  http::ServerResponse Get(const std::string& key) {
    return aws_->Handle(admin_.S3("GET", kBucket + http::PercentEncode(key, http::Slash::kKeep)));
  }
  std::string Manifest() { return Get(Folder("metadata") + "bill-Manifest.json").body; }
  std::string Exports() {
    return aws_
        ->Handle(admin_.Json("bcm-data-exports",
                             "AWSBillingAndCostManagementDataExports.ListExports", "{}"))
        .body;
  }
  /// Delivers with other content than before, whatever the hour.
  void Deliver() {
    aws_->Restate(PeriodOf(aws_->now()));
    ASSERT_TRUE(aws_->Advance(std::chrono::hours(9)).ok());
  }

  std::unique_ptr<Aws> aws_;
  Signer admin_;
};

TEST_F(DeliveryFaultTest, ADeliveryIsWholeWithoutFaults) {
  Deliver();
  const auto manifest = boost::json::parse(Manifest());
  const std::string file = manifest.at("dataFiles").at(0).as_string().c_str();
  EXPECT_EQ(file, "s3:/" + std::string(kBucket) + Folder("data") + "bill-00001.csv.gz");
  EXPECT_EQ(Get(Folder("data") + "bill-00001.csv.gz").status, 200);
}

TEST_F(DeliveryFaultTest, ATornManifestIsHalfAManifest) {
  aws_->Inject({.kind = FaultKind::kTearManifest, .count = 1});
  Deliver();
  boost::system::error_code failed;
  boost::json::parse(Manifest(), failed);
  EXPECT_TRUE(failed);
  Deliver();
  boost::json::parse(Manifest(), failed);
  EXPECT_FALSE(failed) << "the next delivery mends it";
}

TEST_F(DeliveryFaultTest, AFileThatTheManifestNamesMayBeMissing) {
  aws_->Inject({.kind = FaultKind::kMissingFile, .count = 1});
  Deliver();
  EXPECT_NE(Manifest().find("bill-00001.csv.gz"), std::string::npos);
  EXPECT_EQ(Get(Folder("data") + "bill-00001.csv.gz").status, 404);
}

TEST_F(DeliveryFaultTest, ASurplusFileStandsBesideThoseOfTheManifest) {
  aws_->Inject({.kind = FaultKind::kSurplusObject, .count = 1});
  Deliver();
  EXPECT_EQ(Get(Folder("data") + "bill-00099.csv.gz").status, 200);
  EXPECT_EQ(Manifest().find("00099"), std::string::npos);
}

TEST_F(DeliveryFaultTest, DeliveriesStopAndGoOn) {
  Deliver();
  const std::string before = Manifest();
  aws_->Inject({.kind = FaultKind::kStopDeliveries});
  Deliver();
  EXPECT_EQ(Manifest(), before);
  aws_->ClearFaults();
  Deliver();
  EXPECT_NE(Manifest(), before);
}

TEST_F(DeliveryFaultTest, AnExportFallsIll) {
  EXPECT_NE(Exports().find("\"StatusCode\":\"HEALTHY\""), std::string::npos) << Exports();
  aws_->Inject({.kind = FaultKind::kUnhealthy, .text = "BILL_OWNER_CHANGED"});
  Deliver();
  EXPECT_NE(Exports().find("\"StatusReason\":\"BILL_OWNER_CHANGED\""), std::string::npos)
      << Exports();
}

TEST_F(DeliveryFaultTest, AnObjectChangesWhileItIsRead) {
  Deliver();
  const std::string key = Folder("data") + "bill-00001.csv.gz";
  const std::string etag = *http::FindHeader(Get(key).headers, "ETag");
  aws_->Inject({.kind = FaultKind::kRedeliver, .service = "s3", .action = "GetObject", .count = 1});
  const std::string path = kBucket + http::PercentEncode(key, http::Slash::kKeep);
  EXPECT_EQ(
      aws_->Handle(admin_.S3("GET", path, "", {{"If-Match", etag}, {"Range", "bytes=0-9"}})).status,
      206);
  EXPECT_EQ(aws_->Handle(admin_.S3("GET", path, "", {{"If-Match", etag}, {"Range", "bytes=10-19"}}))
                .status,
            412);
}

TEST_F(DeliveryFaultTest, ABucketThatRefusesShowsInTheExport) {
  ASSERT_EQ(aws_->Handle(admin_.S3("DELETE", kBucket, "policy")).status, 204);
  Deliver();
  EXPECT_NE(Exports().find("\"StatusReason\":\"INSUFFICIENT_PERMISSION\""), std::string::npos)
      << Exports();
}

TEST(FaultsTest, CountsSkipsAndTurns) {
  Faults faults;
  faults.Add({.kind = FaultKind::kThrottle, .service = "s3", .count = 2, .every = 3, .skip = 1});
  std::string struck;
  for (int i = 0; i < 12; ++i)
    struck += faults.Strike("s3", "GetObject", "b/k").empty() ? '.' : 'x';
  EXPECT_EQ(struck, "...x..x.....");
  EXPECT_TRUE(faults.Strike("sts", "AssumeRole", "").empty());
  EXPECT_TRUE(faults.List().empty());
}

TEST(FaultsTest, NamesReadBack) {
  for (const char* const name :
       {"deny", "close", "redeliver", "skew-clock", "expire-tokens", "unhealthy"}) {
    const auto kind = ParseFaultKind(name);
    ASSERT_TRUE(kind.ok());
    EXPECT_EQ(Name(*kind), name);
  }
  EXPECT_FALSE(ParseFaultKind("other").ok());
}

}  // namespace
}  // namespace farthing::rehearsal
