// Two hundred deliveries on a running clock with a fault at random in each collection.

#include <gtest/gtest.h>

#include <random>

#include "aws/error.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

using rehearsal::Fault;
using rehearsal::FaultKind;

constexpr int kDeliveries = 200;

Period Before(Period period) { return PeriodOf(Instant{period.start().micros - 1}); }

/// What a month's bill was, oldest first: the lake may lag behind, but shows nothing else and never goes back.
class History {
 public:
  void Note(const rehearsal::Aws& aws) {
    for (Period period = Before(Current(aws)); period <= Current(aws); period = period.Next()) {
      auto& bills = months_[period];
      const auto sums = Sums(aws.Totals(period));
      if (bills.empty() || bills.back() != sums) bills.push_back(sums);
    }
  }
  void Expect(const lake::Load& load) {
    const auto& bills = months_[load.period];
    const auto sums = Sums(load);
    std::size_t& shown = shown_[load.period];
    for (std::size_t i = bills.size(); i-- > shown;) {
      if (bills[i] != sums) continue;
      shown = i;
      return;
    }
    ADD_FAILURE() << ToString(load.period) << " shows what was never delivered, or an older bill";
  }

 private:
  std::map<Period, std::vector<std::map<std::string, Decimal>>> months_;
  std::map<Period, std::size_t> shown_;
};

class Dice {
 public:
  int Roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random_); }
  template <typename T, std::size_t n>
  const T& Pick(const T (&of)[n]) {
    return of[Roll(static_cast<int>(n))];
  }

 private:
  std::mt19937 random_{20261};
};

/// A fault of the delivery that comes next.
Fault OfDelivery(Dice& dice) {
  static const FaultKind kKinds[] = {FaultKind::kTearManifest, FaultKind::kMissingFile,
                                     FaultKind::kSurplusObject, FaultKind::kStopDeliveries,
                                     FaultKind::kUnhealthy};
  return {.kind = dice.Pick(kKinds), .count = 1};
}

/// A fault of the requests of one collection.
Fault OfRequests(Dice& dice) {
  static const FaultKind kKinds[] = {
      FaultKind::kDeny,  FaultKind::kThrottle,  FaultKind::kServerError, FaultKind::kUnavailable,
      FaultKind::kClose, FaultKind::kTruncate,  FaultKind::kEmptyPage,   FaultKind::kRedeliver,
      FaultKind::kSlow,  FaultKind::kSkewClock, FaultKind::kExpireTokens};
  static const char* const kActions[] = {"GetObject", "HeadObject", "ListObjectsV2", "AssumeRole",
                                         ""};
  Fault fault{.kind = dice.Pick(kKinds), .action = dice.Pick(kActions)};
  fault.count = fault.kind == FaultKind::kRedeliver ? 1 : 1 + dice.Roll(6);
  fault.skip = dice.Roll(4);
  fault.amount = fault.kind == FaultKind::kSlow ? 5 : 900 * dice.Roll(5);
  return fault;
}

TEST(SoakTest, TwoHundredDeliveriesWithFaultsEndWithExactlyTheRightTotals) {
  rehearsal::Options options = FixedWorld();
  options.lines_per_month = 500;
  options.lines_per_file = 300;  // two files, so that half a delivery is possible
  Gathering gathering(options);
  History history;
  Dice dice;
  int refused = 0;
  history.Note(gathering.aws());
  for (int delivery = 0; delivery < kDeliveries && !testing::Test::HasFailure(); ++delivery) {
    SCOPED_TRACE("delivery " + std::to_string(delivery));
    if (dice.Roll(4) == 0) gathering.aws().Inject(OfDelivery(dice));
    if (dice.Roll(3) == 0) gathering.aws().Restate(Current(gathering.aws()));
    Must(gathering.aws().Advance(std::chrono::hours(8)));
    gathering.aws().ClearFaults();
    history.Note(gathering.aws());

    if (dice.Roll(3) != 0) gathering.aws().Inject(OfRequests(dice));
    const Result<CollectSummary> summary = gathering.Collect();
    gathering.aws().ClearFaults();
    history.Note(gathering.aws());  // one that came while it was read
    for (const Error& error : Refusals(summary)) {
      ++refused;
      EXPECT_FALSE(error.message().empty());
      EXPECT_NE(error.code(), Errc::kInternal) << error.message();
      EXPECT_FALSE(error.hint().empty()) << error.message();
    }
    for (const lake::Candidate& candidate : Must(gathering.stage().catalog().Candidates({}))) {
      history.Expect(candidate.load);
    }
  }
  EXPECT_GT(refused, 0);
  // What was never delivered rightly is with the next delivery; nothing else is needed.
  for (const lake::Candidate& candidate : Must(gathering.stage().catalog().Candidates({}))) {
    gathering.aws().Restate(candidate.load.period);
  }
  gathering.Deliver();
  Must(gathering.Collect());
  gathering.ExpectExact();
  EXPECT_EQ(Must(gathering.stage().store().Find("production")).state, State::kConnected);
}

}  // namespace
}  // namespace farthing::connect
