#include "ingest/mapping/amounts.h"

#include <gtest/gtest.h>

namespace farthing::ingest {
namespace {

Decimal D(const char* text) { return *ParseDecimal(text); }

DecimalNeed NeedOf(std::initializer_list<const char*> values) {
  DecimalNeed need;
  for (const char* value : values) need.Add(D(value));
  return need;
}

TEST(AmountsTest, NeedIsTheMostDigitsOnEachSideOfThePoint) {
  const DecimalNeed need = NeedOf({"-12345.5", "0.00000000000000001", "7"});
  EXPECT_EQ(need.integer_digits, 5);
  EXPECT_EQ(need.scale, 17);
}

TEST(AmountsTest, SmallFractionsNeedNoIntegerDigits) {
  EXPECT_EQ(NeedOf({"0.001"}).integer_digits, 0);
  EXPECT_EQ(NeedOf({"0"}).integer_digits, 0);
}

TEST(AmountsTest, OrdinaryAmountsKeepTheNarrowType) {
  EXPECT_EQ(*TypeFor(NeedOf({"99999999.9999999999", "-1"})), (DecimalType{18, 10}));
}

TEST(AmountsTest, YenAndRupiahKeepTenDecimals) {
  EXPECT_EQ(*TypeFor(NeedOf({"123456789012.5"})), (DecimalType{38, 10}));
}

TEST(AmountsTest, MoreDecimalsThanTenAreKept) {
  EXPECT_EQ(*TypeFor(NeedOf({"0.00000000000000001"})), (DecimalType{38, 17}));
  EXPECT_EQ(*TypeFor(NeedOf({"12345678.123456789012345678"})), (DecimalType{38, 18}));
}

TEST(AmountsTest, LongIntegersGiveUpDecimalsNobodyNeeds) {
  EXPECT_EQ(*TypeFor(NeedOf({"123456789012345678901234567890123456"})), (DecimalType{38, 0}));
}

TEST(AmountsTest, MoreThan38DigitsAreRefused) {
  const Result<DecimalType> type = TypeFor(NeedOf({"1e25", "1e-20"}));
  ASSERT_FALSE(type.ok());
  EXPECT_EQ(type.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(type.error().message().find("26 digits before and 20 after the point"),
            std::string::npos);
}

TEST(AmountsTest, WidestHoldsBoth) {
  EXPECT_EQ(Widest({18, 10}, {18, 10}), (DecimalType{18, 10}));
  EXPECT_EQ(Widest({18, 10}, {38, 17}), (DecimalType{38, 17}));
  EXPECT_EQ(Widest({38, 17}, {38, 12}), (DecimalType{38, 17}));
}

}  // namespace
}  // namespace farthing::ingest
