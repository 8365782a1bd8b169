#include "sim/month.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "sim/charges.h"

namespace farthing::sim {
namespace {

constexpr std::int64_t kHourMicros = 3'600'000'000;
constexpr std::int64_t kDayMicros = 24 * kHourMicros;
// About as many lines as come once a month; the last hour takes what is left over.
constexpr std::int64_t kMonthlyLines = 40;

/// A thing that runs all month.
struct Resource {
  const Product* product;
  const Account* account;
  const Region* region;
  std::uint64_t key;
  std::string id, zone;
};

Resource MakeResource(const Product& product, const Account& account, const Region& region,
                      std::uint64_t key) {
  return {&product,
          &account,
          &region,
          key,
          ResourceId(product.resource, region, account, key),
          product.size_factor > 0 ? std::string(region.code) + "ab"[key % 2] : std::string()};
}

struct Hour {
  Hour(Instant at, int number)
      : start(at), index(number), span(at, Instant{at.micros + kHourMicros}) {}
  bool IsBusy() const {
    const auto weekday = (start.micros / kDayMicros + 4) % 7;  // 0 is Sunday
    const auto hour = start.micros / kHourMicros % 24;
    return weekday % 6 != 0 && hour >= 7 && hour < 19;
  }
  Instant start;
  int index;  ///< within the month, counting skipped hours
  TimeSpan span;
};

/// Rate times amount, exact.
Units Times(Units rate, Units amount) {
  const int128 product = int128{rate} * amount;
  CHECK(product % kOne == 0);
  return static_cast<Units>(product / kOne);
}

Units EffectiveRate(const CoveredFleet& fleet) {
  return fleet.product->rate / 100 * fleet.plan->percent;
}

class Month {
 public:
  Month(const MonthOptions& options, const BillHead& head,
        const std::function<void(const Line&)>& sink)
      : options_(options),
        head_(head),
        sink_(sink),
        fee_span_(options.period.start(), Instant{options.period.end().micros - 1'000'000}),
        purchase_span_(Instant{options.first.start().micros + 234'000'000},
                       Period{options.first.year + 1, options.first.month}.start()) {
    const auto hours = static_cast<int>(
        (options.period.end().micros - options.period.start().micros) / kHourMicros);
    hours_ = static_cast<int>(std::clamp<std::int64_t>(options.lines / 40, 12, hours));
    hours_in_month_ = hours;
    scale_ = static_cast<int>(std::max<std::int64_t>(1, options.lines / hours_ / 100));
    BuildCommittedFleets();
  }

  void Run() {
    for (int i = 0; i < hours_; ++i) {
      const int index = static_cast<int>(std::int64_t{i} * hours_in_month_ / hours_);
      const Hour hour(Instant{options_.period.start().micros + index * kHourMicros}, index);
      ReservedHour(hour);
      PlanHour(hour);
      std::size_t next_resource = 0;
      const auto share = (options_.lines - kMonthlyLines) * (i + 1) / hours_;
      while (emitted_ < share) EmitUsage(next_resource++, hour);
      if (i + 1 < hours_) continue;
      Fees();
      EmitOneOffs(head_, [this](const Line& line) { Emit(line); });
      const auto taxes = static_cast<std::int64_t>(LinkedAccounts().size()) + 1;
      while (emitted_ < options_.lines - taxes) EmitUsage(next_resource++, hour);
    }
    Emit(TaxOf(head_, Payer(), charges_[&Payer()]));
    for (const Account& account : LinkedAccounts()) Emit(TaxOf(head_, account, charges_[&account]));
    CHECK(emitted_ == options_.lines);
  }

 private:
  void BuildCommittedFleets() {
    const auto build = [this](const auto& commitment, int count, std::uint64_t key) {
      std::vector<Resource> fleet;
      for (int i = 0; i < count; ++i) {
        fleet.push_back(MakeResource(*commitment.product, *commitment.user, *commitment.region,
                                     Mix(options_.seed + key, static_cast<std::uint64_t>(i))));
        fleet.back().zone = std::string(commitment.region->code) + "a";
      }
      return fleet;
    };
    for (const Reservation& lease : Reservations()) {
      reserved_.push_back(build(lease, lease.count * scale_, 100 + reserved_.size()));
    }
    for (const CoveredFleet& fleet : CoveredFleets()) {
      covered_.push_back(build(fleet, scale_, 200 + covered_.size()));
    }
    reserved_hours_.resize(reserved_.size());
  }

