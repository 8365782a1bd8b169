#include "tests/collect/gathering.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "lake/verify.h"

namespace farthing::connect {
namespace {

const char* const kAmounts[] = {"unblended_cost", "net_unblended_cost", "blended_cost",
                                "amortized_cost", "net_amortized_cost"};

}  // namespace

rehearsal::Options FixedWorld() {
  rehearsal::Options options = SmallWorld();
  options.clock = Must(ParseInstant("2026-11-20T08:00:00Z"));
  return options;
}

Gathering::Gathering(const rehearsal::Options& options, ImportPolicy policy) : stage_(options) {
  Settings settings = stage_.RoleSettings();
  settings.import_policy = policy;
  if (!options.exports.empty() && !options.exports.front().name.empty()) {
    settings.export_place.name = options.exports.front().name;
  }
  if (!options.exports.empty() &&
      (options.exports.front().format == sim::BillFormat::kCur1Csv ||
       options.exports.front().format == sim::BillFormat::kCur1Parquet)) {
    settings.export_place.kind = ExportKind::kLegacyCur;
  }
  connection_ = stage_.Onboard(settings);
  const CheckReport report = stage_.Check(connection_);
  if (report.HasFailed()) throw std::runtime_error(Told(report));
  connection_ = Must(stage_.store().Find(connection_.id));
}

Result<CollectSummary> Gathering::Collect(const CollectOptions& options) {
  return connect::Collect(stage_.store(), stage_.vault(), stage_.catalog(), stage_.platform(),
                          connection_.id, options);
}

std::vector<std::string> Gathering::Outcomes(const CollectOptions& options) {
  const Result<CollectSummary> summary = Collect(options);
  if (!summary.ok()) return {"failed: " + summary.error().message()};
  std::vector<std::string> outcomes;
  for (const CollectedDelivery& delivery : summary->deliveries) {
    outcomes.push_back(delivery.outcome +
                       (delivery.period ? " " + ToString(*delivery.period) : ""));
  }
  for (const CollectFailure& failure : summary->failures) {
    outcomes.push_back("failed: " + failure.error.message());
  }
  return outcomes;
}

void Gathering::Deliver() {
  // AWS names a delivery by its time: two within a second would be one.
  Must(aws().Advance(std::chrono::seconds(1)));
  aws().Restate(Current(aws()));
  Must(aws().Deliver());
}

std::vector<lake::Load> Gathering::Loads() {
  const auto database = Must(engine::Database::Open());
  engine::Connection connection = Must(database->Connect());
  std::vector<lake::Load> loads;
  for (lake::Candidate& candidate : Must(stage_.catalog().Candidates({}))) {
    const lake::Proof proof =
        Must(lake::Verify(connection, stage_.catalog().layout(), candidate.load));
    EXPECT_TRUE(proof.ok) << proof.detail;
    loads.push_back(std::move(candidate.load));
  }
  return loads;
}

void Gathering::ExpectExact() {
  std::map<Period, lake::Load> by_period;
  for (lake::Load& load : Loads()) {
    EXPECT_FALSE(by_period.contains(load.period)) << ToString(load.period) << " is there twice";
    by_period[load.period] = std::move(load);
  }
  ASSERT_FALSE(by_period.empty());
  for (Period period = by_period.begin()->first; period <= Current(aws()); period = period.Next()) {
    ASSERT_TRUE(by_period.contains(period)) << ToString(period) << " is missing";
    EXPECT_EQ(Sums(by_period[period]), Sums(aws().Totals(period))) << ToString(period);
  }
  EXPECT_EQ(Leftovers(), std::vector<std::string>());
}

std::vector<std::string> Gathering::Leftovers() {
  const lake::Layout& layout = stage_.catalog().layout();
  std::vector<std::string> leftovers;
  const auto look = [&](const fs::path& below, const auto& is_known) {
    if (!fs::exists(below)) return;
    for (const fs::path& file : Must(ListTree(below))) {
      if (!is_known(file)) leftovers.push_back(fs::relative(file, layout.data()).string());
    }
  };
  look(layout.data() / "downloads", [](const fs::path& file) { return file.filename() == "lock"; });
  look(layout.staging(), [](const fs::path&) { return false; });
  const std::vector<std::string> ids = Must(stage_.catalog().LoadIds());
  look(layout.lake(), [&](const fs::path& file) {
    return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
      return file.parent_path().filename() == "load_id=" + id;
    });
  });
  return leftovers;
}

std::vector<Error> Refusals(const Result<CollectSummary>& summary) {
  if (!summary.ok()) return {summary.error()};
  std::vector<Error> errors;
  for (const CollectFailure& failure : summary->failures) errors.push_back(failure.error);
  return errors;
}

std::map<std::string, Decimal> Sums(const sim::Totals& totals) {
  return {{"unblended_cost", Canonical(totals.unblended)},
          {"net_unblended_cost", Canonical(totals.net_unblended)},
          {"blended_cost", Canonical(totals.blended)},
          {"amortized_cost", Canonical(totals.amortized)},
          {"net_amortized_cost", Canonical(totals.net_amortized)}};
}

std::map<std::string, Decimal> Sums(const lake::Load& load) {
  std::map<std::string, Decimal> sums;
  for (const char* amount : kAmounts) {
    Decimal sum = load.totals.at(amount);
    if (load.left_out) sum = Must(Add(sum, load.left_out->totals.at(amount)));
    sums[amount] = Canonical(sum);
  }
  return sums;
}

Period Current(const rehearsal::Aws& aws) { return PeriodOf(aws.now()); }

}  // namespace farthing::connect
