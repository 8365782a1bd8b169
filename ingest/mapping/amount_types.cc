#include "ingest/mapping/amount_types.h"

namespace farthing::ingest {

Result<void> AmountTypes::Widen(const std::map<std::string, DecimalNeed>& misfits) {
  const std::map<std::string, DecimalType> before = types_;
  for (const auto& [column, misfit] : misfits) {
    DecimalNeed& need = needs_[DecimalGroup(column)];
    need.Add(DecimalNeed{kNarrowWidth - DecimalType{}.scale, DecimalType{}.scale});
    need.Add(misfit);
    Result<DecimalType> type = TypeFor(need);
    if (!type.ok()) return std::move(type).error().Wrap("column " + column);
    for (const SourceColumn& other : UsedColumns(family_)) {
      if (IsNumber(other.kind) && DecimalGroup(other.name) == DecimalGroup(column)) {
        types_[other.name] = *type;
      }
    }
  }
  if (types_ == before) {
    return Error(Errc::kInternal,
                 "column " + misfits.begin()->first + " does not fit the type made for it");
  }
  return {};
}

bool AmountTypes::RoundDoubles() {
  if (rounds_doubles_) return false;
  for (const SourceColumn& column : UsedColumns(family_)) {
    const auto need = needs_.find(DecimalGroup(column.name));
    if (!IsNumber(column.kind) || need == needs_.end()) continue;
    if (need->second.scale <= kRoundedDoubles.scale) continue;
    types_[column.name] = kRoundedDoubles;
    rounds_doubles_ = true;
  }
  return rounds_doubles_;
}

bool AmountTypes::WidenAll() {
  if (widened_) return false;
  widened_ = true;
  for (const SourceColumn& column : UsedColumns(family_)) {
    if (!IsNumber(column.kind)) continue;
    DecimalType& type = types_[column.name];
    type = Widest(type, DecimalType{kWideWidth, DecimalType{}.scale});
  }
  return true;
}

}  // namespace farthing::ingest
