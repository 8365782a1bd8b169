#include "ingest/absent_columns.h"

#include <algorithm>

#include "base/text.h"

namespace farthing::ingest {
namespace {

using billing::Need;

constexpr std::string_view kNet = "net_";
constexpr std::string_view kScales = "_commitment_for_billing_period";

class Absence {
 public:
  explicit Absence(const BillContent& bill) : bill_(bill) {}

  bool IsTakenForNone(const Need& need) const {
    if (need.bill_with.empty() || !IsMissing(need)) return false;
    if (need.bill_with == "reservations") return HasReservations();
    return HasDiscounts() && HasCounterpart(std::string(need.column));
  }

  bool IsMissing(const Need& need) const {
    if (bill_.columns.contains(std::string(need.column))) return false;
    const std::vector<std::string> types = Split(need.line_types, ' ');
    return need.line_types.empty() ||
           std::any_of(types.begin(), types.end(),
                       [&](const std::string& type) { return bill_.line_types.contains(type); });
  }

 private:
  bool Has(const std::string& column) const { return bill_.columns.contains(column); }
  bool IsNonZero(const std::string& column) const {
    const auto total = bill_.totals.find(column);
    return total != bill_.totals.end() && total->second.units != 0;
  }

  // Each reservation in use has a line of its fee.
  bool HasReservations() const {
    return bill_.line_types.contains("RIFee") || bill_.line_types.contains("DiscountedUsage");
  }

  // Accounts without negotiated discounts have no net columns, or leave them empty.
  bool HasDiscounts() const {
    return std::any_of(bill_.columns.begin(), bill_.columns.end(), [&](const std::string& column) {
      const bool tells = column.find("_" + std::string(kNet)) != std::string::npos ||
                         column.starts_with("discount_");
      return tells && IsNonZero(column);
    });
  }

  // A net amount is missed where its gross one is not zero, and the other way round.
  bool HasCounterpart(const std::string& column) const {
    const std::string counterpart = Counterpart(column);
    if (Has(counterpart)) return column.starts_with("line_item") || IsNonZero(counterpart);
    if (!column.ends_with(kScales) || bill_.detection.is_cur2) return true;
    // Legacy reports have neither the recurring nor the upfront part where no plan has such a part.
    const bool recurring = column.find("recurring") != std::string::npos;
    return !Has(std::string("savings_plan_") + (recurring ? "amortized_upfront" : "recurring") +
                std::string(kScales));
  }

  static std::string Counterpart(std::string column) {
    const std::size_t net = column.find(kNet);
    if (net != std::string::npos) return column.erase(net, kNet.size());
    return column.insert(std::string_view("savings_plan_").size(), kNet);
  }

  const BillContent& bill_;
};

template <typename Takes>
std::set<std::string> Columns(const BillContent& bill, Takes takes) {
  std::set<std::string> columns;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    for (const Need& need : column.Needs(bill.detection.family)) {
      if (takes(need)) columns.emplace(need.column);
    }
  }
  return columns;
}

}  // namespace

std::set<std::string> TakenForNone(const BillContent& bill) {
  const Absence absence(bill);
  return Columns(bill, [&](const Need& need) { return absence.IsTakenForNone(need); });
}

std::vector<std::string> MissedColumns(const BillContent& bill) {
  const Absence absence(bill);
  const std::set<std::string> missed = Columns(bill, [&](const Need& need) {
    return need.bill_with.empty() ? absence.IsMissing(need) : absence.IsTakenForNone(need);
  });
  return {missed.begin(), missed.end()};
}

}  // namespace farthing::ingest
