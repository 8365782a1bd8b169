// Legacy CUR and CUR 2.0 of the shared data: every set against EXPECTED.json and a naive reader.

#include "tests/golden/shared_data.h"

namespace farthing::testkit {
namespace {

std::string TextAt(const boost::json::value& object, const char* name) {
  return std::string(object.at(name).as_string());
}

// Sums of doubles are given to a millionth.
void ExpectNear(const std::string& got, const std::string& wanted, const std::string& what) {
  const Decimal difference = *Add(*ParseDecimal(got), Negate(*ParseDecimal(wanted)));
  const std::optional<int128> millionths = Rescale(difference.units, difference.scale, 15);
  ASSERT_TRUE(millionths) << what << " " << got;
  EXPECT_TRUE(*millionths < 1'000'000'000 && *millionths > -1'000'000'000)
      << what << ": " << got << " != " << wanted;
}

TEST_F(SharedDataTest, AwsWorkshop2018) {
  Lab lab;
  EXPECT_EQ(lab.Outcomes(SharedData() / "aws-workshop-2018"),
            (std::vector<std::string>{"loaded 2018-10", "loaded 2018-11"}));
  const boost::json::value expected = Expected().at("aws-workshop-2018");
  for (const auto& month : expected.at("by_period").as_array()) {
    const std::string where = "billing_period = '" + TextAt(month, "period") + "'";
    EXPECT_EQ(lab.Value("count(*)", where), std::to_string(month.at("n_rows").as_int64()));
    ExpectNear(lab.Value("sum(unblended_cost)", where), TextAt(month, "unblended"), where);
    ExpectNear(lab.Value("sum(blended_cost)", where), TextAt(month, "blended"), where);
    ExpectNear(lab.Value("sum(amortized_cost)", where), TextAt(month, "amortized"), where);
    ExpectNear(lab.Value("sum(public_on_demand_cost)", where), TextAt(month, "public_on_demand"),
               where);
  }
  for (const auto& type : expected.at("by_period_type").as_array()) {
    const std::string where = "billing_period = '" + TextAt(type, "period") +
                              "' AND line_item_type = '" + TextAt(type, "t") + "'";
    EXPECT_EQ(lab.Value("count(*)", where), std::to_string(type.at("n_rows").as_int64()));
    ExpectNear(lab.Value("sum(unblended_cost)", where), TextAt(type, "unblended"), where);
    const bool usage = TextAt(type, "t") == "Usage";
    const char* commitment = TextAt(type, "t") == "RIFee" ? "ri_unused" : "ri_effective";
    ExpectNear(lab.Value("sum(amortized_cost)", where),
               TextAt(type, usage ? "unblended" : commitment), where);
  }
  for (const auto& account : expected.at("by_account").as_array()) {
    const std::string where = "billing_period = '" + TextAt(account, "period") +
                              "' AND sub_account_id = '" + TextAt(account, "account") + "'";
    EXPECT_EQ(lab.Value("count(*)", where), std::to_string(account.at("n_rows").as_int64()));
    ExpectNear(lab.Value("sum(unblended_cost)", where), TextAt(account, "unblended"), where);
  }
  lab.ExpectProven();
}

TEST_F(SharedDataTest, AwsEfficiency2019) {
  const boost::json::value expected = Expected().at("aws-efficiency-2019");
  for (const char* step : {"1", "2", "3", "4"}) {
    const fs::path file =
        SharedData() / "aws-efficiency-2019" / (std::string("Step") + step + "CUR.csv.gz");
    const boost::json::value& wanted = expected.at(std::string("step") + step);
    const NaiveBill naive = AddUpNaively({file});
    EXPECT_EQ(naive.rows, wanted.at("rows").as_int64());
    EXPECT_EQ(naive.total.at("unblended_cost"), *ParseDecimal(TextAt(wanted, "unblended")));
    ExpectLoadedExactly(file);
  }
}

TEST_F(SharedDataTest, NiseCommitments) {
  const fs::path bucket = SharedData() / "nise/static-bucket/cur/commitments";
  Lab lab;
  EXPECT_EQ(lab.Outcomes(bucket), (std::vector<std::string>{"loaded 2025-01", "loaded 2025-02"}));
  const boost::json::value expected = Expected().at("nise/static-bucket/cur/commitments");
  for (const char* month : {"2025-01", "2025-02"}) {
    const std::string where = std::string("billing_period = '") + month + "'";
    const boost::json::value& wanted = expected.at(month);
    EXPECT_EQ(lab.Value("count(*)", where), std::to_string(wanted.at("rows").as_int64()));
    EXPECT_EQ(ParseDecimal(lab.Value("sum(unblended_cost)", where)).ok(), true);
    EXPECT_EQ(*ParseDecimal(lab.Value("sum(unblended_cost)", where)),
              *ParseDecimal(TextAt(wanted, "unblended")));
  }
  const boost::json::value& january = expected.at("2025-01");
  EXPECT_EQ(*ParseDecimal(lab.Value("sum(amortized_cost)", "billing_period = '2025-01'")),
            *ParseDecimal(TextAt(january, "amortized")));
  for (const auto& [type, sum] : january.at("by_type").as_object()) {
    EXPECT_EQ(*ParseDecimal(lab.Value(
                  "sum(unblended_cost)",
                  "billing_period = '2025-01' AND line_item_type = '" + std::string(type) + "'")),
              *ParseDecimal(std::string(sum.as_string())))
        << type;
  }
  ExpectSame(lab, AddUpNaively(FilesIn(bucket, ".csv.gz")));
}

TEST_F(SharedDataTest, NiseKokuOcp_MonthsWithoutLinesAreQuarantined) {
  const fs::path bucket = SharedData() / "nise/static-bucket/cur/koku-ocp";
  Lab lab;
  for (const std::string& outcome : lab.Outcomes(bucket)) {
    if (!outcome.starts_with("loaded")) {
      EXPECT_TRUE(outcome.ends_with("holds no line items, only a header")) << outcome;
    }
  }
  ExpectSame(lab, AddUpNaively(FilesIn(bucket, ".csv.gz")));
}

TEST_F(SharedDataTest, NiseRandomInSeveralFiles) {
  const fs::path bucket = SharedData() / "nise/random-bucket";
  Lab lab;
  EXPECT_EQ(lab.Outcomes(bucket), (std::vector<std::string>{"loaded 2025-01", "loaded 2025-02"}));
  ExpectSame(lab, AddUpNaively(FilesIn(bucket, ".csv.gz")));
  EXPECT_EQ(lab.Outcomes(bucket),
            (std::vector<std::string>{"unchanged 2025-01", "unchanged 2025-02"}));
}

TEST_F(SharedDataTest, KokuBucket) {
  Lab lab;
  const std::string command = "tar -xzf '" +
                              (SharedData() / "koku/test_local_bucket_prefix.tar.gz").string() +
                              "' -C '" + lab.inbox().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(lab.Outcomes(), std::vector<std::string>{"loaded 2018-08"});
  EXPECT_EQ(lab.Value("count(*)"), "6190");
  EXPECT_TRUE(lab.Value("sum(unblended_cost)").starts_with("29684.780682464855"));
  ExpectSame(lab, AddUpNaively(FilesIn(lab.inbox(), ".csv.gz")));
}

TEST_F(SharedDataTest, KokuSingleFiles) {
  const fs::path folder = SharedData() / "koku/files/aws";
  for (const char* name :
       {"2022-07-01-alt-columns.csv", "2023-06-01.csv", "2023-06-01-not-final.csv"}) {
    ExpectLoadedExactly(folder / name);
  }
  ExpectRefused(folder / "empty_frame.csv", "holds no line items, only a header");
  for (const fs::path& file : FilesIn(SharedData() / "koku/files/azure", ".csv")) {
    ExpectRefused(file, "an Azure usage export in Azure's own format");
  }
}

TEST_F(SharedDataTest, KeboolaBothLayouts) {
  for (const char* layout : {"cur_1_0", "cur_2_0"}) {
    SCOPED_TRACE(layout);
    const fs::path folder = SharedData() / "keboola" / layout;
    Lab lab;
    EXPECT_EQ(lab.Outcomes(folder / "s3_structure").size(), 1U);
    ExpectSame(lab, AddUpNaively({SharedData() / "keboola/functional_tests" / layout /
                                  "expected_output.csv"}));
    EXPECT_EQ(lab.catalog().ActiveLoads({})->at(0).complete, true);
  }
}

TEST_F(SharedDataTest, ConverterInputs) {
  const fs::path folder = SharedData() / "focus/converters-inputs";
  ExpectLoadedExactly(folder / "aws/sample-anonymous-aws-export-dataset.csv");
  ExpectRefused(folder / "azure/sample-anonymous-ea-export-dataset.csv", "an Azure usage export");
  ExpectRefused(folder / "oci/reports_cost-csv_0000000030000269.csv",
                "an Oracle Cloud cost report");
}

}  // namespace
}  // namespace farthing::testkit
