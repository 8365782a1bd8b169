#include "ingest/mapping/absent_columns.h"

#include <algorithm>

#include "base/text.h"

namespace farthing::ingest {
namespace {

using billing::Need;

constexpr std::string_view kNet = "net_";
constexpr std::string_view kScales = "_commitment_for_billing_period";

class Absence {
 public:
  Absence(const BillContent& bill, const FileKind& kind) : bill_(bill), kind_(kind) {}

  bool IsTakenForNone(const Need& need) const {
    if (need.bill_with.empty() || !IsMissing(need)) return false;
    if (need.bill_with == "reservations") return HasReservations();
    return HasDiscounts() && HasCounterpart(std::string(need.column));
  }

  bool IsMissing(const Need& need) const {
    if (Has(std::string(need.column)) || kind_.line_types.empty()) return false;
    const std::vector<std::string> types = Split(need.line_types, ' ');
    return need.line_types.empty() ||
           std::any_of(types.begin(), types.end(),
                       [&](const std::string& type) { return kind_.line_types.contains(type); });
  }

 private:
  bool Has(const std::string& column) const { return kind_.columns.contains(column); }
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
    return std::any_of(bill_.totals.begin(), bill_.totals.end(), [](const auto& total) {
      const auto& [column, sum] = total;
      const bool tells = column.find("_" + std::string(kNet)) != std::string::npos ||
                         column.starts_with("discount_");
      return tells && sum.units != 0;
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
  const FileKind& kind_;
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

std::vector<FileKind> KindsOf(const std::vector<std::set<std::string>>& columns_by_file) {
  std::vector<FileKind> kinds;
  for (std::size_t file = 0; file < columns_by_file.size(); ++file) {
    const auto& columns = columns_by_file[file];
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const FileKind& each) { return each.columns == columns; });
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), FileKind{{}, columns});
    kind->files.insert(file);
  }
  return kinds;
}

std::set<std::string> TakenForNone(const BillContent& bill, const FileKind& kind) {
  const Absence absence(bill, kind);
  return Columns(bill, [&](const Need& need) { return absence.IsTakenForNone(need); });
}

std::map<std::string, std::vector<std::string>, std::less<>> BlankColumns(
    billing::SourceFamily family, const std::vector<FileKind>& kinds) {
  std::map<std::string, std::vector<std::string>, std::less<>> blank;
  for (const billing::LakeColumn& column : billing::LakeColumns()) {
    if (column.kind != billing::ColumnKind::kText) continue;
    const std::vector<std::string> sources = ColumnsIn(family, column.Expression(family));
    if (sources.empty()) continue;
    const bool is_blank = std::any_of(kinds.begin(), kinds.end(), [&](const FileKind& kind) {
      return !kind.line_types.empty() &&
             std::none_of(sources.begin(), sources.end(),
                          [&](const std::string& source) { return kind.columns.contains(source); });
    });
    if (is_blank) blank.emplace(column.name, sources);
  }
  return blank;
}

std::set<std::string> MissedColumns(const BillContent& bill, const FileKind& kind) {
  const Absence absence(bill, kind);
  return Columns(bill, [&](const Need& need) {
    return need.bill_with.empty() ? absence.IsMissing(need) : absence.IsTakenForNone(need);
  });
}

}  // namespace farthing::ingest
