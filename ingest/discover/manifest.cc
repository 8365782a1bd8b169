#include "ingest/discover/manifest.h"

#include <boost/json.hpp>
#include <cctype>

#include "base/text.h"
#include "ingest/discover/manifest_azure.h"

namespace farthing::ingest {
namespace {

namespace json = boost::json;

std::string TextAt(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

Error Incomplete(const std::string& what) {
  return Error(Errc::kCorrupt, "manifest " + what)
      .Hint("copy the manifest again from the bucket; it may have been read while it was written");
}

// "s3://bucket/prefix/file" and "prefix/file" name the same key.
std::string KeyOf(std::string_view text) {
  if (!text.starts_with("s3://")) return std::string(text);
  text.remove_prefix(5);
  const std::size_t slash = text.find('/');
  return slash == std::string_view::npos ? "" : std::string(text.substr(slash + 1));
}

Result<std::vector<std::string>> Keys(const json::object& object, const char* member) {
  const json::value* list = object.if_contains(member);
  if (list == nullptr || !list->is_array()) return Incomplete(std::string("has no list ") + member);
  std::vector<std::string> keys;
  for (const json::value& item : list->get_array()) {
    if (!item.is_string())
      return Incomplete(std::string(member) + " holds something that is no file name");
    keys.push_back(KeyOf(std::string(item.get_string())));
    if (keys.back().empty()) return Incomplete(std::string(member) + " names a bucket, no file");
  }
  if (keys.empty()) return Incomplete(std::string("lists no files in ") + member);
  return keys;
}

std::vector<std::string> Texts(const json::value& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const json::value& item : list.get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::vector<std::string> Columns(const json::object& object) {
  std::vector<std::string> columns;
  const json::value* list = object.if_contains("columns");
  if (list == nullptr || !list->is_array()) return columns;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) continue;
    const std::string category = TextAt(item.get_object(), "category");
    const std::string name = TextAt(item.get_object(), "name");
    columns.push_back(category.empty() ? name : category + "/" + name);
  }
  return columns;
}

// "arn:aws:bcm-data-exports:us-east-1:<account>:export/<name>"
std::string AccountOf(const std::string& arn) {
  constexpr std::size_t kAccount = 4;
  const std::vector<std::string> parts = Split(arn, ':');
  return parts.size() > kAccount + 1 ? parts[kAccount] : "";
}

// What follows WHERE outside of quotes.
std::string ConditionOf(const std::string& query) {
  constexpr std::string_view kWhere = "where";
  const std::string lower = ToLower(query);
  const auto is_word = [&](std::size_t at) {
    return at < lower.size() && (std::isalnum(static_cast<unsigned char>(lower[at])) != 0 ||
                                 lower[at] == '_' || lower[at] == '.');
  };
  char quote = 0;
  for (std::size_t at = 0; at < lower.size(); ++at) {
    if (quote != 0) {
      if (lower[at] == quote) quote = 0;
    } else if (lower[at] == '\'' || lower[at] == '"' || lower[at] == '`') {
      quote = lower[at];
    } else if (lower.compare(at, kWhere.size(), kWhere) == 0 && (at == 0 || !is_word(at - 1)) &&
               !is_word(at + kWhere.size())) {
      return std::string(Trim(std::string_view(query).substr(at + kWhere.size())));
    }
  }
  return "";
}

Result<std::optional<Period>> BillingPeriod(const json::object& object) {
  const json::value* value = object.if_contains("billingPeriod");
  if (value == nullptr || !value->is_object()) return std::optional<Period>();
  const std::string start = TextAt(value->get_object(), "start");
  const Result<Instant> instant = ParseInstant(start);
  if (!instant.ok()) return Incomplete("has an unreadable billingPeriod: " + start);
  return std::optional<Period>(PeriodOf(*instant));
}

}  // namespace

Result<std::optional<Manifest>> ParseManifest(std::string_view text) {
  boost::system::error_code code;
  const json::value value = json::parse(text, code);
  if (code) return Incomplete("is not complete JSON: " + code.message());
  if (!value.is_object()) return Incomplete("is not a JSON object");
  const json::object& object = value.get_object();

  if (IsAzureManifest(object)) {
    TRY_ASSIGN(Manifest azure, ParseAzureManifest(object));
    return std::optional<Manifest>(std::move(azure));
  }
  const bool legacy = object.contains("reportKeys") || object.contains("assemblyId");
  const bool cost_explorer = object.contains("fillsAround");  // written by Farthing itself
  const bool data_export = object.contains("dataFiles") || object.contains("executionId");
  if (!legacy && !data_export) return std::optional<Manifest>();

  Manifest manifest;
  manifest.kind = data_export     ? Manifest::Kind::kDataExport
                  : cost_explorer ? Manifest::Kind::kCostExplorer
                                  : Manifest::Kind::kLegacy;
  if (cost_explorer) manifest.fills_around = Texts(object.at("fillsAround"));
  manifest.version_key = TextAt(object, data_export ? "executionId" : "assemblyId");
  manifest.account = TextAt(object, "account");
  manifest.identity = TextAt(object, data_export ? "exportArn" : "reportId");
  if (data_export && manifest.account.empty()) manifest.account = AccountOf(manifest.identity);
  manifest.condition = ConditionOf(TextAt(object, "queryStatement"));
  manifest.name = TextAt(object, "reportName");
  manifest.columns = Columns(object);
  TRY_ASSIGN(manifest.keys,
             Keys(object, object.contains("dataFiles") ? "dataFiles" : "reportKeys"));
  TRY_ASSIGN(manifest.period, BillingPeriod(object));
  if (manifest.version_key.empty()) return Incomplete("names no assembly or execution");
  return std::optional<Manifest>(std::move(manifest));
}

}  // namespace farthing::ingest
