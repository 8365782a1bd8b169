// `farthing demo`: onboarding from nothing to a cost report against a rehearsal AWS in this process.  Every step is
// a command as one would type it, run by the same code; only AWS is made up.

#include <algorithm>
#include <cctype>
#include <map>
#include <ostream>

#include "aws/client.h"
#include "aws/credential_chain.h"
#include "base/files.h"
#include "base/shell_words.h"
#include "base/text.h"
#include "cli/verb.h"
#include "sim/aws/rehearsal.h"

namespace farthing::cli {
namespace {

constexpr std::uint64_t kTemplateLimit = std::uint64_t{1} << 20;
const std::string kName = "rehearsal";
const std::string kRole = "farthing";

using Variables = std::map<std::string, std::string>;

/// The environment of someone who acts as `keys` in the rehearsal; nothing of the real one shows through.
Variables VariablesOf(const rehearsal::Aws& aws, const rehearsal::Keys& keys) {
  return {{"AWS_ENDPOINT_URL", aws.endpoint()},
          {"AWS_REGION", "us-east-1"},
          {"AWS_EC2_METADATA_DISABLED", "true"},
          {"AWS_ACCESS_KEY_ID", keys.access_key_id},
          {"AWS_SECRET_ACCESS_KEY", keys.secret_access_key}};
}

auto Lookup(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

class Demo {
 public:
  Demo(CliContext& context, rehearsal::Aws& aws)
      : context_(context), aws_(aws), variable_(Lookup(VariablesOf(aws, aws.Platform()))) {}

  void Step(const std::string& title) { context_.out << "\n== " << title << '\n'; }

  /// Prints the command as one would type it, then runs it.
  Result<void> Show(const std::vector<std::string>& words) {
    context_.out << "\n$ farthing " << CommandLine(words) << '\n' << std::flush;
    CliContext inner = context_;
    inner.format = "table";
    inner.action = nullptr;
    inner.variable = variable_;
    CLI::App app("", "farthing");
    app.require_subcommand(1);
    app.fallthrough();
    AddVerbs(app, inner);
    TRY(RunWords(app, words, inner));
    context_.out << std::flush;
    context_.err << std::flush;
    return {};
  }

  /// What `aws cloudformation create-stack` sends, signed as the payer's administrator.
  Result<void> CreateStack(const fs::path& file) {
    context_.out << "\n$ "
                 << CommandLine({"aws", "cloudformation", "create-stack", "--stack-name", kRole,
                                 "--template-body", "file://" + file.string(), "--capabilities",
                                 "CAPABILITY_NAMED_IAM"})
                 << '\n';
    TRY_ASSIGN(const std::string body, ReadFile(file, kTemplateLimit));
    aws::Machine machine;
    machine.variable = Lookup(VariablesOf(aws_, aws_.Admin()));
    TRY_ASSIGN(const aws::Environment environment, aws::ReadEnvironment(machine, ""));
    aws::Client administrator(environment, aws::DefaultChain(machine, environment, ""));
    aws::Call call{aws::Service::kCloudFormation, "CreateStack"};
    call.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    call.body = http::EncodeQuery({{"Action", "CreateStack"},
                                   {"Version", "2010-05-15"},
                                   {"StackName", kRole},
                                   {"TemplateBody", body},
                                   {"Capabilities.member.1", "CAPABILITY_NAMED_IAM"}});
    TRY(administrator.Send(call));
    context_.out << "the stack " << kRole << " has made the role\n";
    return {};
  }

 private:
  CliContext& context_;
  rehearsal::Aws& aws_;
  std::function<std::optional<std::string>(const std::string&)> variable_;
};

Result<void> Onboard(Demo& demo, const rehearsal::Aws& aws, const rehearsal::Options& options,
                     const fs::path& data) {
  demo.Step("A connection is created; Farthing makes an external ID for it");
  TRY(demo.Show({"connect", "--name", kName, "--account", aws.payer(), "--role-name", kRole,
                 "--export-kind", "cur2", "--bucket", options.bucket, "--prefix", "billing",
                 "--with", "read-billing,organization,cost-explorer"}));
  demo.Step("The role it needs, as a template, and the payer's administrator creates it");
  const fs::path file = data / "role-template.json";
  TRY(demo.Show({"templates", "--connection", kName, "--kind", "cloudformation", "--format", "json",
                 "--principal", aws.Platform().user_arn, "--out", file.string()}));
  TRY(demo.CreateStack(file));
  demo.Step("Everything that can be wrong with a connection is looked at");
  TRY(demo.Show({"check", kName}));
  demo.Step("What AWS has delivered is fetched and imported");
  return demo.Show({"collect"});
}

Result<void> Report(Demo& demo) {
  demo.Step("Where the money goes");
  TRY(demo.Show({"cost", "--by", "service", "--metric", "unblended_cost,net_amortized_cost",
                 "--limit", "10", "--other"}));
  TRY(demo.Show({"cost", "--by", "account_name", "--grain", "period"}));
  demo.Step("The bill against Cost Explorer, figure by figure");
  TRY(demo.Show({"reconcile", kName, "--yes"}));
  demo.Step("Every amount in the lake against its source, every rollup against its lines");
  return demo.Show({"verify"});
}

struct DemoFlags {
  std::int64_t lines = 5'000;
};

Result<void> RunDemo(const CLI::App& verb, const DemoFlags& flags, CliContext& outer) {
  CliContext context = outer;
  const bool given = verb.get_option("--data")->count() > 0 ||
                     verb.get_parent()->get_option("--data")->count() > 0;
  if (!given) context.data = fs::temp_directory_path() / ("farthing-demo-" + NewUlid());
  if (fs::exists(context.data / "farthing.db")) {
    return Error(Errc::kConflict,
                 "made-up bills do not belong among what is in " + context.data.string())
        .Hint("give an empty directory, or leave --data away");
  }
  TRY(MakeDirectories(context.data));
  rehearsal::Options options;
  options.lines_per_month = flags.lines;
  options.months = 2;
  TRY_ASSIGN(const auto aws, rehearsal::Aws::Start(options));
  context.out << "A rehearsal AWS with a made-up organisation answers at " << aws->endpoint()
              << "; it has delivered its last two months and the current one to the bucket "
              << options.bucket << ".\n";
  Demo demo(context, *aws);
  TRY(Onboard(demo, *aws, options, context.data));
  TRY(Report(demo));
  context.out << "\nThe rehearsal AWS has ended; what was collected is in " << context.data.string()
              << ".  What to type next:\n\n  export FARTHING_DATA="
              << CommandLine({context.data.string()})
              << "\n  farthing cost --by tag:team,service --limit 20 --other"
                 "\n  farthing connections"
                 "\n  farthing simulate aws      a rehearsal AWS that stays, to try faults with"
                 "\n  farthing connect --help    your own account\n";
  return {};
}

}  // namespace

void AddDemoVerb(CLI::App& app, CliContext& context) {
  auto* verb =
      AddVerb(app, context, "demo",
              "Connect a rehearsal AWS, collect its bills and report, in seconds", {"table"});
  auto flags = std::make_shared<DemoFlags>();
  verb->add_option("--lines", flags->lines, "Line items a month")
      ->capture_default_str()
      ->check(AtLeast(500));
  verb->footer(
      "Nothing outside this machine is asked; without --data a directory of its own is made.\n"
      "Examples:\n  farthing demo\n  farthing demo --data /tmp/rehearsal");
  verb->callback([=, &context] {
    context.action = [=, &context] { return RunDemo(*verb, *flags, context); };
  });
}

}  // namespace farthing::cli
