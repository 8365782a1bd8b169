#include "tests/kit/sheet.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace farthing::testkit {
namespace {

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + "\"";
}

std::string CsvRow(const std::vector<std::string>& cells) {
  std::vector<std::string> texts;
  for (const std::string& cell : cells) texts.push_back(CsvCell(cell));
  return Join(texts, ",") + "\n";
}

// A column with its text where a line does not say otherwise.
using Defaults = std::vector<std::pair<std::string, std::string>>;

Sheet Fill(const Defaults& defaults, const std::vector<Cells>& lines) {
  Sheet sheet;
  for (const auto& [name, _] : defaults) sheet.header.push_back(name);
  for (const Cells& line : lines) {
    for (const auto& [name, _] : line) {
      if (std::find(sheet.header.begin(), sheet.header.end(), name) == sheet.header.end()) {
        sheet.header.push_back(name);
      }
    }
  }
  for (const Cells& line : lines) {
    std::vector<std::string> row;
    for (std::size_t i = 0; i < sheet.header.size(); ++i) {
      const auto given = line.find(sheet.header[i]);
      if (given != line.end()) {
        row.push_back(given->second);
      } else {
        row.push_back(i < defaults.size() ? defaults[i].second : "");
      }
    }
    sheet.rows.push_back(std::move(row));
  }
  return sheet;
}

std::string Time(Instant instant) { return ToString(instant); }

Defaults Cur1Defaults(Period period) {
  const std::string start = Time(period.start());
  const std::string hour = start.substr(0, 11) + "01:00:00Z";
  return {{"identity/LineItemId", "line"},
          {"identity/TimeInterval", start + "/" + hour},
          {"bill/InvoiceId", ""},
          {"bill/InvoicingEntity", "Amazon Web Services, Inc."},
          {"bill/BillingEntity", "AWS"},
          {"bill/BillType", "Anniversary"},
          {"bill/PayerAccountId", "000000000001"},
          {"bill/BillingPeriodStartDate", start},
          {"bill/BillingPeriodEndDate", Time(period.end())},
          {"lineItem/UsageAccountId", "000000000002"},
          {"lineItem/LineItemType", "Usage"},
          {"lineItem/UsageStartDate", start},
          {"lineItem/UsageEndDate", hour},
          {"lineItem/ProductCode", "AmazonEC2"},
          {"lineItem/UsageType", "BoxUsage:t3.micro"},
          {"lineItem/Operation", "RunInstances"},
          {"lineItem/AvailabilityZone", "us-east-1a"},
          {"lineItem/UsageAmount", "1"},
          {"lineItem/CurrencyCode", "USD"},
          {"lineItem/UnblendedCost", "1"},
          {"lineItem/BlendedCost", "1"},
          {"lineItem/LineItemDescription", "an hour of an instance"},
          {"lineItem/LegalEntity", "Amazon Web Services, Inc."}};
}

}  // namespace

std::string Sheet::Csv() const {
  std::string text = CsvRow(header);
  for (const auto& row : rows) text += CsvRow(row);
  return text;
}

Sheet Sheet::Without(const std::string& column) const {
  Sheet less = *this;
  const auto at = std::find(less.header.begin(), less.header.end(), column) - less.header.begin();
  less.header.erase(less.header.begin() + at);
  for (auto& row : less.rows) row.erase(row.begin() + at);
  return less;
}

Sheet Cur1(const std::vector<Line>& lines, Period period) {
  std::vector<Cells> cells;
  for (const Line& line : lines) {
    Cells& all = cells.emplace_back(line.cells);
    all.emplace("lineItem/UnblendedCost", line.cost);
    all.emplace("lineItem/BlendedCost", line.cost);
    all.emplace("lineItem/LineItemType", line.type);
  }
  return Fill(Cur1Defaults(period), cells);
}

