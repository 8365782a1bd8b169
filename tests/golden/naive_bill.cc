#include "tests/golden/naive_bill.h"

#include <zlib.h>

#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <stdexcept>

namespace farthing::testkit {
namespace {

std::string Unpack(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files too
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  std::array<char, 65536> buffer;
  for (int n = 0; (n = gzread(file, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  gzclose(file);
  return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
}

// All spellings of a column have the same letters.
std::string Letters(const std::string& header) {
  std::string letters;
  for (const char c : header) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters;
}

// Column → its place, of the columns that are added up or grouped by.
using Columns = std::map<std::string, std::size_t>;

Columns ColumnsOf(const std::vector<std::string>& header) {
  static const std::set<std::string> kWanted = {
      "lineitemlineitemtype",
      "lineitemcurrencycode",
      "lineitemunblendedcost",
      "lineitemblendedcost",
      "reservationeffectivecost",
      "reservationunusedamortizedupfrontfeeforbillingperiod",
      "reservationunusedrecurringfee",
      "reservationreservationarn",
      "savingsplansavingsplaneffectivecost",
      "savingsplantotalcommitmenttodate",
      "savingsplanusedcommitment",
      "chargecategory",
      "billingcurrency",
      "billedcost",
      "effectivecost",
      "listcost",
      "contractedcost"};
  Columns columns;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (const std::string name = Letters(header[i]); kWanted.contains(name))
      columns.emplace(name, i);
  }
  return columns;
}

// Hands over the header, then every record; blank lines are none.
template <typename Visit>
void ForEachRecord(const std::string& text, Visit visit) {
  std::vector<std::string> record(1);
  std::size_t field = 0;
  bool quoted = false;
  const auto finish = [&] {
    record.resize(field + 1);
    if (record.back().ends_with('\r')) record.back().pop_back();
    if (field > 0 || !record[0].empty()) visit(record);
    for (std::string& cell : record) cell.clear();
    field = 0;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      record[field] += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      if (++field == record.size()) record.emplace_back();
    } else if (c == '\n' && !quoted) {
      finish();
    } else {
      record[field] += c;
    }
  }
  if (!text.ends_with('\n')) finish();
}

Decimal Plus(const Decimal& a, const Decimal& b) { return *Add(a, b); }

class Row {
 public:
  Row(const Columns& columns, const std::vector<std::string>& cells)
      : columns_(columns), cells_(cells) {}
  bool Has(const std::string& column) const { return columns_.contains(column); }
  std::string Text(const std::string& column) const {
    const auto at = columns_.find(column);
    if (at == columns_.end() || at->second >= cells_.size()) return "";
    const std::string& cell = cells_[at->second];
    return cell == "NULL" || cell == "null" ? "" : cell;
  }
  Decimal Number(const std::string& column) const {
    std::string text = Text(column);
    while (text.ends_with(' ')) text.pop_back();
    if (text.empty()) return {};
    const Result<Decimal> number = ParseDecimal(text);
    if (!number.ok()) throw std::runtime_error(column + ": " + text);
    return *number;
  }

 private:
  const Columns& columns_;
  const std::vector<std::string>& cells_;
};

// cur-facts 4.2.
Decimal Amortized(const Row& row) {
  const std::string type = row.Text("lineitemlineitemtype");
  if (type == "DiscountedUsage") return row.Number("reservationeffectivecost");
  if (type == "RIFee") {
    return Plus(row.Number("reservationunusedamortizedupfrontfeeforbillingperiod"),
                row.Number("reservationunusedrecurringfee"));
  }
  if (type == "Fee" && !row.Text("reservationreservationarn").empty()) return {};
  if (type == "SavingsPlanCoveredUsage") return row.Number("savingsplansavingsplaneffectivecost");
  if (type == "SavingsPlanNegation" || type == "SavingsPlanUpfrontFee") return {};
  if (type == "SavingsPlanRecurringFee") {
    return Plus(row.Number("savingsplantotalcommitmenttodate"),
                Negate(row.Number("savingsplanusedcommitment")));
  }
  return row.Number("lineitemunblendedcost");
}

Sums AmountsOf(const Row& row) {
  if (!row.Has("lineitemunblendedcost")) {
    Sums sums;
    for (const auto& [lake, source] :
         std::map<std::string, std::string>{{"billed_cost", "billedcost"},
                                            {"effective_cost", "effectivecost"},
                                            {"list_cost", "listcost"},
                                            {"contracted_cost", "contractedcost"}}) {
      if (row.Has(source)) sums[lake] = row.Number(source);
    }
    return sums;
  }
  Sums sums = {{"unblended_cost", row.Number("lineitemunblendedcost")},
               {"amortized_cost", Amortized(row)}};
  if (row.Has("lineitemblendedcost")) sums["blended_cost"] = row.Number("lineitemblendedcost");
  return sums;
}

void AddTo(Sums& total, const Sums& more) {
  for (const auto& [column, value] : more) total[column] = Plus(total[column], value);
}

}  // namespace

NaiveBill AddUpNaively(const std::vector<std::filesystem::path>& files) {
  NaiveBill bill;
  std::map<std::pair<std::string, std::string>, Sums> groups;  // by currency and line type
  for (const std::filesystem::path& file : files) {
    std::optional<Columns> columns;
    ForEachRecord(Unpack(file), [&](const std::vector<std::string>& record) {
      if (!columns) {
        columns = ColumnsOf(record);
        return;
      }
      const Row row(*columns, record);
      const bool cur = row.Has("lineitemunblendedcost");
      AddTo(groups[{row.Text(cur ? "lineitemcurrencycode" : "billingcurrency"),
                    row.Text(cur ? "lineitemlineitemtype" : "chargecategory")}],
            AmountsOf(row));
      ++bill.rows;
    });
  }
  for (const auto& [group, sums] : groups) {
    AddTo(bill.by_currency[group.first], sums);
    AddTo(bill.by_line_type[group.second], sums);
    AddTo(bill.total, sums);
  }
  return bill;
}

}  // namespace farthing::testkit
