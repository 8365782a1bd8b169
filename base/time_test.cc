#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace farthing {
namespace {

std::string Reprint(std::string_view text) {
  const Result<Instant> instant = ParseInstant(text);
  return instant.ok() ? ToString(*instant) : std::string(Token(instant.error().code()));
}

TEST(InstantTest, ParsesWhatBillsContain) {
  EXPECT_EQ(Reprint("2026-01-31"), "2026-01-31T00:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00Z"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31 23:00:00.000"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00.000Z"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00.25Z"), "2026-01-31T23:00:00.250000Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00.123456789Z"), "2026-01-31T23:00:00.123456Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00Z"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("20260131T230000.000Z"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("20260131T230000Z"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("20260131"), "2026-01-31T00:00:00Z");
}

TEST(InstantTest, ConvertsZonesToUtc) {
  EXPECT_EQ(Reprint("2026-01-31T23:00:00+00:00"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31T23:00:00-05:30"), "2026-02-01T04:30:00Z");
  EXPECT_EQ(Reprint("2026-01-01 00:00:00+02"), "2025-12-31T22:00:00Z");
  EXPECT_EQ(Reprint("2026-01-01 00:00:00+0200"), "2025-12-31T22:00:00Z");
}

// Source: FOCUS specification 1.0, sample data, which writes month/day/year.
TEST(InstantTest, ParsesTheDatesOfFocusExamples) {
  EXPECT_EQ(Reprint("5/1/25"), "2025-05-01T00:00:00Z");
  EXPECT_EQ(Reprint("12/31/2025"), "2025-12-31T00:00:00Z");
  EXPECT_EQ(Reprint("13/1/25"), "invalid_argument");
}

// BigQuery and Trino export times like this, so Google's FOCUS view does.
TEST(InstantTest, ParsesTheZoneUtcByItsName) {
  EXPECT_EQ(Reprint("2026-01-31 23:00:00 UTC"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31 23:00:00.000 UTC"), "2026-01-31T23:00:00Z");
  EXPECT_EQ(Reprint("2026-01-31 23:00:00 CET"), "invalid_argument");
  EXPECT_EQ(Reprint("2026-01-31 23:00:00 UTC+1"), "invalid_argument");
  EXPECT_EQ(Reprint("2026-01-31 23:00:00 "), "invalid_argument");
}

TEST(InstantTest, KnowsLeapYears) {
  EXPECT_EQ(Reprint("2024-02-29"), "2024-02-29T00:00:00Z");
  EXPECT_EQ(Reprint("2026-02-29"), "invalid_argument");
  EXPECT_EQ(Reprint("2100-02-29"), "invalid_argument");
}

TEST(InstantTest, RefusesWhatIsNotATime) {
  for (const char* text : {"",
                           "2026",
                           "2026-1-31",
                           "2026-01",
                           "2026-0131",
                           "202601-31",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-00",
                           "2026-01-32",
                           "0000-01-01",
                           "2026-01-31T",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T23:60:00Z",
                           "2026-01-31T23:59:60Z",
                           "2026-01-31T23:00:00.Z",
                           "2026-01-31T23:00:00ZZ",
                           "2026-01-31T23:00:00+",
                           "2026-01-31x23:00:00",
                           " 2026-01-31",
                           "2026-01-31 ",
                           "5/1",
                           "5/1/2",
                           "5/1/202",
                           "tomorrow",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:00:00-01:00"}) {
    EXPECT_EQ(Reprint(text), "invalid_argument") << text;
  }
}

TEST(InstantTest, PrintsTimesBefore1970) {
  EXPECT_EQ(ToString(Instant{-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(DayString(Instant{-1}), "1969-12-31");
  EXPECT_EQ(Reprint("0001-01-01"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(Reprint("9999-12-31T23:59:59.999999Z"), "9999-12-31T23:59:59.999999Z");
}

TEST(InstantTest, ClockIsInThisCentury) {
  EXPECT_GT(Now(), *ParseInstant("2025-01-01"));
  EXPECT_LT(Now(), *ParseInstant("2100-01-01"));
}

RC_GTEST_PROP(InstantProperty, ParseUndoesPrint, ()) {
  // All microseconds of the years 1 to 9999.
  const Instant instant{
      *rc::gen::inRange<std::int64_t>(-62'135'596'800'000'000, 253'402'300'800'000'000)};
  const Result<Instant> parsed = ParseInstant(ToString(instant));
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == instant);
}

TEST(PeriodTest, ParsesAndPrints) {
  EXPECT_EQ(*ParsePeriod("2026-01"), (Period{2026, 1}));
  EXPECT_EQ(ToString(Period{2026, 1}), "2026-01");
  for (const char* text :
       {"", "2026", "2026-1", "2026-13", "2026-00", "202601", "2026-01-01", "0000-01"}) {
    EXPECT_FALSE(ParsePeriod(text).ok()) << text;
  }
}

TEST(PeriodTest, IsHalfOpen) {
  const Period february{2024, 2};
  EXPECT_EQ(ToString(february.start()), "2024-02-01T00:00:00Z");
  EXPECT_EQ(ToString(february.end()), "2024-03-01T00:00:00Z");
  EXPECT_EQ(PeriodOf(february.start()), february);
  EXPECT_EQ(PeriodOf(Instant{february.end().micros - 1}), february);
  EXPECT_EQ(PeriodOf(february.end()), february.Next());
}

TEST(PeriodTest, NextCrossesTheYear) { EXPECT_EQ((Period{2025, 12}.Next()), (Period{2026, 1})); }

TEST(PeriodTest, SortsByTime) { EXPECT_LT((Period{2025, 12}), (Period{2026, 1})); }

}  // namespace
}  // namespace farthing
