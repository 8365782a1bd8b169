// An export whose settings a person changes while it is collected: format, compression and versioning, amid a month and
// between months.  The newest delivery is the bill of its month, once.

#include <gtest/gtest.h>

#include <boost/algorithm/string/replace.hpp>

#include "aws/billing_exports.h"
#include "ingest/discover/manifest.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

constexpr const char* kBucket = "example-billing-exports";

struct Layout {
  std::string name;
  std::string format, compression;  ///< in AWS's words for the kind of export
  bool overwrites = true;
};

struct Change {
  std::string name;
  sim::BillFormat format;  ///< of the export at the start
  std::vector<Layout> layouts;
};

std::vector<Change> Changes() {
  const Layout report_csv{"csv", "textORcsv", "GZIP"},
      report_parquet{"parquet", "Parquet", "Parquet"};
  const Layout export_csv{"csv", "TEXT_OR_CSV", "GZIP"},
      export_parquet{"parquet", "PARQUET", "PARQUET"};
  const auto kept = [](Layout layout) {
    layout.name += " kept";
    layout.overwrites = false;
    return layout;
  };
  return {
      {"LegacyFormat", sim::BillFormat::kCur1Csv, {report_parquet, report_csv, report_parquet}},
      {"LegacyVersioning",
       sim::BillFormat::kCur1Csv,
       {kept(report_csv), report_csv, kept(report_csv), kept(report_parquet), report_csv}},
      {"DataExportFormat", sim::BillFormat::kCur2Csv, {export_parquet, export_csv, export_parquet}},
      {"DataExportVersioning",
       sim::BillFormat::kCur2Csv,
       {kept(export_csv), export_csv, kept(export_csv), kept(export_parquet), export_csv}}};
}

void Apply(Stage& stage, const Layout& layout) {
  const std::string versioning = layout.overwrites ? "OVERWRITE_REPORT" : "CREATE_NEW_REPORT";
  const auto admin = stage.Admin();
  const auto reports = Must(aws::DescribeReportDefinitions(*admin));
  if (!reports.empty()) {
    aws::ReportDefinition report = reports.front();
    report.format = layout.format;
    report.compression = layout.compression;
    report.versioning = versioning;
    report.artifacts.clear();
    Must(aws::ModifyReportDefinition(*admin, report));
    return;
  }
  aws::DataExport wanted = Must(aws::ListDataExports(*admin)).front();
  wanted.format = layout.format;
  wanted.compression = layout.compression;
  wanted.overwrite = versioning;
  Must(aws::UpdateDataExport(*admin, wanted));
}

class ChangedExportTest : public testing::TestWithParam<Change> {
 protected:
  ChangedExportTest() : gathering_(World()) { Collect(); }

  static rehearsal::Options World() {
    rehearsal::Options options = FixedWorld();
    options.exports = {{GetParam().format, "bills"}};
    return options;
  }
  void Collect() {
    const Result<CollectSummary> summary = gathering_.Collect();
    ASSERT_TRUE(summary.ok()) << summary.error().message();
    for (const CollectFailure& failure : summary->failures) {
      ADD_FAILURE() << failure.error.message();
    }
    gathering_.ExpectExact();
  }

  std::map<std::string, std::string> Objects() {
    aws::S3 s3(gathering_.stage().Admin(), {});
    std::map<std::string, std::string> objects;
    const aws::Listing all = Must(s3.List(kBucket, ""));
    for (const aws::S3Object& object : all.objects) {
      objects[object.key] = Must(s3.Get(kBucket, object.key, std::uint64_t{1} << 30));
    }
    return objects;
  }

  static bool IsManifest(const std::string& key) { return key.ends_with("-Manifest.json"); }
  void Put(const std::map<std::string, std::string>& objects) {
    for (const bool manifests : {false, true}) {  // as AWS does, they come last
      for (const auto& [key, content] : objects) {
        if (IsManifest(key) == manifests) Must(gathering_.aws().PutObject(kBucket, key, content));
      }
    }
  }

  Gathering gathering_;
};

TEST_P(ChangedExportTest, AmidAMonth) {
  for (const Layout& layout : GetParam().layouts) {
    SCOPED_TRACE(layout.name);
    Apply(gathering_.stage(), layout);
    gathering_.Deliver();
    Collect();
    gathering_.Deliver();
    Collect();
  }
}

TEST_P(ChangedExportTest, BetweenMonths) {
  for (const Layout& layout : GetParam().layouts) {
    SCOPED_TRACE(layout.name);
    Apply(gathering_.stage(), layout);
    Must(gathering_.aws().Advance(std::chrono::hours(24 * 30)));
    Collect();
  }
}

/// The month was delivered in another layout before; as many lines say other sums now.
TEST_P(ChangedExportTest, AClosedMonthIsRestated) {
  const Period closed = PeriodOf(Instant{Current(gathering_.aws()).start().micros - 1});
  for (const Layout& layout : GetParam().layouts) {
    SCOPED_TRACE(layout.name);
    Apply(gathering_.stage(), layout);
    Must(gathering_.aws().Advance(std::chrono::seconds(1)));
    gathering_.aws().Restate(closed);
    Must(gathering_.aws().Deliver());
    Collect();
  }
}

std::string VersionIn(const std::string& manifest) {
  return Must(ingest::ParseManifest(manifest))->version_key;
}

/// AWS names a legacy delivery by the second: other content under the same name counts, and so does the first again.
TEST_P(ChangedExportTest, DeliveriesOfOneSecondAreWhatTheyHold) {
  for (const Layout& layout : GetParam().layouts) {
    if (!layout.overwrites) continue;  // its folders would be of that name too
    SCOPED_TRACE(layout.name);
    Apply(gathering_.stage(), layout);
    gathering_.Deliver();
    Collect();
    const std::map<std::string, std::string> first = Objects();
    const auto bill = Sums(gathering_.Loads().back());
    gathering_.Deliver();
    std::map<std::string, std::string> second = Objects();
    for (auto& [key, content] : second) {
      if (!IsManifest(key) || content == first.at(key)) continue;
      boost::replace_all(content, VersionIn(content), VersionIn(first.at(key)));
    }
    Put(second);
    Collect();
    Put(first);
    Must(gathering_.Collect());
    EXPECT_TRUE(Sums(gathering_.Loads().back()) == bill);
    EXPECT_EQ(gathering_.Outcomes(), std::vector<std::string>());
    EXPECT_EQ(gathering_.Leftovers(), std::vector<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Changes, ChangedExportTest, testing::ValuesIn(Changes()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace farthing::connect
