#include "tests/connect/trouble.h"

#include "sim/aws/test_signer.h"

namespace farthing::connect {

using enum CheckStatus;

std::string NameOfTrouble(const testing::TestParamInfo<Trouble>& test) { return test.param.name; }

Trouble Denied(const std::string& name, const std::string& check, const std::string& action,
               const std::string& aws_code, const std::string& connector, ExportKind kind) {
  return {name, check, kFail, nullptr, action, "allow " + action, aws_code, connector, kind};
}

Trouble NotGranted(const std::string& name, const std::string& check, const std::string& action,
                   ExportKind kind) {
  return {name, check, kFail, nullptr, action, "allow " + action, "", "", kind};
}

void Deny(Stage& stage, const std::string& service, const std::string& action) {
  stage.aws().Inject({.kind = rehearsal::FaultKind::kDeny, .service = service, .action = action});
}

std::string PlatformArn(Stage& stage) { return stage.aws().Platform().user_arn; }

void Delete(Stage& stage, const std::string& path) {
  const rehearsal::Signer admin{stage.aws().Admin(), ""};
  const auto response = stage.aws().Handle(admin.S3("DELETE", path));
  if (response.status / 100 != 2) throw std::runtime_error(response.body);
}

void EmptyBucket(Stage& stage) {
  aws::S3 s3(stage.Admin(), {});
  const aws::Listing all = Must(s3.List("payer-bills", ""));
  for (const aws::S3Object& object : all.objects) Delete(stage, "/payer-bills/" + object.key);
}

void Without(Stage& stage, const Connection& connection, const std::string& action) {
  stage.SetPolicy(connection, Without(stage.PolicyOf(connection), action));
}

}  // namespace farthing::connect
