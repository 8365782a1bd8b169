// A fault that stays, of one delivery or of several: the others come in, each failure is told, and the next collection
// without the fault completes.  A fault of everything still ends the collection.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "connect/collecting/coverage.h"
#include "tests/collect/gathering.h"

namespace farthing::connect {
namespace {

using rehearsal::Fault;
using rehearsal::FaultKind;

/// Three closed months and the current one, in two files each.
rehearsal::Options FourMonths() {
  rehearsal::Options options = FixedWorld();
  options.months = 3;
  options.lines_per_file = 300;
  return options;
}

Fault Of(FaultKind kind, const std::string& resource) {
  return {.kind = kind, .service = "s3", .action = "GetObject", .resource = resource};
}

std::string StateOf(Gathering& gathering) {
  return std::string(Name(Must(gathering.stage().store().Find("production")).state));
}

TEST(FailuresTest, OfOneDeliveryDoNotStopTheOthers) {
  const Fault faults[] = {Of(FaultKind::kDeny, "*BILLING_PERIOD=2026-11*"),
                          Of(FaultKind::kDeny, "*BILLING_PERIOD=2026-11*anifest.json"),
                          Of(FaultKind::kArchived, "*BILLING_PERIOD=2026-11*00002*")};
  for (const Fault& fault : faults) {
    SCOPED_TRACE(std::string(rehearsal::Name(fault.kind)) + " " + fault.resource);
    Gathering gathering(FourMonths());
    gathering.aws().Inject(fault);
    const CollectSummary summary = Must(gathering.Collect());
    ASSERT_EQ(summary.failures.size(), 1u);
    const CollectFailure& failure = summary.failures.front();
    EXPECT_EQ(failure.period, Current(gathering.aws()));
    EXPECT_EQ(failure.error.code(), Errc::kPermissionDenied) << failure.error.message();
    EXPECT_FALSE(failure.error.hint().empty());
    EXPECT_EQ(summary.deliveries.size(), 3u);
    EXPECT_EQ(gathering.Loads().size(), 3u);
    const Connection connection = Must(gathering.stage().store().Find("production"));
    EXPECT_EQ(connection.state, State::kDegraded);
    EXPECT_TRUE(connection.cause.starts_with("2026-11 could not be collected: "))
        << connection.cause;

    // It is tried again, and nothing else is.
    const CollectSummary again = Must(gathering.Collect());
    EXPECT_EQ(again.failures.size(), 1u);
    EXPECT_TRUE(again.deliveries.empty());

    gathering.aws().ClearFaults();
    const CollectSummary rest = Must(gathering.Collect());
    EXPECT_TRUE(rest.failures.empty());
    EXPECT_EQ(rest.deliveries.size(), 1u);
    gathering.ExpectExact();
    EXPECT_EQ(StateOf(gathering), "connected");
  }
}

TEST(FailuresTest, AreAllToldAndTheNewestIsTheCause) {
  Gathering gathering(FourMonths());
  gathering.aws().Inject(Of(FaultKind::kDeny, "*BILLING_PERIOD=2026-09*"));
  gathering.aws().Inject(Of(FaultKind::kArchived, "*BILLING_PERIOD=2026-10*00001*"));
  const CollectSummary summary = Must(gathering.Collect());
  ASSERT_EQ(summary.failures.size(), 2u);
  EXPECT_EQ(summary.failures[0].period, (Period{2026, 10}));
  EXPECT_EQ(summary.failures[1].period, (Period{2026, 9}));
  EXPECT_EQ(summary.deliveries.size(), 2u);
  const auto cause = [&] { return Must(gathering.stage().store().Find("production")).cause; };
  EXPECT_TRUE(cause().starts_with("2026-10 could not be collected: ")) << cause();
  // Verifying finds nothing wrong with the connection itself, and keeps what collecting found.
  gathering.stage().Check(gathering.connection());
  EXPECT_TRUE(cause().starts_with("2026-10 could not be collected: ")) << cause();
  EXPECT_EQ(StateOf(gathering), "degraded");
}

TEST(FailuresTest, WhatWasFetchedOfEachIsNotFetchedAgain) {
  Gathering gathering(FourMonths());
  for (const char* month : {"2026-11", "2026-09"}) {
    gathering.aws().Inject(
        Of(FaultKind::kDeny, "*BILLING_PERIOD=" + std::string(month) + "*00002*"));
  }
  CollectOptions one_by_one;
  one_by_one.parallel = 1;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Must(gathering.Collect(one_by_one)).failures.size(), 2u);
  }
  gathering.aws().ClearFaults();
  gathering.aws().ForgetRequests();
  EXPECT_EQ(Must(gathering.Collect(one_by_one)).deliveries.size(), 2u);
  for (const rehearsal::RequestRecord& request : gathering.aws().Requests()) {
    EXPECT_EQ(request.resource.find("00001"), std::string::npos) << request.resource;
  }
  gathering.ExpectExact();
  EXPECT_EQ(gathering.Leftovers(), std::vector<std::string>());
}

