// The export that is collected is not in the account's list any more: it was deleted, or it never was this account's and
// its files are copied here.  What lies in the bucket tells which.

#include <gtest/gtest.h>

#include <boost/algorithm/string/replace.hpp>

#include "aws/billing_exports.h"
#include "base/text.h"
#include "sim/aws/test_signer.h"
#include "tests/connect/stage.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;

constexpr const char* kAnother = "345678901234";
constexpr const char* kDeleted = "stopped: the export was deleted";

rehearsal::Options HoursAgo(int hours) {
  rehearsal::Options options = EmptyWorld();
  options.clock = Instant{Now().micros - std::int64_t{hours} * 3'600'000'000};
  return options;
}

/// A connection that has collected an export named "bills", and what becomes of both.
class Scene {
 public:
  explicit Scene(ExportKind kind, int hours_ago = 0) : stage_(HoursAgo(hours_ago)), kind_(kind) {
    Settings settings = stage_.RoleSettings();
    settings.export_place = stage_.AddExport(kind, "payer-bills", "billing");
    if (kind == ExportKind::kLegacyCur) {
      report_ = Must(aws::DescribeReportDefinitions(*stage_.Admin())).front();
    } else {
      data_export_ = Must(aws::ListDataExports(*stage_.Admin())).front();
    }
    connection_ = stage_.Onboard(settings);
    if (hours_ago > 0) return;  // too late to be verified
    EXPECT_FALSE(stage_.Check(connection_).HasFailed());
    EXPECT_FALSE(stage_.Gather(connection_).deliveries.empty());
    connection_ = Must(stage_.store().Find("production"));
  }
  Stage& stage() { return stage_; }
  Connection& connection() { return connection_; }

  void DeleteExport() {
    const bool legacy = kind_ == ExportKind::kLegacyCur;
    const std::string arn = connection_.settings.export_place.arn;
    const rehearsal::Signer admin{stage_.aws().Admin(), ""};
    const auto gone = stage_.aws().Handle(
        legacy
            ? admin.Json("cur", "AWSOrigamiServiceGatewayService.DeleteReportDefinition",
                         R"({"ReportName":"bills"})")
            : admin.Json("bcm-data-exports", "AWSBillingAndCostManagementDataExports.DeleteExport",
                         R"({"ExportArn":")" + arn + "\"}"));
    EXPECT_EQ(gone.status, 200) << gone.body;
  }
  /// Another one with the same settings, as the console would make it.
  void MakeExport(const std::string& name) {
    const auto admin = stage_.Admin();
    if (kind_ == ExportKind::kLegacyCur) {
      report_.name = name;
      Must(aws::PutReportDefinition(*admin, report_));
    } else {
      data_export_.name = name;
      Must(aws::CreateDataExport(*admin, data_export_));
    }
    Must(stage_.aws().Deliver());
  }
  /// Every manifest as the export of another account would have written it, or torn.
  void Rewrite(const std::string& with) {
    aws::S3 s3(stage_.Admin(), {});
    const aws::Listing all = Must(s3.List("payer-bills", "billing/"));
    for (const aws::S3Object& object : all.objects) {
      if (!object.key.ends_with("-Manifest.json")) continue;
      std::string text = Must(s3.Get("payer-bills", object.key, 1 << 20));
      boost::replace_all(text, connection_.settings.account_id, with);
      stage_.AdminPut("/payer-bills/" + object.key, "", with.empty() ? "{" : text);
    }
    connection_.settings.export_place.arn.clear();  // nobody could have found it here
  }
  CheckResult Export() {
    looked_ = stage_.Look(connection_);
    return *looked_.Find("export");
  }
  const CheckReport& report() const { return looked_; }

 private:
  Stage stage_;
  ExportKind kind_;
  Connection connection_;
  aws::ReportDefinition report_;
  aws::DataExport data_export_;
  CheckReport looked_;
};

class VanishedExportTest : public testing::TestWithParam<ExportKind> {};

TEST_P(VanishedExportTest, IsAFailureHoweverYoungTheLastDeliveryIs) {
  Scene scene(GetParam());
  scene.DeleteExport();
  const CheckResult result = scene.Export();
  EXPECT_EQ(result.status, kFail) << Told(scene.report());
  EXPECT_NE(result.cause.find(kDeleted), std::string::npos) << result.cause;
  EXPECT_NE(result.fix.find("--new-export " + std::string(Name(GetParam()))), std::string::npos)
      << result.fix;
  EXPECT_EQ(result.connector_code, "FailedToFindReport");
  EXPECT_TRUE(scene.stage().Check(scene.connection()).HasFailed());
  const Connection now = Must(scene.stage().store().Find("production"));
  EXPECT_EQ(now.state, State::kDegraded);
  EXPECT_NE(now.cause.find(kDeleted), std::string::npos) << now.cause;
}

