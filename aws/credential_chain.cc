#include "aws/credential_chain.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "aws/credential_sources_internal.h"
#include "aws/profile_internal.h"
#include "aws/sts.h"
#include "base/files.h"
#include "base/text.h"

namespace farthing::aws {
namespace {

using Provider = std::shared_ptr<CredentialsProvider>;

Error Misconfigured(const std::string& message) { return Error(Errc::kUnauthenticated, message); }

struct WebIdentity {
  std::string role_arn, session_name, token_file, source;
};

Provider WebIdentityCredentials(const Machine& machine, const Environment& environment,
                                const WebIdentity& identity) {
  auto client = std::make_shared<Client>(environment, StaticCredentials({}));
  return RenewingCredentials(
      [client, identity, file = ExpandHome(machine, identity.token_file)]() -> Result<Credentials> {
        // Each time: Kubernetes and others put a new token there.
        Result<std::string> token = ReadFile(file, 1 << 20);
        if (!token.ok())
          return std::move(token).error().Wrap("web identity token of " + identity.source);
        WebIdentityRequest request;
        request.role_arn = identity.role_arn;
        if (!identity.session_name.empty()) request.session_name = identity.session_name;
        request.token = Trim(*token);
        while (request.token.ends_with('\n') || request.token.ends_with('\r'))
          request.token.pop_back();
        return AssumeRoleWithWebIdentity(*client, request);
      },
      environment.now);
}

Provider ContainerCredentials(const Machine& machine, const Environment& environment) {
  return RenewingCredentials(
      [machine, environment] { return FetchContainerCredentials(machine, environment); },
      environment.now);
}

// Static keys of the environment: nothing when there are none.
Result<std::optional<Credentials>> EnvironmentKeys(const Machine& machine) {
  Credentials credentials;
  credentials.access_key_id = Variable(machine, "AWS_ACCESS_KEY_ID");
  credentials.secret_access_key = Variable(machine, "AWS_SECRET_ACCESS_KEY");
  credentials.session_token = Variable(machine, "AWS_SESSION_TOKEN");
  credentials.source = "environment";
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
    return std::optional<Credentials>();
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Misconfigured(credentials.access_key_id.empty()
                             ? "AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not"
                             : "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
  }
  return std::optional(std::move(credentials));
}

// From a profile to who gives its credentials, through any chain of source profiles.
class ProfileResolver {
 public:
  ProfileResolver(const Machine& machine, const Environment& environment, ProfileFiles files)
      : machine_(machine), environment_(environment), files_(std::move(files)) {}

  /// Nothing (nullptr) when the profile says nothing about credentials.
  Result<Provider> Resolve(const std::string& name, const Properties& profile) {
    visited_.push_back(name);
    if (!PropertyOf(profile, "role_arn").empty()) return Role(name, profile);
    return Own(name, profile);
  }

 private:
  std::string Place(const std::string& name) const { return "profile " + name; }

  // What a profile has besides a role to assume.
  Result<Provider> Own(const std::string& name, const Properties& profile) {
    if (!PropertyOf(profile, "sso_session").empty() ||
        !PropertyOf(profile, "sso_start_url").empty())
      return Sso(name, profile);
    TRY_ASSIGN(Provider keys, Keys(name, profile));
    if (keys) return keys;
    const std::string command = PropertyOf(profile, "credential_process");
    if (!command.empty()) {
      return RenewingCredentials(
          [command, place = Place(name)] { return RunCredentialProcess(command, place); },
          environment_.now);
    }
    if (!PropertyOf(profile, "login_session").empty()) {
      return Misconfigured("sessions of `aws login` are not read: " + Place(name))
          .Hint(
              "add a profile with: credential_process = aws configure export-credentials "
              "--profile " +
              name + " --format process");
    }
    return Provider();
  }

  Result<Provider> Keys(const std::string& name, const Properties& profile) const {
    Credentials credentials;
    credentials.access_key_id = PropertyOf(profile, "aws_access_key_id");
    credentials.secret_access_key = PropertyOf(profile, "aws_secret_access_key");
    credentials.session_token = PropertyOf(profile, "aws_session_token");
    credentials.source = Place(name);
    if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
      return Provider();
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
      return Misconfigured(std::string(credentials.access_key_id.empty()
                                           ? "aws_access_key_id"
                                           : "aws_secret_access_key") +
                           " is missing in " + Place(name));
    }
    return StaticCredentials(std::move(credentials));
  }

