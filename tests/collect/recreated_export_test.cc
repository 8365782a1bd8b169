// An export that someone deletes and makes anew under its name, amid a month: to AWS it is another one, and it writes where
// the first one did.

#include <gtest/gtest.h>

#include "aws/billing_exports.h"
#include "sim/aws/test_signer.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

void MakeAnew(Gathering& gathering) {
  const auto admin = gathering.stage().Admin();
  const aws::DataExport before = Must(aws::ListDataExports(*admin)).front();
  const rehearsal::Signer signer{gathering.aws().Admin(), ""};
  const auto gone = gathering.aws().Handle(
      signer.Json("bcm-data-exports", "AWSBillingAndCostManagementDataExports.DeleteExport",
                  R"({"ExportArn":")" + before.arn + "\"}"));
  ASSERT_EQ(gone.status, 200) << gone.body;
  Must(aws::CreateDataExport(*admin, before));
  ASSERT_NE(Must(aws::ListDataExports(*admin)).front().arn, before.arn);
}

class RecreatedExportTest : public testing::TestWithParam<bool> {};

TEST_P(RecreatedExportTest, TheNewOneIsTheBillOfItsMonths) {
  rehearsal::Options options = FixedWorld();
  options.exports = {{sim::BillFormat::kCur2Csv, "bills"}};
  Gathering gathering(options);
  Must(gathering.Collect());
  const lake::Load old = gathering.Loads().back();
  MakeAnew(gathering);
  if (GetParam()) gathering.aws().Restate(Current(gathering.aws()));
  Must(gathering.aws().Advance(std::chrono::seconds(1)));
  Must(gathering.aws().Deliver());
  const CollectSummary summary = Must(gathering.Collect());
  ASSERT_FALSE(summary.notes.empty());
  EXPECT_NE(summary.notes.front().find("was deleted and made anew"), std::string::npos)
      << summary.notes.front();
  const lake::Load now = gathering.Loads().back();
  EXPECT_NE(now.export_id, old.export_id);
  EXPECT_EQ(now.period, old.period);
  gathering.ExpectExact();
  for (int i = 0; i < 2; ++i) {  // and it goes on
    gathering.Deliver();
    EXPECT_TRUE(Must(gathering.Collect()).notes.empty());
    EXPECT_EQ(gathering.Loads().back().export_id, now.export_id);
    gathering.ExpectExact();
  }
}

INSTANTIATE_TEST_SUITE_P(Content, RecreatedExportTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Restated" : "TheSame"; });

}  // namespace
}  // namespace farthing::connect
