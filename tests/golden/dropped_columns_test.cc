// A query of CUR 2.0 may leave out any column.  Each is left out once, of all files or of one: every metric is that
// of the whole bill, or the answer says that it is not known and names the column.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "ingest/mapping/source_columns.h"
#include "query/session.h"
#include "sim/bill.h"
#include "tests/kit/lab.h"

namespace farthing::testkit {
namespace {

struct Metrics {
  std::map<std::string, std::optional<std::string>> values;
  std::vector<std::string> notes;

  /// True if a note says that the metric is unknown for want of the column.
  bool Names(const std::string& metric, const std::string& column) const {
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
      const std::size_t needs = note.find(": it needs ");
      return note.starts_with(metric + " is empty ") && needs != std::string::npos &&
             (note.substr(needs) + ",").find(" " + column + ",") != std::string::npos;
    });
  }
};

// All metrics of a bill in these files, imported alone; nothing where it is refused.
std::optional<Metrics> MetricsOf(const std::vector<Sheet>& files) {
  Lab lab;
  for (std::size_t i = 0; i < files.size(); ++i)
    lab.Write("bare/" + std::to_string(i) + ".csv", files[i].Csv());
  if (!lab.Outcomes("bare").at(0).starts_with("loaded")) return std::nullopt;
  lab.ExpectProven();
  std::vector<std::string> names;
  for (const billing::Metric& metric : billing::Metrics()) names.emplace_back(metric.name);
  query::Request request;
  request.metrics = Must(query::ParseMetrics(Join(names, ",")));
  const auto session = Must(query::Session::Open(lab.layout().data()));
  const query::Answer answer = Must(session->Run(request));
  Metrics metrics;
  metrics.notes = answer.notes;
  for (std::size_t i = 0; i < names.size(); ++i) metrics.values[names[i]] = answer.rows.at(0).at(i);
  return metrics;
}

// The columns of the sheet that some metric is made of.
std::map<std::string, std::string> ColumnsOfMetrics(const Sheet& sheet,
                                                    billing::SourceFamily family) {
  std::set<std::string> read;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    if (column.kind == billing::ColumnKind::kText && column.name != "resource_id") continue;
    for (const std::string& name : ingest::ColumnsIn(family, column.Expression(family)))
      read.insert(name);
  }
  if (family == billing::SourceFamily::kCur) {
    read.insert(
        {"line_item_operation", "line_item_product_code", "line_item_line_item_description"});
  }
  std::map<std::string, std::string> headers;
  for (const std::string& header : sheet.header) {
    const ingest::ColumnRole role = ingest::RoleOf(family, header);
    const bool is_read = role.use == ingest::ColumnRole::Use::kUsed && read.contains(role.name);
    if (is_read) headers[header] = role.name;
  }
  return headers;
}

// Two files with every other row each.
std::vector<Sheet> Halves(const Sheet& bill) {
  std::vector<Sheet> halves(2, Sheet{bill.header, {}});
  for (std::size_t i = 0; i < bill.rows.size(); ++i) halves[i % 2].rows.push_back(bill.rows[i]);
  return halves;
}

// Leaves each column of the last file out once; returns how many metrics became unknown.
int ExpectEachDropIsSaid(const std::vector<Sheet>& files, billing::SourceFamily family) {
  const std::optional<Metrics> whole = MetricsOf(files);
  if (!whole) throw std::runtime_error("the whole bill is refused");
  int unknown = 0;
  for (const auto& [header, column] : ColumnsOfMetrics(files.back(), family)) {
    SCOPED_TRACE(header);
    std::vector<Sheet> fewer = files;
    fewer.back() = fewer.back().Without(header);
    const std::optional<Metrics> less = MetricsOf(fewer);
    if (!less) continue;  // refused: without it no line can be read
    for (const auto& [metric, value] : less->values) {
      if (value == whole->values.at(metric)) continue;
      ++unknown;
      EXPECT_EQ(value.value_or("unknown"), "unknown")
          << metric << " of the whole bill is " << whole->values.at(metric).value_or("unknown");
      EXPECT_TRUE(less->Names(metric, column)) << metric << ": " << Join(less->notes, "\n");
    }
  }
  return unknown;
}

Sheet SimBill(sim::BillFormat format) {
  Lab lab;
  sim::BillOptions options;
  options.out = lab.inbox();
  options.lines = 500;
  options.months = 1;
  options.formats = {format};
  Must(sim::WriteBill(options));
  const engine::Table cells = Must(lab.connection().Query(
      "SELECT * FROM read_csv(" +
      engine::QuoteLiteral(lab.inbox().string() + "/billing/*/data/*/*.csv.gz") +
      ", all_varchar = true)"));
  Sheet sheet;
  for (const auto& column : cells.columns) sheet.header.push_back(column.name);
  for (const auto& row : cells.rows) {
    std::vector<std::string>& texts = sheet.rows.emplace_back();
    for (const auto& cell : row) texts.push_back(cell.value_or(""));
  }
  return sheet;
}