Sheet Cur2(const std::vector<Line>& lines, Period period) {
  Defaults defaults = Cur1Defaults(period);
  for (auto& [name, _] : defaults) name = SnakeCase(name);
  defaults.emplace_back("product",
                        R"({"product_name":"Amazon Elastic Compute Cloud","region":"us-east-1"})");
  defaults.emplace_back("resource_tags", "{}");
  defaults.emplace_back("cost_category", "{}");
  std::vector<Cells> cells;
  for (const Line& line : lines) {
    Cells& all = cells.emplace_back(line.cells);
    all.emplace("line_item_unblended_cost", line.cost);
    all.emplace("line_item_blended_cost", line.cost);
    all.emplace("line_item_line_item_type", line.type);
  }
  return Fill(defaults, cells);
}

Sheet Focus(const std::vector<Line>& lines, Period period) {
  const std::string start = Time(period.start());
  const Defaults defaults = {{"BilledCost", "1"},
                             {"BillingAccountId", "000000000001"},
                             {"BillingCurrency", "USD"},
                             {"BillingPeriodEnd", Time(period.end())},
                             {"BillingPeriodStart", start},
                             {"ChargeCategory", "Usage"},
                             {"ChargeFrequency", "Usage-Based"},
                             {"ChargePeriodEnd", start.substr(0, 11) + "01:00:00Z"},
                             {"ChargePeriodStart", start},
                             {"ContractedCost", "1"},
                             {"ConsumedQuantity", "1"},
                             {"EffectiveCost", "1"},
                             {"ListCost", "1"},
                             {"ProviderName", "AWS"},
                             {"RegionId", "us-east-1"},
                             {"ServiceName", "Amazon Elastic Compute Cloud"},
                             {"SubAccountId", "000000000002"},
                             {"Tags", "{}"},
                             {"x_ServiceCode", "AmazonEC2"}};
  std::vector<Cells> cells;
  for (const Line& line : lines) {
    Cells& all = cells.emplace_back(line.cells);
    for (const char* cost : {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"}) {
      all.emplace(cost, line.cost);
    }
    all.emplace("ChargeCategory", line.type);
  }
  return Fill(defaults, cells);
}

std::string SnakeCase(const std::string& header) {
  std::string snake;
  const auto underscore = [&] {
    if (!snake.empty() && snake.back() != '_') snake += '_';
  };
  for (const char c : header) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) != 0) underscore();
    if (std::isalnum(byte) != 0) {
      snake += static_cast<char>(std::tolower(byte));
    } else {
      underscore();
    }
  }
  while (snake.ends_with('_')) snake.pop_back();
  return snake;
}

Sheet SnakeCased(Sheet sheet) {
  for (std::string& name : sheet.header) name = SnakeCase(name);
  return sheet;
}

std::string DateRange(Period period) {
  const auto day = [](Instant instant) { return Join(Split(DayString(instant), '-'), ""); };
  return day(period.start()) + "-" + day(period.end());
}

namespace {
std::string JsonList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back("\"" + text + "\"");
  return "[" + Join(quoted, ", ") + "]";
}
}  // namespace

std::string LegacyManifest(const std::string& assembly, const std::vector<std::string>& keys,
                           Period period, const std::string& name) {
  const std::string range = DateRange(period);
  return R"({"assemblyId": ")" + assembly + R"(", "account": "000000000001", "charset": "UTF-8",
 "compression": "GZIP", "contentType": "text/csv", "reportId": "report-of-)" +
         name + R"(", "reportName": ")" + name +
         R"(", "bucket": "a-bucket", "columns": [],
 "billingPeriod": {"start": ")" +
         range.substr(0, 8) + R"(T000000.000Z", "end": ")" + range.substr(9) +
         R"(T000000.000Z"}, "reportKeys": )" + JsonList(keys) +
         R"(, "additionalArtifactKeys": []})";
}

std::string ExportManifest(const std::string& execution, const std::vector<std::string>& files,
                           const std::string& name) {
  return R"({"executionId": ")" + execution +
         R"(", "exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/)" + name +
         R"(-1", "columns": [], "dataFiles": )" + JsonList(files) + "}";
}

}  // namespace farthing::testkit
