#include "ingest/mapping/source_columns.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace farthing::ingest {
namespace {

using billing::SourceFamily;
using Use = ColumnRole::Use;

// The columns of legacy CUR and CUR 2.0 as AWS's guides list them.
const char* const kCurHeaders[] = {
    "identity/LineItemId identity/TimeInterval bill/InvoiceId bill/InvoicingEntity "
    "bill/BillingEntity bill/BillType "
    "bill/PayerAccountId bill/BillingPeriodStartDate bill/BillingPeriodEndDate "
    "bill/PayerAccountName",
    "lineItem/UsageAccountId lineItem/UsageAccountName lineItem/LineItemType "
    "lineItem/UsageStartDate "
    "lineItem/UsageEndDate lineItem/ProductCode lineItem/UsageType lineItem/Operation "
    "lineItem/AvailabilityZone "
    "lineItem/ResourceId lineItem/UsageAmount lineItem/NormalizationFactor "
    "lineItem/NormalizedUsageAmount "
    "lineItem/CurrencyCode lineItem/UnblendedRate lineItem/UnblendedCost lineItem/BlendedRate "
    "lineItem/BlendedCost "
    "lineItem/NetUnblendedRate lineItem/NetUnblendedCost lineItem/LineItemDescription "
    "lineItem/TaxType "
    "lineItem/LegalEntity lineItem/UserIdentifier lineItem/IamPrincipal",
    "product/ProductName product/PurchaseOption product/comment product/feeCode "
    "product/feeDescription "
    "product/fromLocation product/fromLocationType product/fromRegionCode product/instanceFamily "
    "product/instanceType product/instancesku product/location product/locationType "
    "product/operation "
    "product/pricingUnit product/productFamily product/region product/regionCode "
    "product/servicecode product/sku "
    "product/toLocation product/toLocationType product/toRegionCode product/usagetype "
    "product/operatingSystem "
    "product/volumeType product/group product/transferType",
    "pricing/LeaseContractLength pricing/OfferingClass pricing/PurchaseOption pricing/RateCode "
    "pricing/RateId "
    "pricing/currency pricing/publicOnDemandCost pricing/publicOnDemandRate pricing/term "
    "pricing/unit",
    "reservation/AmortizedUpfrontCostForUsage reservation/AmortizedUpfrontFeeForBillingPeriod "
    "reservation/AvailabilityZone reservation/EffectiveCost reservation/StartTime "
    "reservation/EndTime "
    "reservation/ModificationStatus reservation/NormalizedUnitsPerReservation "
    "reservation/NumberOfReservations "
    "reservation/RecurringFeeForUsage reservation/ReservationARN reservation/SubscriptionId "
    "reservation/TotalReservedNormalizedUnits reservation/TotalReservedUnits "
    "reservation/UnitsPerReservation "
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod reservation/UnusedRecurringFee "
    "reservation/UnusedQuantity "
    "reservation/UnusedNormalizedUnitQuantity reservation/UpfrontValue "
    "reservation/NetAmortizedUpfrontCostForUsage "
    "reservation/NetAmortizedUpfrontFeeForBillingPeriod reservation/NetEffectiveCost "
    "reservation/NetRecurringFeeForUsage reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod "
    "reservation/NetUnusedRecurringFee reservation/NetUpfrontValue",
    "savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod "
    "savingsPlan/RecurringCommitmentForBillingPeriod "
    "savingsPlan/TotalCommitmentToDate savingsPlan/UsedCommitment "
    "savingsPlan/SavingsPlanEffectiveCost "
    "savingsPlan/SavingsPlanRate savingsPlan/SavingsPlanARN savingsPlan/OfferingType "
    "savingsPlan/PaymentOption "
    "savingsPlan/PurchaseTerm savingsPlan/Region savingsPlan/InstanceTypeFamily "
    "savingsPlan/StartTime "
    "savingsPlan/EndTime savingsPlan/NetSavingsPlanEffectiveCost "
    "savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod "
    "savingsPlan/NetRecurringCommitmentForBillingPeriod",
    "discount/BundledDiscount discount/TotalDiscount discount/EdpDiscount "
    "discount/PrivateRateDiscount "
    "discount/RiVolumeDiscount discount/SppDiscount",
    "splitLineItem/ParentResourceId splitLineItem/ReservedUsage splitLineItem/ActualUsage "
    "splitLineItem/SplitUsage "
    "splitLineItem/SplitUsageRatio splitLineItem/SplitCost splitLineItem/UnusedCost "
    "splitLineItem/NetSplitCost "
    "splitLineItem/NetUnusedCost splitLineItem/PublicOnDemandSplitCost "
    "splitLineItem/PublicOnDemandUnusedCost",
    "capacityReservation/CapacityReservationArn capacityReservation/CapacityReservationStatus "
    "capacityReservation/CapacityReservationType"};

// lineItem/UnblendedCost → line_item_unblended_cost; every capital counts (ARN → a_r_n).
std::string Parquet(const std::string& header) {
  std::string name;
  for (const char c : header) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !name.ends_with('_')) name += '_';
    name += c == '/' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string Squeezed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(SourceColumnsTest, EveryColumnOfTheGuidesIsKnownInEverySpelling) {
  std::set<std::string> used;
  for (const char* group : kCurHeaders) {
    for (const std::string& header : Split(group, ' ')) {
      const std::string parquet = Parquet(header);
      const ColumnRole role = RoleOf(SourceFamily::kCur, header);
      EXPECT_FALSE(role.unknown) << header;
      for (const std::string& spelling :
           {parquet, ToLower(header), Squeezed(parquet, "_a_r_n", "_arn")}) {
        const ColumnRole other = RoleOf(SourceFamily::kCur, spelling);
        EXPECT_FALSE(other.unknown) << spelling;
        EXPECT_EQ(other.use, role.use) << spelling;
        if (role.use == Use::kUsed) {
          EXPECT_EQ(other.name, role.name) << spelling;
        }
      }
      if (role.use == Use::kUsed) {
        EXPECT_EQ(role.name, parquet) << "the registry uses AWS's Parquet names";
        used.insert(role.name);
      }
    }
  }
  for (const SourceColumn& column : UsedColumns(SourceFamily::kCur)) {
    EXPECT_TRUE(used.contains(column.name)) << column.name << " is in no guide";
  }
}

TEST(SourceColumnsTest, EveryFocusColumnIsKnown) {
  for (const std::string& header :
       Split("AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingAccountType "
             "BillingCurrency "
             "BillingPeriodEnd BillingPeriodStart CapacityReservationId CapacityReservationStatus "
             "ChargeCategory "
             "ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart "
             "CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName "
             "CommitmentDiscountQuantity "
             "CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit "
             "ConsumedQuantity ConsumedUnit "
             "ContractedCost ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName "
             "ListCost ListUnitPrice "
             "PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice "
             "PricingCurrencyEffectiveCost "
             "PricingCurrencyListUnitPrice PricingQuantity PricingUnit ProviderName PublisherName "
             "RegionId RegionName "
             "ResourceId ResourceName ResourceType ServiceCategory ServiceName ServiceSubcategory "
             "SkuId SkuMeter "
             "SkuPriceDetails SkuPriceId SubAccountId SubAccountName SubAccountType Tags "
             "x_CostCategories x_Discounts "
             "x_Operation x_ServiceCode x_UsageType AllocatedMethodDetails AllocatedMethodId "
             "AllocatedResourceId "
             "AllocatedResourceName AllocatedTags ContractApplied HostProviderName "
             "ServiceProviderName",
             ' ')) {
    EXPECT_FALSE(RoleOf(SourceFamily::kFocus, header).unknown) << header;
  }
  EXPECT_TRUE(RoleOf(SourceFamily::kFocus, "SomethingNew").unknown);
  EXPECT_FALSE(RoleOf(SourceFamily::kFocus, "x_Something").unknown)
      << "extensions are part of the standard";
}

TEST(SourceColumnsTest, TagsKeepTheirKeyAsDelivered) {
  const auto role = [](const char* header) { return RoleOf(SourceFamily::kCur, header); };
  EXPECT_EQ(role("resourceTags/user:CostCenter").name, "user:CostCenter");
  EXPECT_EQ(role("resourceTags/user:a/b:c d").name, "user:a/b:c d");
  EXPECT_EQ(role("resource_tags_user_cost_center").name, "user_cost_center");
  EXPECT_EQ(role("costCategory/Charge type (all)").name, "Charge type (all)");
  EXPECT_EQ(role("costCategory/Charge type (all)").use, Use::kCostCategory);
  EXPECT_EQ(role("cost_category_charge_type").use, Use::kCostCategory);
}

TEST(SourceColumnsTest, MapsOfCur2AreMaps) {
  const auto use = [](const char* header) { return RoleOf(SourceFamily::kCur, header).use; };
  EXPECT_EQ(use("product"), Use::kProductMap);
  EXPECT_EQ(use("discount"), Use::kAttributeMap);
  EXPECT_EQ(use("resource_tags"), Use::kTagMap);
  EXPECT_EQ(use("cost_category"), Use::kCategoryMap);
  EXPECT_EQ(use("tags"), Use::kMixedTagMap);
  EXPECT_EQ(*KeyInMap(RoleOf(SourceFamily::kCur, "product"), "product_region"), "region");
  EXPECT_FALSE(KeyInMap(RoleOf(SourceFamily::kCur, "resource_tags"), "product_region"));
}

TEST(SourceColumnsTest, OtherHeaders) {
  EXPECT_EQ(RoleOf(SourceFamily::kCur, "").use, Use::kIgnored);
  EXPECT_EQ(RoleOf(SourceFamily::kCur, "  ").use, Use::kIgnored);
  EXPECT_EQ(RoleOf(SourceFamily::kCur, "year").use, Use::kIgnored);
  EXPECT_EQ(RoleOf(SourceFamily::kCur, " resourceTags/user:team").name, "user:team");
  EXPECT_EQ(RoleOf(SourceFamily::kCur, "resourceTags_user:team").use, Use::kTag);
  const ColumnRole odd = RoleOf(SourceFamily::kCur, "myTeam");
  EXPECT_EQ(odd.use, Use::kAttribute);
  EXPECT_TRUE(odd.unknown);
  EXPECT_EQ(odd.name, "myTeam");
}

Result<Detection> Detect(const char* headers) {
  const std::vector<std::string> list = Split(headers, ' ');
  return DetectFamily(list);
}

TEST(SourceColumnsTest, FamiliesAreRecognised) {
  EXPECT_EQ(Detect("lineItem/LineItemType lineItem/UnblendedCost")->family, SourceFamily::kCur);
  EXPECT_FALSE(Detect("lineItem/LineItemType lineItem/UnblendedCost")->is_cur2);
  EXPECT_TRUE(Detect("line_item_line_item_type product resource_tags")->is_cur2);
  EXPECT_EQ(Detect("BilledCost ChargeCategory")->family, SourceFamily::kFocus);
}

TEST(SourceColumnsTest, OtherFilesAreRefusedForWhatTheyAre) {
  const auto reason = [](const char* headers) {
    const Result<Detection> detection = Detect(headers);
    return detection.ok() ? std::string("accepted") : detection.error().message();
  };
  EXPECT_NE(reason("lineItem/referenceNo lineItem/tenantId product/region cost/myCost")
                .find("Oracle Cloud"),
            std::string::npos);
  EXPECT_NE(reason("subscriptionGuid meterCategory meterId preTaxCost").find("Azure"),
            std::string::npos);
  EXPECT_NE(reason("SubscriptionId CostInBillingCurrency").find("Azure"), std::string::npos);
  EXPECT_NE(reason("ContractCommitmentId ContractCommitmentCost").find("contract commitment"),
            std::string::npos);
  EXPECT_NE(
      reason("BilledCost ChargeCategory BillingPeriodStart InvoiceDetailId").find("invoice detail"),
      std::string::npos);
  EXPECT_NE(reason("BillingPeriodStart BillingPeriodStatus").find("billing period dataset"),
            std::string::npos);
  EXPECT_NE(reason("BilledCost ChargeType AmortizedCost").find("older than version 1.0"),
            std::string::npos);
  EXPECT_NE(reason("ChargeCategory ChargePeriodStart EffectiveCost").find("column BilledCost"),
            std::string::npos);
  EXPECT_NE(reason("BilledCost ServiceName").find("without the column ChargeCategory"),
            std::string::npos);
  EXPECT_NE(reason("InvoiceID RecordType ProductName UnBlendedCost").find("detailed billing"),
            std::string::npos);
  EXPECT_NE(reason("date amount").find("neither CUR columns"), std::string::npos);
}

TEST(DetectFamilyTest, FocusChargesThatNameTheirInvoiceDetailAreCharges) {
  const std::vector<std::string> headers = {"BilledCost", "ChargeCategory", "ChargePeriodStart",
                                            "BillingPeriodStart", "InvoiceDetailId"};
  const auto detection = DetectFamily(headers);
  ASSERT_TRUE(detection.ok());
  EXPECT_EQ(detection->family, billing::SourceFamily::kFocus);
}

}  // namespace
}  // namespace farthing::ingest
