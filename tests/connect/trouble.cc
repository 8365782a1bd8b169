#include "tests/connect/trouble.h"

#include "aws/error.h"
#include "base/files.h"
#include "sim/aws/test_signer.h"
#include "tests/connect/printed_commands.h"

namespace farthing::connect {

using enum CheckStatus;
using enum PermissionSet;

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

namespace {

Connection Prepare(Stage& stage, const Trouble& trouble) {
  if (trouble.check == "directory") {
    Settings settings;
    settings.name = kAwkwardName;
    settings.type = ConnectionType::kDirectory;
    settings.directory = stage.data() / "copies";
    Must(MakeDirectories(settings.directory));
    Must(WriteFileDurably(fs::path(settings.directory) / "bill.csv", "x"));
    return stage.Create(settings);
  }
  stage.Control("set", R"({"compute_optimizer":true,"cost_optimization_hub":true})");
  Settings settings = stage.RoleSettings(AllSets());
  settings.name = kAwkwardName;
  settings.export_place = stage.AddExport(trouble.kind, "payer-bills", "billing");
  return stage.Onboard(settings);
}

}  // namespace

TEST_P(CheckTest, PassesBeforeAndNoticesTheTrouble) {
  const Trouble& trouble = GetParam();
  rehearsal::Options options = EmptyWorld();
  if (trouble.clock_hours > 0) {
    options.clock = Instant{Now().micros - std::int64_t{trouble.clock_hours} * 3'600'000'000};
  }
  Stage stage(options);
  Connection connection = Prepare(stage, trouble);
  const CheckReport first = stage.Look(connection);
  const CheckReport before = stage.Look(connection, &first);
  ASSERT_NE(before.Find(trouble.check), nullptr);
  if (trouble.clock_hours == 0) {
    EXPECT_EQ(before.Find(trouble.check)->status, kPass) << Told(before);
  }

  if (trouble.make == nullptr) {
    Without(stage, connection, trouble.cause);
  } else {
    trouble.make(stage, connection);
  }
  const CheckReport after = stage.Look(connection, &first);
  const CheckResult& result = *after.Find(trouble.check);
  EXPECT_EQ(Name(result.status), Name(trouble.status)) << Told(after);
  EXPECT_NE(result.finding, "");
  EXPECT_NE(result.cause, "") << Told(after);
  EXPECT_NE(result.cause.find(trouble.cause), std::string::npos) << result.cause;
  EXPECT_NE(result.fix.find(trouble.fix), std::string::npos) << result.fix;
  EXPECT_TRUE(!result.fix.empty() || trouble.fix.empty());
  for (const CheckResult& each : after.results) {
    const std::size_t named = ExpectTypable(each.fix, connection.settings.name);
    // Nowhere in a fix does the name stand unquoted.
    std::size_t told = 0;
    for (std::size_t at = 0; (at = each.fix.find("Brien", at)) != std::string::npos; ++at) ++told;
    EXPECT_EQ(told, named) << each.fix;
  }
  EXPECT_EQ(result.connector_code, trouble.connector);
  if (trouble.aws_code.empty()) return;
  std::string code, request;
  for (const Error::Detail& detail : result.evidence) {
    if (detail.name == aws::kCodeDetail) code = detail.value;
    if (detail.name == aws::kRequestIdDetail) request = detail.value;
  }
  EXPECT_EQ(code, trouble.aws_code) << result.cause;
  EXPECT_NE(request, "");
}

}  // namespace farthing::connect