TEST(FailuresTest, DoNotFillTheDiskBeyondItsLimit) {
  Gathering gathering(FourMonths());
  gathering.aws().Inject(Of(FaultKind::kDeny, "*00002*"));
  CollectOptions options;
  options.parallel = 1;
  EXPECT_EQ(Must(gathering.Collect(options)).failures.size(), 4u);
  const auto kept = [&] {
    std::uint64_t bytes = 0;
    for (const std::string& file : gathering.Leftovers()) {
      bytes += fs::file_size(gathering.stage().data() / file);
    }
    return bytes;
  };
  const std::uint64_t whole = kept();
  options.disk_limit_bytes = whole / 2;
  EXPECT_EQ(Must(gathering.Collect(options)).failures.size(), 4u);
  EXPECT_LE(kept(), options.disk_limit_bytes);
  EXPECT_GT(kept(), 0u);
  gathering.aws().ClearFaults();
  Must(gathering.Collect());
  gathering.ExpectExact();
  EXPECT_EQ(gathering.Leftovers(), std::vector<std::string>());
}

TEST(FailuresTest, LeaveTheOldBillAndTheMapSaysWhatIsDenied) {
  Gathering gathering(FourMonths());
  Must(gathering.Collect());
  const auto before = Sums(gathering.Loads().back());
  Must(gathering.aws().Advance(std::chrono::hours(24 * 4)));
  gathering.Deliver();
  gathering.aws().Inject(Of(FaultKind::kDeny, "*BILLING_PERIOD=2026-11*"));
  EXPECT_EQ(Must(gathering.Collect()).failures.size(), 1u);
  EXPECT_EQ(Sums(gathering.Loads().back()), before);
  const CoverageMap map = Must(MapCoverage(gathering.stage().store(), gathering.stage().catalog(),
                                           "production", gathering.aws().now()));
  const auto span = std::find_if(map.spans.begin(), map.spans.end(), [](const CoverageSpan& each) {
    return each.first_day <= "2026-11-22" && "2026-11-22" <= each.last_day;
  });
  ASSERT_NE(span, map.spans.end());
  EXPECT_EQ(span->status, CellStatus::kDenied) << span->cause;
  EXPECT_TRUE(span->cause.starts_with("denied: ")) << span->cause;
}

TEST(FailuresTest, AnOverwrittenDeliveryThatNeverStandsStillIsOneFailure) {
  Gathering gathering(FourMonths());
  gathering.aws().Inject({.kind = FaultKind::kRedeliver,
                          .service = "s3",
                          .action = "GetObject",
                          .resource = "*BILLING_PERIOD=2026-11*anifest.json"});
  const Result<CollectSummary> summary = gathering.Collect();
  gathering.aws().ClearFaults();
  ASSERT_TRUE(summary.ok()) << summary.error().message();
  ASSERT_EQ(summary->failures.size(), 1u);
  EXPECT_EQ(summary->failures.front().error.code(), Errc::kConflict);
  EXPECT_EQ(gathering.Loads().size(), 3u);
  Must(gathering.Collect());
  gathering.ExpectExact();
}

TEST(FailuresTest, OfEverythingEndTheCollection) {
  const Fault faults[] = {Of(FaultKind::kThrottle, "*BILLING_PERIOD=2026-11*"),
                          {.kind = FaultKind::kDeny, .action = "AssumeRole"},
                          {.kind = FaultKind::kDeny, .action = "ListObjectsV2"}};
  for (const Fault& fault : faults) {
    SCOPED_TRACE(std::string(rehearsal::Name(fault.kind)) + " " + fault.action);
    Gathering gathering(FourMonths());
    gathering.aws().Inject(fault);
    EXPECT_FALSE(gathering.Collect().ok());
    EXPECT_TRUE(gathering.Loads().empty());
    EXPECT_EQ(StateOf(gathering), "degraded");
    gathering.aws().ClearFaults();
    Must(gathering.Collect());
    gathering.ExpectExact();
  }
}

}  // namespace
}  // namespace farthing::connect
