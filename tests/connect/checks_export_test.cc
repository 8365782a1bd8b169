// Which export is meant, whether it is good enough, and where it delivers.

#include <gtest/gtest.h>

#include "aws/billing_exports.h"
#include "connect/exports/chosen_export.h"
#include "connect/exports/discovery.h"
#include "sim/aws/test_signer.h"
#include "tests/connect/printed_commands.h"
#include "tests/connect/trouble.h"

namespace farthing::connect {
namespace {

using enum CheckStatus;
using enum PermissionSet;

void ChangeReport(Stage& stage, void (*change)(aws::ReportDefinition&)) {
  const auto admin = stage.Admin();
  aws::ReportDefinition report = Must(aws::DescribeReportDefinitions(*admin)).front();
  change(report);
  Must(aws::ModifyReportDefinition(*admin, report));
}

void ChangeExport(Stage& stage, void (*change)(aws::DataExport&)) {
  const auto admin = stage.Admin();
  aws::DataExport wanted = Must(aws::ListDataExports(*admin)).front();
  change(wanted);
  Must(aws::UpdateDataExport(*admin, wanted));
}

}  // namespace

const std::vector<Trouble>& ExportTroubles() {
  static const std::vector<Trouble> troubles{
      Denied("ReportsAreDenied", "report-definition", "cur:DescribeReportDefinitions",
             "AccessDeniedException", "AccessDeniedReportDefinitions", ExportKind::kLegacyCur),
      Denied("ExportsAreDenied", "export-definition", "bcm-data-exports:ListExports",
             "AccessDeniedException", "AccessDeniedReportDefinitions"),
      {"NoExportAtAll", "export", kFail,
       [](Stage& stage, Connection& connection) {
         const rehearsal::Signer admin{stage.aws().Admin(), ""};
         const auto gone = stage.aws().Handle(
             admin.Json("cur", "AWSOrigamiServiceGatewayService.DeleteReportDefinition",
                        R"({"ReportName":"bills"})"));
         EXPECT_EQ(gone.status, 200) << gone.body;
         connection.settings.export_place.bucket.clear();
       },
       "nothing delivers a bill", "--new-export cur2", "", "FailedToFindReport",
       ExportKind::kLegacyCur},
      {"ExportHasAnotherName", "export", kFail,
       [](Stage&, Connection& connection) { connection.settings.export_place.name = "other"; },
       "no export has that name", "--export NAME", "", "FailedToFindReport"},
      {"PrefixIsWrong", "export", kFail,
       [](Stage&, Connection& connection) {
         connection.settings.export_place.prefix = "elsewhere";
       },
       "AWS delivers to s3://payer-bills/billing, the settings say s3://payer-bills/elsewhere",
       "--prefix billing", "", "FailedToFindReport"},
      {"BucketIsWrong", "export", kFail,
       [](Stage&, Connection& connection) { connection.settings.export_place.bucket = "other"; },
       "AWS delivers to s3://payer-bills/billing, the settings say s3://other/billing",
       "--bucket payer-bills --prefix billing", "", "FailedToFindReport"},
      {"SeveralExports", "export", kFail,
       [](Stage& stage, Connection& connection) {
         aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
         second.name = "second";
         Must(aws::CreateDataExport(*stage.Admin(), second));
         connection.settings.export_place = ExportPlace();
         connection.settings.export_place.kind = ExportKind::kCur2;
       },
       "none was chosen", "--export NAME", "", "FailedToFindReport"},
      {"ExportIsNoBill", "export", kFail,
       [](Stage& stage, Connection&) {
         ChangeExport(stage, [](aws::DataExport& wanted) {
           wanted.query = "SELECT line_item_product_code FROM COST_AND_USAGE_REPORT";
         });
       },
       "no complete bill", "line_item_unblended_cost", "", "ReportIsNotValid"},
      {"ReportWithoutResources", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.schema_elements.clear(); });
       },
       "no cost can be traced to a resource", "Include resource IDs", "", "",
       ExportKind::kLegacyCur},
      {"ReportByTheDay", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.time_unit = "DAILY"; });
       },
       "by the hour", "HOURLY", "", "", ExportKind::kLegacyCur},
      {"ReportIsNotRefreshed", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.refresh_closed_reports = false; });
       },
       "refunds", "RefreshClosedReports → true", "", "", ExportKind::kLegacyCur},
      {"ReportMakesNewCopies", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) {
           d.artifacts.clear();
           d.versioning = "CREATE_NEW_REPORT";
         });
       },
       "one more complete copy", "ReportVersioning → OVERWRITE_REPORT: AWS cannot change this", "",
       "", ExportKind::kLegacyCur},
      {"ReportWithoutAthena", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeReport(stage, [](aws::ReportDefinition& d) { d.artifacts.clear(); });
       },
       "cannot be queried with Amazon Athena", "AdditionalArtifacts → ATHENA: edit the report", "",
       "", ExportKind::kLegacyCur},
      {"ExportMakesNewCopies", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeExport(stage,
                      [](aws::DataExport& wanted) { wanted.overwrite = "CREATE_NEW_REPORT"; });
       },
       "one more complete copy", "Overwrite → OVERWRITE_REPORT: edit the report"},
      {"ExportWithoutResources", "export", kWarning,
       [](Stage& stage, Connection&) {
         ChangeExport(stage, [](aws::DataExport& wanted) {
           wanted.table_properties["INCLUDE_RESOURCES"] = "FALSE";
         });
       },
       "no cost can be traced to a resource", "INCLUDE_RESOURCES → TRUE"},
  };
  return troubles;
}