  Result<Provider> Role(const std::string& name, const Properties& profile) {
    AssumeRoleRequest request;
    request.role_arn = PropertyOf(profile, "role_arn");
    const std::string session = PropertyOf(profile, "role_session_name");
    if (!session.empty()) request.session_name = session;
    const std::string token_file = PropertyOf(profile, "web_identity_token_file");
    if (!token_file.empty())
      return WebIdentityCredentials(machine_, environment_,
                                    {request.role_arn, session, token_file, Place(name)});
    if (!PropertyOf(profile, "mfa_serial").empty()) {
      return Misconfigured("mfa_serial asks for a code that nobody is there to type: " +
                           Place(name))
          .Hint("use a role without MFA, or credential_process with a session of your own");
    }
    const std::string external_id = PropertyOf(profile, "external_id");
    if (!external_id.empty()) request.external_id = external_id;
    TRY(ReadDuration(name, profile, request));
    TRY_ASSIGN(Provider source, RoleSource(name, profile));
    return RoleCredentials(std::make_shared<Client>(environment_, std::move(source)),
                           std::move(request));
  }

  Result<void> ReadDuration(const std::string& name, const Properties& profile,
                            AssumeRoleRequest& request) const {
    const std::string text = PropertyOf(profile, "duration_seconds");
    if (text.empty()) return {};
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, request.duration_seconds);
    if (read.ec == std::errc() && read.ptr == end && request.duration_seconds >= 900 &&
        request.duration_seconds <= 43200)
      return {};
    return Misconfigured("duration_seconds of " + Place(name) +
                         " must be a number from 900 to 43200: " + text);
  }

  Result<Provider> RoleSource(const std::string& name, const Properties& profile) {
    const std::string source_profile = PropertyOf(profile, "source_profile");
    const std::string source = PropertyOf(profile, "credential_source");
    if (source_profile.empty() == source.empty()) {
      return Misconfigured("role_arn needs " + std::string(source.empty() ? "" : "only one of ") +
                           "source_profile or credential_source: " + Place(name));
    }
    if (source_profile.empty()) return NamedSource(name, source);
    if (source_profile == name) {  // its own keys
      TRY_ASSIGN(Provider own, Own(name, profile));
      if (own) return own;
      return Misconfigured("source_profile names the profile itself, which has no keys: " +
                           Place(name));
    }
    if (std::find(visited_.begin(), visited_.end(), source_profile) != visited_.end()) {
      return Misconfigured("source_profile goes in a circle: " + Join(visited_, " → ") + " → " +
                           source_profile);
    }
    Result<Properties> properties = ReadProfile(files_, {source_profile, true});
    if (!properties.ok())
      return std::move(properties).error().Wrap("source_profile of " + Place(name));
    // The keys of a source go before the role that it might assume.
    TRY_ASSIGN(Provider keys, Keys(source_profile, *properties));
    if (keys) return keys;
    TRY_ASSIGN(Provider resolved, Resolve(source_profile, *properties));
    if (resolved) return resolved;
    return Misconfigured("the source_profile of " + Place(name) +
                         " has no credentials: " + source_profile);
  }

  Result<Provider> NamedSource(const std::string& name, const std::string& source) {
    if (source == "Environment") {
      TRY_ASSIGN(std::optional<Credentials> keys, EnvironmentKeys(machine_));
      if (keys) return StaticCredentials(*std::move(keys));
      return Misconfigured("credential_source is Environment but AWS_ACCESS_KEY_ID is not set: " +
                           Place(name));
    }
    if (source == "Ec2InstanceMetadata") return InstanceCredentials(machine_, environment_);
    if (source == "EcsContainer") {
      if (HasContainerEndpoint(machine_)) return ContainerCredentials(machine_, environment_);
      return Misconfigured(
          "credential_source is EcsContainer but AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not "
          "set: " +
          Place(name));
    }
    return Misconfigured("credential_source of " + Place(name) +
                         " must be Environment, Ec2InstanceMetadata or EcsContainer: " + source);
  }

  Result<Provider> Sso(const std::string& name, const Properties& profile) {
    SsoRole role;
    role.profile = name;
    role.session = PropertyOf(profile, "sso_session");
    Properties session = profile;  // the legacy form has all in the profile
    if (!role.session.empty()) {
      const std::optional<Properties> section = files_.Section("sso-session", role.session);
      if (!section)
        return Misconfigured("no [sso-session " + role.session + "] in " + files_.config_file +
                             ", which is wanted by " + Place(name));
      session = *section;
    }
    role.start_url = PropertyOf(session, "sso_start_url");
    role.region = PropertyOf(session, "sso_region");
    role.account_id = PropertyOf(profile, "sso_account_id");
    role.role_name = PropertyOf(profile, "sso_role_name");
    for (const auto& [what, value] :
         {std::pair("sso_start_url", role.start_url), std::pair("sso_region", role.region),
          std::pair("sso_account_id", role.account_id),
          std::pair("sso_role_name", role.role_name)}) {
      if (value.empty()) return Misconfigured(std::string(what) + " is missing for " + Place(name));
    }
    auto client = std::make_shared<Client>(environment_, StaticCredentials({}));
    return RenewingCredentials(
        [machine = machine_, client, role] { return FetchSsoCredentials(machine, *client, role); },
        environment_.now);
  }