  Line MakeHourly(LineType type, const Resource& resource, const Hour& hour) {
    Line line = MakeLine(type, head_, *resource.account, *resource.product, resource.region,
                         hour.span, resource.key);
    line.resource_id = resource.id;
    line.zone = resource.zone;
    line.rate = resource.product->rate;
    return line;
  }

  void Emit(const Line& line) {
    ++emitted_;
    charges_[line.account] += NetUnblended(line);
    sink_(line);
  }

  /// Sets amount and the costs that follow from it.
  static void Price(Line& line, Units amount) {
    line.amount = amount;
    line.unblended = line.blended = Times(line.rate, amount);
    line.public_cost = line.unblended;
  }

  void EmitUsage(std::size_t index, const Hour& hour) {
    while (fleet_.size() <= index) {
      const auto n = fleet_.size();
      const auto key = Mix(options_.seed, n);
      fleet_.push_back(
          MakeResource(UsageProducts()[n % UsageProducts().size()],
                       LinkedAccounts()[(n + n / UsageProducts().size()) % LinkedAccounts().size()],
                       Regions()[key % Regions().size()], key));
    }
    const Resource& resource = fleet_[index];
    const Product& product = *resource.product;
    const auto chance = Mix(resource.key, static_cast<std::uint64_t>(hour.start.micros));
    auto steps = 1 + static_cast<int>(chance % static_cast<std::uint64_t>(product.steps)) +
                 (hour.IsBusy() ? product.steps : 0);
    if (chance / 1024 % 40 == 0) steps += options_.restatement;

    Line line = MakeHourly(LineType::kUsage, resource, hour);
    Price(line, product.step * steps);
    if (product.offer == Offer::kFreeTier) line.rate = line.unblended = line.blended = 0;
    if (product.offer == Offer::kSpot) line.public_cost = 0;
    Emit(line);
  }

  void ReservedHour(const Hour& hour) {
    for (std::size_t i = 0; i < reserved_.size(); ++i) {
      const Reservation& lease = Reservations()[i];
      for (const Resource& instance : reserved_[i]) {
        if (Mix(instance.key, static_cast<std::uint64_t>(hour.index)) % 9 == 0) continue;
        Line line = MakeHourly(LineType::kDiscountedUsage, instance, hour);
        Price(line, kOne);
        line.unblended = line.rate = 0;
        line.blended = lease.hourly_fee;
        line.reservation = &lease;
        line.ri.recurring_for_usage = lease.hourly_fee;
        line.ri.upfront_for_usage = lease.hourly_upfront;
        ++reserved_hours_[i];
        Emit(line);
      }
    }
  }

  void PlanHour(const Hour& hour) {
    for (const SavingsPlan& plan : SavingsPlans()) {
      Units commitment = 0;
      Units used = 0;
      for (std::size_t i = 0; i < covered_.size(); ++i) {
        const CoveredFleet& fleet = CoveredFleets()[i];
        if (fleet.plan != &plan) continue;
        commitment += EffectiveRate(fleet) * scale_;
        used += CoverFleet(fleet, covered_[i], hour);
      }
      Line line = MakeLine(LineType::kRecurringFee, head_, Payer(), kSavingsPlanService, nullptr,
                           hour.span, 300);
      SetPlan(line, plan);
      line.sp.amortized_upfront = plan.payment == Payment::kAllUpfront       ? commitment
                                  : plan.payment == Payment::kPartialUpfront ? commitment / 2
                                                                             : 0;
      line.sp.recurring = commitment - line.sp.amortized_upfront;
      line.sp.used = used;
      line.amount = kOne;
      line.rate = line.unblended = line.blended = line.sp.recurring;
      upfront_[&plan] = line.sp.amortized_upfront;
      Emit(line);
    }
  }