INSTANTIATE_TEST_SUITE_P(Export, CheckTest, testing::ValuesIn(ExportTroubles()), NameOfTrouble);

namespace {

std::vector<std::string> Worst(const std::vector<Shortcoming>& found) {
  std::vector<std::string> fields;
  for (const Shortcoming& one : found) {
    if (one.harm == Harm::kBill) fields.push_back(one.field);
  }
  return fields;
}

TEST(CheckListTest, FormatsThatCannotBeReadAreSevere) {
  aws::ReportDefinition report;
  for (const auto& [format, compression] :
       {std::pair{"Parquet", "Parquet"}, {"textORcsv", "GZIP"}, {"textORcsv", "ZIP"}}) {
    report.format = format;
    report.compression = compression;
    EXPECT_TRUE(Worst(Judge(report)).empty()) << format;
  }
  report.format = "ORC";
  EXPECT_EQ(Worst(Judge(report)), std::vector<std::string>{"Format"});
  aws::DataExport focus;
  focus.table = "FOCUS_1_2_AWS";
  focus.query = "SELECT * FROM FOCUS_1_2_AWS";
  for (const auto& [format, compression] :
       {std::pair{"PARQUET", "PARQUET"}, {"TEXT_OR_CSV", "GZIP"}, {"TEXT_OR_CSV", "ZIP"}}) {
    focus.format = format;
    focus.compression = compression;
    EXPECT_TRUE(Worst(Judge(focus)).empty()) << format;
  }
  focus.format = "ORC";
  EXPECT_EQ(Worst(Judge(focus)), std::vector<std::string>{"Format"});
}

TEST(ExportMeantTest, CollectingNeverGuessesAmongSeveral) {
  Stage stage;
  const Connection connection = stage.Onboard(stage.RoleSettings());
  aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
  second.name = "second";
  second.prefix = "more";
  Must(aws::CreateDataExport(*stage.Admin(), second));
  Connection open = connection;
  open.settings.export_place = ExportPlace();
  const auto client = stage.ClientOf(connection);
  const auto guessed = PlaceMeant(open, *client);
  ASSERT_FALSE(guessed.ok());
  EXPECT_EQ(guessed.error().code(), Errc::kNotFound);
  EXPECT_NE(guessed.error().message().find("bills, second"), std::string::npos)
      << guessed.error().message();
  open.settings.export_place.name = "second";
  EXPECT_EQ(Must(PlaceMeant(open, *client)).prefix, "more");
  EXPECT_EQ(ExportMeant(open, DiscoverExports(*client).exports)->place.prefix, "more");
}

/// The role may read the whole bucket, since nobody said the prefix when the stack was made.
Connection OnboardWithoutPrefix(Stage& stage) {
  Settings settings = stage.RoleSettings();
  settings.export_place.prefix.clear();
  return stage.Onboard(settings);
}

Connection WithPrefix(Stage& stage, const Connection& connection, const std::string& prefix) {
  Settings settings = connection.settings;
  settings.export_place.prefix = prefix;
  return Must(stage.store().Edit(connection.id, settings, "a prefix was typed"));
}

TEST(PrefixTest, AWrongOneIsNeverCollectedInSilence) {
  Stage stage;
  const Connection wrong = WithPrefix(stage, OnboardWithoutPrefix(stage), "elsewhere");
  const CheckReport report = stage.Check(wrong);
  EXPECT_EQ(With(report, kFail), "export") << Told(report);
  EXPECT_EQ(report.Find("bucket-list")->status, kSkipped) << "AWS's place says nothing of ours";
  EXPECT_EQ(Must(stage.store().Find("production")).state, State::kDraft);
  Settings settings = Must(stage.store().Find("production")).settings;
  EXPECT_EQ(settings.export_place.prefix, "elsewhere");
  settings.export_place.prefix = "billing";
  Must(EditVerified(stage.parts(), "production", settings, {}, {}));
  EXPECT_FALSE(stage.Check(wrong).HasFailed());
  EXPECT_EQ(stage.Gather(wrong).deliveries.size(), 2U);
}

TEST(PrefixTest, ReachesTheCommandThatMendsItAsOneArgument) {
  Stage stage(EmptyWorld());
  const std::string prefix = "it's (a) path/cur";
  Settings settings = stage.RoleSettings();
  settings.export_place = stage.AddExport(ExportKind::kCur2, "payer-bills", prefix);
  const Connection wrong = WithPrefix(stage, stage.Onboard(settings), "elsewhere");
  EXPECT_EQ(ExpectTypable(stage.Look(wrong).Find("export")->fix, prefix), 1U);
}

TEST(PrefixTest, SlashesCountAsTheyDoForCollecting) {
  Stage stage;
  const Connection connection = OnboardWithoutPrefix(stage);
  const CheckReport leading = stage.Look(WithPrefix(stage, connection, "/billing"));
  EXPECT_EQ(leading.Find("export")->status, kFail) << "no key begins with a slash";
  EXPECT_EQ(With(stage.Check(WithPrefix(stage, connection, "billing/")), kFail), "");
  EXPECT_EQ(stage.Gather(connection).deliveries.size(), 2U);
}

TEST(PrefixTest, OfADraftIsFilledInAndLaterTakenAtItsWord) {
  Stage stage;
  const Connection connection = OnboardWithoutPrefix(stage);
  EXPECT_FALSE(stage.Check(connection).HasFailed());
  Settings settings = Must(stage.store().Find("production")).settings;
  EXPECT_EQ(settings.export_place.prefix, "billing");
  settings.export_place.prefix.clear();
  const auto refused = EditVerified(stage.parts(), "production", settings, {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("AWS delivers to s3://example-billing-exports/billing"),
            std::string::npos)
      << refused.error().message();
}

TEST(PrefixTest, TellsExportsOfOneBucketApart) {
  Stage stage;
  aws::DataExport second = Must(aws::ListDataExports(*stage.Admin())).front();
  second.name = "second";
  second.prefix = "more";
  Must(aws::CreateDataExport(*stage.Admin(), second));
  Settings settings = stage.RoleSettings();
  settings.export_place.name.clear();
  settings.export_place.prefix = "more";
  const CheckReport report = stage.Look(stage.Onboard(settings));
  EXPECT_EQ(With(report, kFail), "") << Told(report);
  EXPECT_EQ(report.found_place.name, "second");
}

}  // namespace
}  // namespace farthing::connect
