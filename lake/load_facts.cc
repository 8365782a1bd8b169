#include "lake/load_facts.h"

#include <boost/json.hpp>

namespace farthing::lake {
namespace {

namespace json = boost::json;

json::array Texts(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

// Reads what the functions below wrote; a missing or mistyped member is corruption, not input.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}
  std::string Text(const char* name) const { return std::string(object_.at(name).as_string()); }
  std::int64_t Int(const char* name) const { return object_.at(name).as_int64(); }
  // What older programs did not write.
  std::string TextIfAny(const char* name) const {
    return object_.contains(name) ? Text(name) : std::string();
  }
  bool Bool(const char* name) const { return object_.at(name).as_bool(); }
  std::vector<std::string> Texts(const char* name) const {
    std::vector<std::string> texts;
    for (const json::value& value : object_.at(name).as_array())
      texts.emplace_back(value.as_string());
    return texts;
  }

 private:
  const json::object& object_;
};

Error Corrupt(const std::string& what) {
  return Error(Errc::kCorrupt, "the catalog holds unreadable " + what);
}

Result<std::map<std::string, Decimal>> ReadSums(const json::object& object) {
  std::map<std::string, Decimal> sums;
  for (const auto& [name, value] : object) {
    TRY_ASSIGN(sums[std::string(name)], ParseDecimal(std::string(value.as_string())));
  }
  return sums;
}

std::map<std::string, std::vector<std::string>, std::less<>> ReadBlankColumns(
    const json::value* value) {
  std::map<std::string, std::vector<std::string>, std::less<>> blank;
  if (value == nullptr) return blank;
  for (const auto& member : value->as_object())
    blank[member.key()] = Reader(value->as_object()).Texts(member.key_c_str());
  return blank;
}

LoadFiles ReadFiles(const json::value* value) {
  LoadFiles files;
  if (value == nullptr) return files;
  for (const auto& table : value->as_object()) {
    for (const auto& file : table.value().as_object()) {
      const Reader reader(file.value().as_object());
      files[table.key()][file.key()] = {file.value().at("size_bytes").to_number<std::uint64_t>(),
                                        reader.Text("sha256")};
    }
  }
  return files;
}

std::optional<Reach> ReadReach(const json::value* value) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  const Reader reader(value->as_object());
  return Reach{reader.Text("first_usage_day"), reader.Text("last_usage_day"),
               reader.Bool("is_invoiced")};
}

Result<std::optional<LeftOut>> ReadLeftOut(const json::value* value) {
  if (value == nullptr || value->is_null()) return std::optional<LeftOut>();
  const json::object& object = value->as_object();
  const Reader reader(object);
  LeftOut left_out;
  left_out.kept_accounts = reader.Texts("kept_accounts");
  left_out.accounts = reader.Texts("accounts");
  left_out.line_count = reader.Int("line_count");
  TRY_ASSIGN(left_out.totals, ReadSums(object.at("totals").as_object()));
  left_out.metric = reader.Text("metric");
  TRY_ASSIGN(left_out.costs, ReadSums(object.at("costs").as_object()));
  left_out.whole = ReadReach(object.if_contains("whole"));
  return std::optional(std::move(left_out));
}

Result<Load> ReadLoad(const json::object& object) {
  const Reader reader(object);
  Load load;
  load.id = reader.Text("load_id");
  load.delivery_id = reader.Text("delivery_id");
  load.export_id = reader.Int("export_id");
  load.export_name = reader.Text("export");
  TRY_ASSIGN(load.period, ParsePeriod(reader.Text("period")));
  load.format = reader.Text("format");
  load.line_count = reader.Int("line_count");
  load.created_at = reader.Text("created_at");
  load.complete = reader.Bool("complete");
  TRY_ASSIGN(load.totals, ReadSums(object.at("totals").as_object()));
  TRY_ASSIGN(load.left_out, ReadLeftOut(object.if_contains("left_out")));
  load.unavailable = reader.Texts("unavailable");
  if (object.contains("missed_columns")) load.missed_columns = reader.Texts("missed_columns");
  load.blank_columns = ReadBlankColumns(object.if_contains("blank_columns"));
  load.files = ReadFiles(object.if_contains("files"));
  load.currencies = reader.Texts("currencies");
  load.billing_accounts = reader.Texts("billing_accounts");
  load.sub_accounts = reader.Texts("sub_accounts");
  load.providers = reader.Texts("providers");
  load.tag_keys = reader.Texts("tag_keys");
  load.cost_categories = reader.Texts("cost_categories");
  load.unknown_columns = reader.Texts("unknown_columns");
  load.tag_collisions = reader.Texts("tag_collisions");
  load.condition = reader.TextIfAny("condition");
  load.notes = reader.Texts("notes");
  if (object.contains("fills_around")) load.fills_around = reader.Texts("fills_around");
  load.first_charge_day = reader.TextIfAny("first_charge_day");
  load.last_charge_day = reader.TextIfAny("last_charge_day");
  for (const json::value& value : object.at("issues").as_array()) {
    const Reader issue(value.as_object());
    const bool kept = issue.TextIfAny("fate") == ToString(RowIssue::Fate::kKeptWithReplaced);
    load.issues.push_back({static_cast<int>(issue.Int("file")), issue.Int("row"),
                           issue.Text("column"), issue.Text("message"),
                           kept ? RowIssue::Fate::kKeptWithReplaced : RowIssue::Fate::kSetAside,
                           issue.TextIfAny("cost"), issue.TextIfAny("currency")});
  }
  return load;
}

json::value ToJson(const std::optional<Reach>& reach) {
  if (!reach) return nullptr;
  return json::object{{"first_usage_day", reach->first_usage_day},
                      {"last_usage_day", reach->last_usage_day},
                      {"is_invoiced", reach->is_invoiced}};
}

json::value ToJson(const std::optional<LeftOut>& left_out) {
  if (!left_out) return nullptr;
  const auto sums = [](const std::map<std::string, Decimal>& from) {
    json::object object;
    for (const auto& [name, sum] : from) object[name] = ToString(sum);
    return object;
  };
  return json::object{{"kept_accounts", Texts(left_out->kept_accounts)},
                      {"accounts", Texts(left_out->accounts)},
                      {"line_count", left_out->line_count},
                      {"totals", sums(left_out->totals)},
                      {"metric", left_out->metric},
                      {"costs", sums(left_out->costs)},
                      {"whole", ToJson(left_out->whole)}};
}

json::object ToJson(const std::map<std::string, std::vector<std::string>, std::less<>>& blank) {
  json::object object;
  for (const auto& [name, columns] : blank) object[name] = Texts(columns);
  return object;
}

json::object ToJson(const LoadFiles& files) {
  json::object object;
  for (const auto& [table, written] : files) {
    json::object names;
    for (const auto& [name, file] : written)
      names[name] = json::object{{"size_bytes", file.size_bytes}, {"sha256", file.sha256}};
    object[table] = std::move(names);
  }
  return object;
}

}  // namespace

