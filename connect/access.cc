#include "connect/access.h"

#include "aws/sts.h"

namespace farthing::connect {

std::shared_ptr<aws::Client> PlatformClient(const Platform& platform, const std::string& profile) {
  return std::make_shared<aws::Client>(platform.environment, platform.credentials(profile));
}

Result<std::shared_ptr<aws::Client>> ClientFor(const Connection& connection,
                                               const Platform& platform, Secrets& secrets) {
  const Settings& settings = connection.settings;
  if (settings.type == ConnectionType::kDirectory) {
    return Error(Errc::kInvalidArgument,
                 "connection " + settings.name + " is a directory: there is no AWS behind it");
  }
  aws::Environment environment = platform.environment;
  environment.region = std::string(aws::FindPartition(settings.partition)->billing_region);
  if (!settings.role_arn.empty()) {
    const auto caller =
        std::make_shared<aws::Client>(environment, platform.credentials(settings.profile));
    aws::AssumeRoleRequest request;
    request.role_arn = settings.role_arn;
    request.external_id = settings.external_id;
    return caller->WithCredentials(aws::RoleCredentials(caller, std::move(request)));
  }
  if (settings.type == ConnectionType::kBucket) {
    TRY_ASSIGN(const http::Url endpoint, http::ParseUrl(settings.endpoint));
    environment.endpoints.overrides[aws::Service::kS3] = endpoint;
    if (!settings.export_place.bucket_region.empty()) {
      environment.region = settings.export_place.bucket_region;
    }
  }
  TRY_ASSIGN(std::string secret, secrets.Get(connection.id, kSecretAccessKey));
  return std::make_shared<aws::Client>(
      environment,
      aws::StaticCredentials(
          {settings.access_key_id, std::move(secret), "", {}, "connection " + settings.name}));
}

aws::S3 BucketOf(const Connection& connection, std::shared_ptr<aws::Client> client) {
  aws::S3Settings s3;
  s3.expected_owner = connection.settings.bucket_owner;
  s3.requester_pays = connection.settings.requester_pays;
  return {std::move(client), std::move(s3)};
}

}  // namespace farthing::connect
