#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace farthing {
namespace {

Result<std::unique_ptr<int>> Half(int number) {
  if (number % 2 != 0) return Error(Errc::kInvalidArgument, "odd: " + std::to_string(number));
  return std::make_unique<int>(number / 2);
}

Result<int> Quarter(int number) {
  TRY_ASSIGN(const auto half, Half(number));
  TRY_ASSIGN(const auto quarter, Half(*half));
  return *quarter;
}

Result<void> CanQuarter(int number) {
  TRY(Quarter(number));
  return {};
}

TEST(ResultTest, MoveOnlyValuePropagates) { EXPECT_EQ(*Quarter(8), 2); }

TEST(ResultTest, FirstErrorWins) {
  const auto quarter = Quarter(6);
  ASSERT_FALSE(quarter.ok());
  EXPECT_EQ(quarter.error().message(), "odd: 3");
  EXPECT_EQ(Token(quarter.error().code()), "invalid_argument");
}

TEST(ResultTest, VoidCarriesOnlyErrors) {
  EXPECT_TRUE(CanQuarter(4).ok());
  EXPECT_FALSE(CanQuarter(6).ok());
}

TEST(ResultTest, WrapPrefixesContextFromInsideOut) {
  const Error error = Error(Errc::kCorrupt, "bad byte").Wrap("file a").Wrap("period 2026-01");
  EXPECT_EQ(error.message(), "period 2026-01: file a: bad byte");
}

TEST(ResultTest, DeepestHintStays) {
  const Error error = Error(Errc::kNotFound, "gone").Hint("look there").Hint("ask someone");
  EXPECT_EQ(error.hint(), "look there");
}

TEST(ResultTest, DetailsAreKeptAndReplacedByName) {
  const Error error =
      Error(Errc::kPermissionDenied, "no").With("code", "A").With("request", "1").With("code", "B");
  EXPECT_EQ(error.detail("code"), "B");
  EXPECT_EQ(error.detail("other"), "");
  EXPECT_EQ(error.details().size(), 2u);
}

TEST(ResultTest, WhereNamesTheLineThatMadeTheError) {
  const int line = __LINE__ + 1;
  const Error error(Errc::kInternal, "x");
  EXPECT_TRUE(error.where().ends_with("result_test.cc:" + std::to_string(line))) << error.where();
}

TEST(ResultTest, EveryCodeHasATokenAndANonZeroExitCode) {
  for (int i = 0; i <= static_cast<int>(Errc::kInternal); ++i) {
    const auto code = static_cast<Errc>(i);
    EXPECT_FALSE(Token(code).empty());
    EXPECT_GE(ExitCode(code), 2);
  }
  EXPECT_EQ(ExitCode(Errc::kInternal), 70);
}

TEST(ResultDeathTest, BrokenInvariantAborts) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "invariant broken: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace farthing
