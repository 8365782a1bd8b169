#include <charconv>

#include "aws/profile_internal.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

// What one setting says, and where: a variable wins over the profile.
struct Setting {
  std::string value, place;
};

class Settings {
 public:
  Settings(const Machine& machine, const ProfileFiles& files, Properties profile,
           const std::string& profile_name)
      : machine_(machine),
        profile_(std::move(profile)),
        profile_place_("profile " + profile_name + " of " + files.config_file) {}

  Setting Find(const std::vector<std::string>& variables, const std::string& property) const {
    for (const std::string& name : variables) {
      const std::string value = Variable(machine_, name);
      if (!value.empty()) return {value, name};
    }
    return {PropertyOf(profile_, property), property + " in " + profile_place_};
  }

  Result<bool> Flag(const std::string& variable, const std::string& property) const {
    const Setting setting = Find({variable}, property);
    if (setting.value.empty() || EqualsIgnoreCase(setting.value, "false")) return false;
    if (EqualsIgnoreCase(setting.value, "true")) return true;
    return Unreadable(setting, "true or false");
  }

  static Error Unreadable(const Setting& setting, const std::string& wanted) {
    return Error(Errc::kInvalidArgument,
                 setting.place + " must be " + wanted + ": " + setting.value);
  }

 private:
  const Machine& machine_;
  const Properties profile_;
  const std::string profile_place_;
};

Result<void> AddOverride(const Setting& setting, std::optional<Service> service,
                         EndpointSettings& endpoints) {
  if (setting.value.empty()) return {};
  Result<http::Url> url = http::ParseUrl(setting.value);
  if (!url.ok()) return std::move(url).error().Wrap(setting.place);
  endpoints.overrides[service] = *std::move(url);
  return {};
}

}  // namespace

Result<Environment> ReadEnvironment(const Machine& machine, const std::string& profile) {
  TRY_ASSIGN(const ProfileFiles files, ReadProfileFiles(machine));
  const ChosenProfile chosen = ChooseProfile(machine, profile);
  TRY_ASSIGN(const Properties properties, ReadProfile(files, chosen));
  const Settings settings(machine, files, properties, chosen.name);
  Environment environment;

  const Setting region = settings.Find({"AWS_REGION", "AWS_DEFAULT_REGION"}, "region");
  if (!region.value.empty()) environment.region = region.value;

  const Setting attempts = settings.Find({"AWS_MAX_ATTEMPTS"}, "max_attempts");
  if (!attempts.value.empty()) {
    const char* end = attempts.value.data() + attempts.value.size();
    const auto read = std::from_chars(attempts.value.data(), end, environment.attempts);
    if (read.ec != std::errc() || read.ptr != end || environment.attempts < 1)
      return Settings::Unreadable(attempts, "a number from 1");
  }

  TRY_ASSIGN(environment.endpoints.fips,
             settings.Flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
  TRY_ASSIGN(environment.endpoints.dual_stack,
             settings.Flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
  TRY_ASSIGN(const bool ignore, settings.Flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                              "ignore_configured_endpoint_urls"));
  if (!ignore) {
    TRY(AddOverride(settings.Find({"AWS_ENDPOINT_URL"}, "endpoint_url"), std::nullopt,
                    environment.endpoints));
    const std::string section = PropertyOf(properties, "services");
    const Properties services = files.Section("services", section).value_or(Properties());
    for (const Service service : Services()) {
      const std::string name(ConfigName(service));
      std::string variable = "AWS_ENDPOINT_URL_" + name;
      for (char& c : variable)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      Setting setting = {Variable(machine, variable), variable};
      if (setting.value.empty())
        setting = {
            PropertyOf(services, name + ".endpoint_url"),
            "endpoint_url of " + name + " in services " + section + " of " + files.config_file};
      TRY(AddOverride(setting, service, environment.endpoints));
    }
  }

  http::ClientSettings client;
  client.ca_bundle =
      ExpandHome(machine, settings.Find({"AWS_CA_BUNDLE"}, "ca_bundle").value).string();
  TRY_ASSIGN(environment.http, http::NewClient(client));
  return environment;
}

}  // namespace farthing::aws
