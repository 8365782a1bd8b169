#include <boost/json.hpp>

#include "connect/connection.h"

// Settings as JSON and back.  One table of fields serves both directions, so that neither can forget one.

namespace farthing::connect {
namespace {

namespace json = boost::json;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

/// Visits every field as (name, reference); Reader and Writer below say what that means.
template <typename SettingsType, typename Visitor>
Result<void> VisitFields(SettingsType& s, Visitor& visit) {
  TRY(visit("name", s.name));
  TRY(visit("type", s.type));
  TRY(visit("account_id", s.account_id));
  TRY(visit("partition", s.partition));
  TRY(visit("role_arn", s.role_arn));
  TRY(visit("external_id", s.external_id));
  TRY(visit("external_id_adopted", s.external_id_adopted));
  TRY(visit("access_key_id", s.access_key_id));
  TRY(visit("profile", s.profile));
  TRY(visit("endpoint", s.endpoint));
  TRY(visit("directory", s.directory));
  TRY(visit("export_kind", s.export_place.kind));
  TRY(visit("export_name", s.export_place.name));
  TRY(visit("export_arn", s.export_place.arn));
  TRY(visit("bucket", s.export_place.bucket));
  TRY(visit("prefix", s.export_place.prefix));
  TRY(visit("bucket_region", s.export_place.bucket_region));
  TRY(visit("bucket_owner", s.bucket_owner));
  TRY(visit("requester_pays", s.requester_pays));
  TRY(visit("kms_key_arn", s.kms_key_arn));
  TRY(visit("edp", s.edp));
  TRY(visit("import_policy", s.import_policy));
  TRY(visit("default_group", s.default_group));
  TRY(visit("permission_sets", s.permission_sets));
  TRY(visit("end_date", s.end_date));
  TRY(visit("auto_renew", s.auto_renew));
  TRY(visit("term_start", s.term_start));
  TRY(visit("agreement", s.agreement));
  return visit("cost_explorer_cap_usd", s.cost_explorer_cap_usd);
}

class Writer {
 public:
  Result<void> operator()(const char* name, const std::string& value) {
    return Put(name, json::string(value));
  }
  Result<void> operator()(const char* name, bool value) { return Put(name, value); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  Result<void> operator()(const char* name, Enum value) {
    return Put(name, json::string(Text(value)));
  }
  template <typename T>
  Result<void> operator()(const char* name, const std::optional<T>& value) {
    return value ? (*this)(name, *value) : Put(name, nullptr);
  }
  Result<void> operator()(const char* name, const std::set<PermissionSet>& sets) {
    json::array names;
    for (const PermissionSet set : sets) names.emplace_back(Text(set));
    return Put(name, std::move(names));
  }
  json::object& object() { return object_; }

 private:
  template <typename Enum>
  static json::string_view Text(Enum value) {
    return {Name(value).data(), Name(value).size()};
  }
  Result<void> Put(const char* name, json::value value) {
    object_[name] = std::move(value);
    return {};
  }
  json::object object_;
};

Result<ConnectionType> Parse(std::string_view text, ConnectionType) {
  return ParseConnectionType(text);
}
Result<ExportKind> Parse(std::string_view text, ExportKind) { return ParseExportKind(text); }
Result<ImportPolicy> Parse(std::string_view text, ImportPolicy) { return ParseImportPolicy(text); }

/// Absent and null leave a field as it is; what remains at the end is unknown.
class Reader {
 public:
  explicit Reader(json::object object) : object_(std::move(object)) {}

  Result<void> operator()(const char* name, std::string& value) {
    TRY_ASSIGN(const auto found, Take(name));
    if (!found) return {};
    if (!found->is_string()) return Wrong(name, "text");
    value = View(found->get_string());
    return {};
  }
  Result<void> operator()(const char* name, bool& value) {
    TRY_ASSIGN(const auto found, Take(name));
    if (!found) return {};
    if (!found->is_bool()) return Wrong(name, "true or false");
    value = found->get_bool();
    return {};
  }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  Result<void> operator()(const char* name, Enum& value) {
    std::string text;
    TRY((*this)(name, text));
    if (text.empty()) return {};
    TRY_ASSIGN(value, Parse(text, Enum{}));
    return {};
  }
  template <typename T>
  Result<void> operator()(const char* name, std::optional<T>& value) {
    const auto* found = object_.if_contains(name);
    if (found == nullptr) return {};
    if (found->is_null()) {
      object_.erase(name);
      value.reset();
      return {};
    }
    return (*this)(name, value.emplace());
  }
  Result<void> operator()(const char* name, std::set<PermissionSet>& sets) {
    TRY_ASSIGN(const auto found, Take(name));
    if (!found) return {};
    if (!found->is_array()) return Wrong(name, "a list");
    sets.clear();
    for (const json::value& item : found->get_array()) {
      if (!item.is_string()) return Wrong(name, "a list of names");
      TRY_ASSIGN(const PermissionSet set, ParsePermissionSet(View(item.get_string())));
      sets.insert(set);
    }
    return {};
  }
  Result<void> NothingLeft() const {
    if (object_.empty()) return {};
    const json::string_view name = object_.begin()->key();
    return Error(Errc::kInvalidArgument,
                 "unknown field of a connection: " + std::string(name.data(), name.size()));
  }

 private:
  static Error Wrong(const char* name, std::string_view expected) {
    return Error(Errc::kInvalidArgument, std::string(name) + ": must be " + std::string(expected))
        .With("field", name);
  }
  Result<std::optional<json::value>> Take(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end()) return std::optional<json::value>();
    std::optional<json::value> value(std::move(found->value()));
    object_.erase(found);
    if (value->is_null()) value.reset();
    return value;
  }
  json::object object_;
};

}  // namespace

std::string ToJson(const Settings& settings) {
  Writer writer;
  CHECK(VisitFields(settings, writer).ok());
  return json::serialize(writer.object());
}

std::vector<std::string> ChangedFields(const Settings& before, const Settings& after) {
  Writer old_fields;
  Writer new_fields;
  CHECK(VisitFields(before, old_fields).ok() && VisitFields(after, new_fields).ok());
  std::vector<std::string> changed;
  for (const auto& [name, value] : new_fields.object()) {
    if (old_fields.object().at(name) != value) changed.emplace_back(name);
  }
  return changed;
}

Result<Settings> ParseSettings(std::string_view text) {
  boost::system::error_code failed;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !value.is_object()) {
    return Error(Errc::kInvalidArgument, "the settings of a connection are not a JSON object");
  }
  Reader reader(std::move(value.get_object()));
  Settings settings;
  TRY(VisitFields(settings, reader));
  TRY(reader.NothingLeft());
  return settings;
}

}  // namespace farthing::connect