TEST_P(VanishedExportTest, IsTheCauseBesideOtherExportsToo) {
  Scene scene(GetParam());
  scene.MakeExport("second");
  scene.DeleteExport();
  const CheckResult result = scene.Export();
  EXPECT_EQ(result.status, kFail) << Told(scene.report());
  EXPECT_NE(result.cause.find(kDeleted), std::string::npos) << result.cause;
  EXPECT_NE(result.fix.find("--export NAME"), std::string::npos) << result.fix;
}

TEST_P(VanishedExportTest, WasNeverHereWhereAnotherAccountsFilesAreCopied) {
  Scene scene(GetParam());
  scene.DeleteExport();
  scene.Rewrite(kAnother);
  const CheckResult result = scene.Export();
  EXPECT_EQ(result.status, kWarning) << Told(scene.report());
  EXPECT_NE(result.cause.find(kAnother), std::string::npos) << result.cause;
  EXPECT_EQ(scene.report().Find("delivery")->status, kPass) << "the other checks go on";
}

TEST_P(VanishedExportTest, AnotherAccountsIsMissedWhenNothingIsCopiedAnyMore) {
  Scene scene(GetParam(), 24 * 5);
  scene.DeleteExport();
  scene.Rewrite(kAnother);
  const CheckResult result = scene.Export();
  EXPECT_EQ(result.status, kFail) << Told(scene.report());
  EXPECT_NE(result.cause.find(kDeleted), std::string::npos) << result.cause;
  EXPECT_NE(result.cause.find(kAnother), std::string::npos) << result.cause;
}

TEST_P(VanishedExportTest, AgeDecidesWhereNoManifestSaysWhoseItIs) {
  for (const int hours : {0, 24 * 5}) {
    Scene scene(GetParam(), hours);
    scene.DeleteExport();
    scene.Rewrite("");
    EXPECT_EQ(scene.Export().status, hours == 0 ? kWarning : kFail) << Told(scene.report());
  }
}

TEST_P(VanishedExportTest, ABucketThatRefusesIsToldByItsOwnCheck) {
  Scene scene(GetParam());
  scene.DeleteExport();
  scene.stage().SetPolicy(scene.connection(),
                          Without(scene.stage().PolicyOf(scene.connection()), "s3:ListBucket"));
  EXPECT_EQ(scene.Export().status, kWarning) << Told(scene.report());
  EXPECT_EQ(scene.report().Find("bucket-list")->status, kFail) << Told(scene.report());
}

TEST_P(VanishedExportTest, IsFoundAgainWhenItWasMadeAnewUnderItsName) {
  Scene scene(GetParam());
  const std::string before = scene.connection().settings.export_place.arn;
  scene.DeleteExport();
  scene.MakeExport("bills");
  EXPECT_EQ(scene.Export().status, kPass) << Told(scene.report());
  EXPECT_FALSE(scene.stage().Check(scene.connection()).HasFailed());
  const Settings now = Must(scene.stage().store().Find("production")).settings;
  EXPECT_EQ(now.export_place.arn == before, before.empty()) << "the old one is gone";
}

TEST_P(VanishedExportTest, OneOfAnotherKindThanTheSettingsSayIsNotDeleted) {
  Scene scene(GetParam());
  ExportPlace& place = scene.connection().settings.export_place;
  PolicyDocument both = scene.stage().PolicyOf(scene.connection());
  PolicyStatement lists;
  lists.sid = "ListsOfEitherKind";
  lists.actions = {"cur:DescribeReportDefinitions", "bcm-data-exports:ListExports",
                   "bcm-data-exports:GetExport"};
  lists.resources = {"*"};
  both.statements.push_back(lists);
  scene.stage().SetPolicy(scene.connection(), both);
  const bool is_legacy = GetParam() == ExportKind::kLegacyCur;
  for (const ExportKind wrong :
       {is_legacy ? ExportKind::kCur2 : ExportKind::kLegacyCur, ExportKind::kFocus}) {
    place.kind = wrong;
    const CheckResult result = scene.Export();
    EXPECT_EQ(result.status, kFail) << Told(scene.report());
    EXPECT_EQ(result.cause.find(kDeleted), std::string::npos) << result.cause;
    EXPECT_NE(result.cause.find("--export-kind " + std::string(Name(wrong))), std::string::npos)
        << result.cause;
    EXPECT_NE(result.fix.find("--export-kind " + std::string(Name(GetParam()))), std::string::npos)
        << result.fix;
    place.arn.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, VanishedExportTest,
                         testing::Values(ExportKind::kLegacyCur, ExportKind::kCur2),
                         [](const auto& test) {
                           return test.param == ExportKind::kLegacyCur ? "Legacy" : "Cur2";
                         });

}  // namespace
}  // namespace farthing::connect
