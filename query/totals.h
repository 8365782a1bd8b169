#pragma once

// Totals and remainders that add up: rows + remainder = total, exactly.  Pure; const-safe.

#include "base/result.h"
#include "query/session.h"

namespace farthing::query {

/// Returns the request for the totals of another: no keys but the currency, no time grain, no limit.
Request TotalRequest(const Request& request);

/// Adds up rows per currency as they pass.
class ShownSums {
 public:
  explicit ShownSums(const std::vector<AnswerColumn>& columns);
  /// Errors: kTooLarge.
  Result<void> Add(const AnswerRow& row);
  /// Returns totals minus what passed; currencies with nothing left are dropped unless all are.
  Result<std::vector<AnswerRow>> Remainder(const std::vector<AnswerRow>& totals) const;

 private:
  std::string CurrencyOf(const AnswerRow& row) const;
  const std::vector<AnswerColumn> columns_;
  std::optional<std::size_t> currency_;  // the key column with the currency
  std::map<std::string, std::vector<Decimal>> sums_;
};

/// Spreads a total over the columns of the answer: keys stay absent but for the currency.
AnswerRow InColumnsOf(const std::vector<AnswerColumn>& columns,
                      const std::vector<AnswerColumn>& total_columns, const AnswerRow& total);

/// Returns the index of the key column that holds the currency.
std::optional<std::size_t> CurrencyColumn(const std::vector<AnswerColumn>& columns);

}  // namespace farthing::query