  const Machine& machine_;
  const Environment& environment_;
  const ProfileFiles files_;
  std::vector<std::string> visited_;
};

class Chain : public CredentialsProvider {
 public:
  Chain(Machine machine, Environment environment, std::string profile)
      : machine_(std::move(machine)),
        environment_(std::move(environment)),
        profile_(std::move(profile)) {}

  Result<Credentials> Get() override {
    Provider chosen;
    {
      const std::lock_guard lock(mutex_);
      if (!chosen_) {
        TRY_ASSIGN(chosen_, Choose());
      }
      chosen = chosen_;
    }
    return chosen->Get();
  }

  // What the files say may have changed, so they are read again.
  void Invalidate() override {
    const std::lock_guard lock(mutex_);
    chosen_.reset();
  }

 private:
  // The first source that is set up; one that is set up and broken ends the search, for a later one would
  // be somebody else than was meant.
  Result<Provider> Choose() const {
    std::vector<std::string> reasons;
    using Source = Result<Provider> (Chain::*)(std::vector<std::string>&) const;
    for (const Source source : {&Chain::FromEnvironment, &Chain::FromWebIdentity,
                                &Chain::FromProfile, &Chain::FromContainer, &Chain::FromInstance}) {
      TRY_ASSIGN(Provider provider, (this->*source)(reasons));
      if (provider) return provider;
    }
    return Error(Errc::kUnauthenticated, "no AWS credentials found: " + Join(reasons, "; "))
        .Hint(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that "
            "`aws configure` or `aws configure sso` has made");
  }

  Result<Provider> FromEnvironment(std::vector<std::string>& reasons) const {
    if (!profile_.empty()) {
      reasons.push_back("environment: not asked, because a profile is named");
      return Provider();
    }
    TRY_ASSIGN(std::optional<Credentials> keys, EnvironmentKeys(machine_));
    if (keys) return StaticCredentials(*std::move(keys));
    reasons.push_back("environment: AWS_ACCESS_KEY_ID is not set");
    return Provider();
  }

  Result<Provider> FromWebIdentity(std::vector<std::string>& reasons) const {
    const std::string file = Variable(machine_, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const std::string role = Variable(machine_, "AWS_ROLE_ARN");
    if (!profile_.empty()) return Provider();  // said above
    if (file.empty()) {
      reasons.push_back("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set");
      return Provider();
    }
    if (role.empty())
      return Misconfigured("AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not");
    return WebIdentityCredentials(
        machine_, environment_,
        {role, Variable(machine_, "AWS_ROLE_SESSION_NAME"), file, "AWS_WEB_IDENTITY_TOKEN_FILE"});
  }

  Result<Provider> FromProfile(std::vector<std::string>& reasons) const {
    TRY_ASSIGN(ProfileFiles files, ReadProfileFiles(machine_));
    const ChosenProfile chosen = ChooseProfile(machine_, profile_);
    const bool exists = files.Profile(chosen.name).has_value();
    const std::string places = files.config_file + " and " + files.credentials_file;
    TRY_ASSIGN(const Properties properties, ReadProfile(files, chosen));
    ProfileResolver resolver(machine_, environment_, std::move(files));
    TRY_ASSIGN(Provider provider, resolver.Resolve(chosen.name, properties));
    if (!provider) {
      reasons.push_back("profile " + chosen.name + ": " +
                        (exists ? "says nothing about credentials in " : "is not in ") + places);
    }
    return provider;
  }

  Result<Provider> FromContainer(std::vector<std::string>& reasons) const {
    if (HasContainerEndpoint(machine_)) return ContainerCredentials(machine_, environment_);
    reasons.push_back("container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
    return Provider();
  }

  Result<Provider> FromInstance(std::vector<std::string>& reasons) const {
    Provider provider = InstanceCredentials(machine_, environment_);
    const Result<Credentials> first = provider->Get();
    if (first.ok()) return provider;
    if (first.error().code() != Errc::kNotFound) return first.error();
    reasons.push_back(first.error().message());
    return Provider();
  }

  const Machine machine_;
  const Environment environment_;
  const std::string profile_;
  std::mutex mutex_;
  Provider chosen_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> DefaultChain(const Machine& machine,
                                                  const Environment& environment,
                                                  const std::string& profile) {
  return std::make_shared<Chain>(machine, environment, profile);
}

}  // namespace farthing::aws