  /// Emits the covered usage of a fleet and its negation; returns the commitment used.
  Units CoverFleet(const CoveredFleet& fleet, const std::vector<Resource>& instances,
                   const Hour& hour) {
    Units used = 0;
    Line negation = MakeHourly(LineType::kNegation, instances.front(), hour);
    for (const Resource& instance : instances) {
      const auto chance = Mix(instance.key, static_cast<std::uint64_t>(hour.index)) % 8;
      if (chance == 0) continue;
      Line line = MakeHourly(LineType::kCoveredUsage, instance, hour);
      SetPlan(line, *fleet.plan);
      Price(line, chance == 1 ? kOne / 2 : kOne);
      line.sp.rate = EffectiveRate(fleet);
      line.sp.effective = Times(line.sp.rate, line.amount);
      used += line.sp.effective;
      negation.amount -= line.amount;
      negation.unblended -= line.unblended;
      Emit(line);
      if (&fleet == CoveredFleets().data() && &instance == instances.data()) EmitPods(line);
    }
    if (negation.amount == 0) return 0;
    const std::string description =
        "SavingsPlanNegation used by AccountId : " + std::string(fleet.user->id) +
        " and UsageSku : " + std::string(fleet.product->usage_type);
    negation.description = description;
    negation.resource_id = {};
    SetPlan(negation, *fleet.plan);
    negation.blended = negation.unblended;
    Emit(negation);
    return used;
  }

  /// Splits the cost of an instance between the processor and the memory of one pod.
  void EmitPods(const Line& instance) {
    const Units memory = instance.sp.effective / 1000 * 100;
    const Product* const products[] = {&kPodCpu, &kPodMemory};
    const Units costs[] = {instance.sp.effective - memory, memory};
    const std::string id = ResourceId(kPodCpu.resource, *instance.region, *instance.account, 7);
    for (std::size_t i = 0; i < 2; ++i) {
      Line line = MakeLine(LineType::kUsage, head_, *instance.account, *products[i],
                           instance.region, *instance.span, i);
      line.resource_id = id;
      line.amount = instance.amount * (i == 0 ? 2 : 8);
      const Units used = costs[i] / 400 * 300;
      line.split = {instance.resource_id, line.amount / 2, line.amount / 4, kOne / 4 * 3, used,
                    costs[i] - used};
      Emit(line);
    }
  }

  /// Emits the monthly fees of the leases and, in the first month, what is paid upfront.
  void Fees() {
    const bool first = options_.period == options_.first;
    for (std::size_t i = 0; i < reserved_.size(); ++i) {
      const LeaseUse use{static_cast<std::int64_t>(reserved_[i].size()), hours_,
                         reserved_hours_[i]};
      const Reservation& lease = Reservations()[i];
      Emit(LeaseFee(head_, lease, use, fee_span_));
      if (first && lease.hourly_upfront != 0) Emit(LeaseUpfront(head_, lease, use, purchase_span_));
    }
    for (const auto& [plan, hourly_upfront] : upfront_) {
      if (first && hourly_upfront != 0)
        Emit(PlanUpfront(head_, *plan, hourly_upfront, purchase_span_));
    }
  }

  const MonthOptions& options_;
  const BillHead& head_;
  const std::function<void(const Line&)>& sink_;
  const TimeSpan fee_span_;       // RIFee lines end a second before the month does
  const TimeSpan purchase_span_;  // upfront fees start at an odd second and last a year
  int hours_ = 0;                 // kept
  int hours_in_month_ = 0;
  int scale_ = 1;  // instances per committed fleet
  std::int64_t emitted_ = 0;
  std::vector<Resource> fleet_;
  std::vector<std::vector<Resource>> reserved_, covered_;  // by lease, by covered fleet
  std::vector<std::int64_t> reserved_hours_;
  std::map<const SavingsPlan*, Units> upfront_;  // amortised per hour
  std::map<const Account*, int128> charges_;
};

}  // namespace

void EmitMonth(const MonthOptions& options, const BillHead& head,
               const std::function<void(const Line&)>& sink) {
  Month(options, head, sink).Run();
}

}  // namespace farthing::sim
