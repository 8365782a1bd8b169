// Every fault of the rehearsal during a collection and a check: survived, or refused with cause and fix; never a wrong
// or half-published period; and the next run without the fault completes.

#include <gtest/gtest.h>

#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

using rehearsal::Fault;
using rehearsal::FaultKind;

std::string NameOf(const Fault& fault) {
  return std::string(rehearsal::Name(fault.kind)) + " " + fault.action + " skip " +
         std::to_string(fault.skip) + " count " + std::to_string(fault.count);
}

rehearsal::Options TwoFiles() {
  rehearsal::Options options = FixedWorld();
  options.lines_per_file = 300;
  return options;
}

std::vector<Fault> RequestFaults() {
  std::vector<Fault> faults;
  for (const FaultKind kind : {FaultKind::kDeny, FaultKind::kThrottle, FaultKind::kServerError,
                               FaultKind::kUnavailable, FaultKind::kClose, FaultKind::kTruncate}) {
    for (const char* action : {"AssumeRole", "ListObjectsV2", "GetObject", "HeadObject"}) {
      faults.push_back({.kind = kind, .action = action});
      faults.push_back({.kind = kind, .action = action, .count = 1});
      faults.push_back({.kind = kind, .action = action, .count = 1, .skip = 1});
    }
  }
  faults.push_back({.kind = FaultKind::kSlow, .amount = 20});
  faults.push_back({.kind = FaultKind::kEmptyPage, .action = "ListObjectsV2", .count = 2});
  faults.push_back({.kind = FaultKind::kStaleToken, .action = "ListObjectsV2", .skip = 1});
  faults.push_back({.kind = FaultKind::kArchived, .action = "GetObject", .skip = 1});
  faults.push_back({.kind = FaultKind::kSkewClock, .amount = 3600});
  faults.push_back({.kind = FaultKind::kSkewClock, .amount = -3600});
  for (const std::int64_t skip : {0, 1, 2, 3}) {
    faults.push_back(
        {.kind = FaultKind::kRedeliver, .action = "GetObject", .count = 1, .skip = skip});
  }
  faults.push_back({.kind = FaultKind::kRedeliver, .action = "HeadObject", .count = 1});
  faults.push_back({.kind = FaultKind::kRedeliver, .action = "ListObjectsV2", .count = 1});
  return faults;
}

using Bills = std::map<Period, std::map<std::string, Decimal>>;

Bills Shown(Gathering& gathering) {
  Bills bills;
  for (const lake::Load& load : gathering.Loads()) bills[load.period] = Sums(load);
  return bills;
}

TEST(FaultsTest, OfRequestsAreSurvivedOrRefusedAndTheNextCollectionCompletes) {
  Gathering gathering(TwoFiles());
  Must(gathering.Collect());
  const Period current = Current(gathering.aws());
  for (const Fault& fault : RequestFaults()) {
    SCOPED_TRACE(NameOf(fault));
    const Bills before = Shown(gathering);
    gathering.Deliver();
    const auto delivered = Sums(gathering.aws().Totals(current));
    gathering.aws().Inject(fault);
    const Result<CollectSummary> summary = gathering.Collect();
    gathering.aws().ClearFaults();
    for (const Error& error : Refusals(summary)) {
      EXPECT_NE(error.code(), Errc::kInternal) << error.message();
      EXPECT_FALSE(error.hint().empty()) << error.message();
      EXPECT_EQ(Must(gathering.stage().store().Find("production")).state, State::kDegraded);
    }
    Bills after = Shown(gathering);
    const bool is_new =
        after[current] == delivered || after[current] == Sums(gathering.aws().Totals(current));
    EXPECT_TRUE(is_new || after[current] == before.at(current))
        << "neither the old bill nor the new";
    after[current] = before.at(current);
    EXPECT_EQ(after, before);
    Must(gathering.Collect());
    gathering.ExpectExact();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FaultsTest, OfDeliveriesLeaveTheOldBillUntilAWholeOneComes) {
  Gathering gathering(TwoFiles());
  Must(gathering.Collect());
  for (const FaultKind kind :
       {FaultKind::kTearManifest, FaultKind::kMissingFile, FaultKind::kSurplusObject,
        FaultKind::kStopDeliveries, FaultKind::kUnhealthy}) {
    SCOPED_TRACE(rehearsal::Name(kind));
    const Bills before = Shown(gathering);
    gathering.aws().Inject({.kind = kind});
    gathering.Deliver();
    const std::vector<std::string> outcomes = gathering.Outcomes();
    gathering.aws().ClearFaults();
    if (kind == FaultKind::kTearManifest || kind == FaultKind::kMissingFile) {
      EXPECT_EQ(outcomes,
                std::vector<std::string>{"incomplete " + ToString(Current(gathering.aws()))});
      const Connection connection = Must(gathering.stage().store().Find("production"));
      EXPECT_EQ(connection.state, State::kDegraded);
      EXPECT_FALSE(connection.cause.empty());
    }
    if (kind != FaultKind::kSurplusObject) {
      EXPECT_EQ(Shown(gathering), before);
    } else {
      gathering.ExpectExact();
    }
    gathering.Deliver();
    EXPECT_EQ(gathering.Outcomes().size(), 1u);
    gathering.ExpectExact();
    EXPECT_EQ(Must(gathering.stage().store().Find("production")).state, State::kConnected);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FaultsTest, SessionsThatEndAreRenewed) {
  Gathering gathering(TwoFiles());
  Must(gathering.Collect());
  gathering.Deliver();
  gathering.aws().Inject({.kind = FaultKind::kExpireTokens});
  EXPECT_EQ(gathering.Outcomes().size(), 1u);
  gathering.ExpectExact();
}

TEST(FaultsTest, InChecksAreFoundWithCauseAndFixOrSurvived) {
  Gathering gathering(TwoFiles());
  Stage& stage = gathering.stage();
  for (const Fault& fault : RequestFaults()) {
    if (fault.kind == FaultKind::kRedeliver) continue;
    SCOPED_TRACE(NameOf(fault));
    stage.aws().Inject(fault);
    const CheckReport report = stage.Look(gathering.connection());
    stage.aws().ClearFaults();
    for (const CheckResult& result : report.results) {
      if (result.status != CheckStatus::kFail) continue;
      EXPECT_FALSE(result.cause.empty()) << result.id << ": " << result.finding;
      EXPECT_FALSE(result.fix.empty()) << result.id << ": " << result.finding;
    }
    if (testing::Test::HasFailure()) return;
  }
  const CheckReport healthy = stage.Check(gathering.connection());
  EXPECT_FALSE(healthy.HasFailed()) << Told(healthy);
}

}  // namespace
}  // namespace farthing::connect