std::string LoadToJson(const Load& load) {
  json::object totals;
  for (const auto& [name, value] : load.totals) totals[name] = ToString(value);
  json::array issues;
  for (const RowIssue& issue : load.issues) {
    issues.push_back(json::object{{"file", issue.file},
                                  {"row", issue.row},
                                  {"column", issue.column},
                                  {"message", issue.message},
                                  {"fate", ToString(issue.fate)},
                                  {"cost", issue.cost},
                                  {"currency", issue.currency}});
  }
  return json::serialize(json::object{{"load_id", load.id},
                                      {"delivery_id", load.delivery_id},
                                      {"export_id", load.export_id},
                                      {"export", load.export_name},
                                      {"period", ToString(load.period)},
                                      {"format", load.format},
                                      {"line_count", load.line_count},
                                      {"created_at", load.created_at},
                                      {"complete", load.complete},
                                      {"totals", totals},
                                      {"unavailable", Texts(load.unavailable)},
                                      {"missed_columns", Texts(load.missed_columns)},
                                      {"blank_columns", ToJson(load.blank_columns)},
                                      {"files", ToJson(load.files)},
                                      {"currencies", Texts(load.currencies)},
                                      {"billing_accounts", Texts(load.billing_accounts)},
                                      {"sub_accounts", Texts(load.sub_accounts)},
                                      {"providers", Texts(load.providers)},
                                      {"tag_keys", Texts(load.tag_keys)},
                                      {"cost_categories", Texts(load.cost_categories)},
                                      {"unknown_columns", Texts(load.unknown_columns)},
                                      {"tag_collisions", Texts(load.tag_collisions)},
                                      {"condition", load.condition},
                                      {"notes", Texts(load.notes)},
                                      {"first_charge_day", load.first_charge_day},
                                      {"last_charge_day", load.last_charge_day},
                                      {"fills_around", Texts(load.fills_around)},
                                      {"left_out", ToJson(load.left_out)},
                                      {"issues", issues}});
}

Result<Load> LoadFromJson(const std::string& text) {
  boost::system::error_code code;
  const json::value value = json::parse(text, code);
  if (code || !value.is_object()) return Corrupt("load facts");
  try {
    return ReadLoad(value.get_object());
  } catch (const std::exception&) {  // Boost.JSON's at() and as_…() throw
    return Corrupt("load facts");
  }
}

std::string FilesToJson(const std::vector<DeliveryFile>& files) {
  json::array array;
  for (const DeliveryFile& file : files) {
    array.push_back(json::object{
        {"path", file.path}, {"size_bytes", file.size_bytes}, {"sha256", file.sha256}});
  }
  return json::serialize(array);
}

Result<std::vector<DeliveryFile>> FilesFromJson(const std::string& text) {
  boost::system::error_code code;
  const json::value value = json::parse(text, code);
  if (code || !value.is_array()) return Corrupt("delivery files");
  std::vector<DeliveryFile> files;
  try {
    for (const json::value& item : value.get_array()) {
      const Reader reader(item.as_object());
      files.push_back({reader.Text("path"), static_cast<std::uint64_t>(reader.Int("size_bytes")),
                       reader.Text("sha256")});
    }
  } catch (const std::exception&) {
    return Corrupt("delivery files");
  }
  return files;
}

Result<DeliveryStatus> ParseDeliveryStatus(std::string_view text) {
  for (const auto status : {DeliveryStatus::kLoaded, DeliveryStatus::kQuarantined,
                            DeliveryStatus::kDuplicate, DeliveryStatus::kSuperseded}) {
    if (text == ToString(status)) return status;
  }
  return Corrupt("delivery status");
}

}  // namespace farthing::lake
