#include "query/totals.h"

#include <algorithm>

namespace farthing::query {
namespace {

bool AddsUp(const AnswerColumn& column) {
  return column.role == ColumnRole::kMetric && column.metric->additive;
}

bool IsZeroOrAbsent(const std::optional<std::string>& value) { return !value || *value == "0"; }

}  // namespace

Request TotalRequest(const Request& request) {
  Request total = request;
  std::erase_if(total.group_by, [](const GroupKey& key) { return !IsCurrency(key.dimension); });
  if (total.group_by.size() > 1) total.group_by.resize(1);
  total.order_by.clear();
  total.time.grain = Grain::kNone;
  total.limit.reset();
  total.remainder = false;
  return total;
}

std::optional<std::size_t> CurrencyColumn(const std::vector<AnswerColumn>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].is_currency) return i;
  }
  return std::nullopt;
}

AnswerRow InColumnsOf(const std::vector<AnswerColumn>& columns,
                      const std::vector<AnswerColumn>& total_columns, const AnswerRow& total) {
  AnswerRow row(columns.size());
  for (std::size_t from = 0; from < total_columns.size(); ++from) {
    const auto to = std::find_if(columns.begin(), columns.end(), [&](const AnswerColumn& column) {
      return total_columns[from].is_currency ? column.is_currency
                                             : column.name == total_columns[from].name;
    });
    if (to != columns.end()) row[static_cast<std::size_t>(to - columns.begin())] = total[from];
  }
  return row;
}

ShownSums::ShownSums(const std::vector<AnswerColumn>& columns)
    : columns_(columns), currency_(CurrencyColumn(columns)) {}

std::string ShownSums::CurrencyOf(const AnswerRow& row) const {
  return currency_ ? row[*currency_].value_or("") : std::string();
}

Result<void> ShownSums::Add(const AnswerRow& row) {
  std::vector<Decimal>& sums = sums_[CurrencyOf(row)];
  sums.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!AddsUp(columns_[i]) || !row[i]) continue;
    TRY_ASSIGN(const Decimal value, ParseDecimal(*row[i]));
    TRY_ASSIGN(sums[i], farthing::Add(sums[i], value));
  }
  return {};
}

Result<std::vector<AnswerRow>> ShownSums::Remainder(const std::vector<AnswerRow>& totals) const {
  std::vector<AnswerRow> remainder;
  for (const AnswerRow& total : totals) {
    AnswerRow rest = total;
    const auto shown = sums_.find(CurrencyOf(total));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].role != ColumnRole::kMetric || !rest[i]) continue;
      if (!AddsUp(columns_[i])) {
        rest[i].reset();
      } else if (shown != sums_.end()) {
        TRY_ASSIGN(const Decimal whole, ParseDecimal(*rest[i]));
        TRY_ASSIGN(const Decimal left, farthing::Add(whole, Negate(shown->second[i])));
        rest[i] = ToString(Canonical(left));
      }
    }
    remainder.push_back(std::move(rest));
  }
  if (remainder.size() < 2) return remainder;
  std::erase_if(remainder, [&](const AnswerRow& row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].role == ColumnRole::kMetric && !IsZeroOrAbsent(row[i])) return false;
    }
    return true;
  });
  return remainder;
}

}  // namespace farthing::query