TEST(DroppedColumnsTest, ABillWithoutCommitmentsNeedsNoneOfTheirColumns) {
  const std::vector<Line> lines = {{"1"}, {"2", "Fee"}, {"4", "Tax"}, {"-8", "Refund"}};
  for (const Sheet& sheet : {Cur1(lines), Cur2(lines), SnakeCased(Cur1(lines))}) {
    const std::optional<Metrics> metrics = MetricsOf({sheet});
    ASSERT_TRUE(metrics);
    for (const char* metric : {"amortized_cost", "net_amortized_cost", "net_unblended_cost"})
      EXPECT_EQ(metrics->values.at(metric), "-1") << metric;
  }
}

TEST(DroppedColumnsTest, AFeeBesideReservationsMayBeTheirs) {
  const Cells fee = {{"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "0"},
                     {"reservation/UnusedRecurringFee", "2"}};
  const std::optional<Metrics> metrics =
      MetricsOf({Cur1({{"1"}, {"2", "Fee"}, {"4", "RIFee", fee}})});
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->values.at("amortized_cost"), std::nullopt);
  EXPECT_TRUE(metrics->Names("amortized_cost", "reservation_reservation_a_r_n"));
}

TEST(DroppedColumnsTest, UsageThatMayBeSplitNamesTheOperation) {
  const Cells pod = {{"lineItem/UsageType", "USE1-EKS-EC2-vCPU-Hours"}};
  const std::optional<Metrics> metrics =
      MetricsOf({Cur1({{"1"}, {"0", "Usage", pod}}).Without("lineItem/Operation")});
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->values.at("usage_quantity"), std::nullopt);
  EXPECT_TRUE(metrics->Names("usage_quantity", "line_item_operation"));
}

TEST(DroppedColumnsTest, LegacyReportsLeaveOutThePartOfACommitmentThatNoPlanHas) {
  const Cells all_upfront = {{"savingsPlan/TotalCommitmentToDate", "10"},
                             {"savingsPlan/UsedCommitment", "0"},
                             {"savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", "10"},
                             {"savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod", "9"},
                             {"lineItem/NetUnblendedCost", "0"}};
  const std::optional<Metrics> metrics =
      MetricsOf({Cur1({{"0", "SavingsPlanRecurringFee", all_upfront}})});
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->values.at("net_amortized_cost"), "9");
}

// What a question by these dimensions says of a bill in these files.
std::vector<std::string> NotesBy(const std::string& dimensions, const std::vector<Sheet>& files,
                                 bool parquet = false) {
  Lab lab;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = "bare/" + std::to_string(i);
    if (parquet) {
      lab.WriteParquet(name + ".parquet", files[i]);
    } else {
      lab.Write(name + ".csv", files[i].Csv());
    }
  }
  EXPECT_TRUE(lab.Outcomes("bare").at(0).starts_with("loaded"));
  query::Request request;
  request.metrics = Must(query::ParseMetrics("line_count"));
  request.group_by = Must(query::ParseGroupBy(dimensions));
  return Must(Must(query::Session::Open(lab.layout().data()))->Run(request)).notes;
}

TEST(DroppedColumnsTest, ADimensionThatAnExportLacksIsSaid) {
  using Notes = std::vector<std::string>;
  const auto note = [](const std::string& dimension, const std::string& columns,
                       const std::string& format = "cur2") {
    return Notes{dimension + " is blank where export bare (" + format +
                 ") contributes: its files have no " + columns};
  };
  const Sheet cur2 = Cur2({{"1"}, {"2"}});
  for (const bool parquet : {false, true}) {
    SCOPED_TRACE(parquet ? "Parquet" : "CSV");
    EXPECT_EQ(NotesBy("service,usage_type,account,category", {cur2}, parquet), Notes{});
    const Sheet no_product = cur2.Without("product");
    EXPECT_EQ(NotesBy("region,service", {no_product}, parquet),
              note("region", "product_region_code, product_region"));
    EXPECT_EQ(NotesBy("region,service", {cur2, no_product}, parquet),
              note("region", "product_region_code, product_region"))
        << "of one file";
    EXPECT_EQ(NotesBy("usage_type", {cur2.Without("line_item_usage_type")}, parquet),
              note("usage_type", "line_item_usage_type"));
  }
  EXPECT_EQ(NotesBy("region,instance_type", {cur2}), Notes{}) << "keys of a map may be absent";
  const Sheet focus = Focus({{"1"}});
  EXPECT_EQ(NotesBy("region", {focus}), Notes{});
  EXPECT_EQ(NotesBy("region", {focus.Without("RegionId")}), note("region", "RegionId", "focus"));
}

TEST(DroppedColumnsTest, Cur2) {
  const Sheet bill = SimBill(sim::BillFormat::kCur2Csv);
  EXPECT_GT(ExpectEachDropIsSaid({bill}, billing::SourceFamily::kCur), 40);
}

TEST(DroppedColumnsTest, Cur2OfSomeFiles) {
  const Sheet bill = SimBill(sim::BillFormat::kCur2Csv);
  EXPECT_GT(ExpectEachDropIsSaid(Halves(bill), billing::SourceFamily::kCur), 40);
}

TEST(DroppedColumnsTest, Focus) {
  const Sheet bill = SimBill(sim::BillFormat::kFocusCsv);
  EXPECT_GT(ExpectEachDropIsSaid({bill}, billing::SourceFamily::kFocus), 5);
  EXPECT_GT(ExpectEachDropIsSaid(Halves(bill), billing::SourceFamily::kFocus), 5);
}

}  // namespace
}  // namespace farthing::testkit
