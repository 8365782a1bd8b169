#pragma once

// The synthetic organisation: its accounts, what they run, and what they have committed to.
// Constant tables; every rate is chosen so that money stays exact in units of 1e-10, also after the
// 6 % negotiated discount.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace farthing::sim {

/// Money, rates and quantities in units of 1e-10.
using Units = std::int64_t;
constexpr Units kOne = 10'000'000'000;

struct Account {
  std::string_view id, name, business_unit, environment;
};

struct Region {
  std::string_view code, usage_prefix, location;
};

enum class Offer { kOnDemand, kSpot, kFreeTier, kSubscription };

struct Product {
  std::string_view code, name;           ///< "AmazonEC2", "Amazon Elastic Compute Cloud"
  std::string_view servicecode, family;  ///< product/servicecode, product/productFamily
  std::string_view usage_type;           ///< without the region's prefix
  std::string_view operation, unit, instance_type;
  std::string_view description;
  std::string_view resource;        ///< {r} region, {a} account, {x} 16 hex digits; may be empty
  std::string_view focus_category;  ///< ServiceCategory of FOCUS
  Units rate = 0;                   ///< price of one unit; the list price of a free tier
  Units step = 0;                   ///< hourly amounts are multiples of this,
  int steps = 1;                    ///< 1 to about 3 * steps of them
  int size_factor = 0;              ///< RI normalisation factor of an instance; else 0
  Offer offer = Offer::kOnDemand;
  std::string_view seller = "Amazon Web Services, Inc.";
};

/// Tag values; empty means that the key is absent.
struct TagSet {
  std::string_view cost_center, team, environment, created_by;
};
constexpr TagSet kNoTags{};

enum class Payment { kNoUpfront, kPartialUpfront, kAllUpfront };
std::string_view Name(Payment payment);

/// A reserved instance lease of `count` instances, bought by the payer for a year.
struct Reservation {
  std::string_view arn, fee_usage_type;
  const Product* product;
  const Account* user;
  const Region* region;
  Payment payment;
  Units hourly_fee, hourly_upfront;  ///< per instance hour: paid hourly; amortised from the upfront
  int count;
};

/// A savings plan of the payer for a year.  Covered usage costs `percent` of its on-demand price.
struct SavingsPlan {
  std::string_view arn, id, offering, family, region;
  Payment payment;
  int percent;
};

/// Usage of one account that a savings plan covers: `Fleet instances` of one product.
struct CoveredFleet {
  const SavingsPlan* plan;
  const Product* product;
  const Account* user;
  const Region* region;
};

const Account& Payer();
std::span<const Account> LinkedAccounts();
std::span<const Region> Regions();
std::span<const Product> UsageProducts();  ///< what fleets run by the hour
std::span<const TagSet> TagSets();
std::span<const Reservation> Reservations();
std::span<const SavingsPlan> SavingsPlans();
std::span<const CoveredFleet> CoveredFleets();

/// Things charged by the month or once.
extern const Product kSupport, kMarketplace, kDomain, kSavingsPlanService, kFirewall, kFlatRatePlan,
    kMystery, kPodCpu, kPodMemory;

/// Fills {r}, {a} and {x} of a resource pattern.
std::string ResourceId(std::string_view pattern, const Region& region, const Account& account,
                       std::uint64_t key);

}  // namespace farthing::sim
