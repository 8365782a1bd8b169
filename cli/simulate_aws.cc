// `farthing simulate aws`: the rehearsal AWS on a port, until Ctrl-C.

#include <boost/json.hpp>

#include <csignal>
#include <mutex>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/verb.h"
#include "sim/aws/rehearsal.h"

namespace farthing::cli {
namespace {

constexpr std::string_view kRoleName = "farthing-rehearsal";
constexpr std::uint64_t kPolicyLimit = std::uint64_t{1} << 20;

struct AwsFlags {
  rehearsal::Options options;
  std::string clock, exports = "cur2-parquet", policy, external_id;
  bool log = false;
};

/// Blocks the signals that end the program, in this thread and those it starts, and waits for one.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~EndSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;
  void Wait() {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_ = {}, before_ = {};
};

/// A role in the payer's account that trusts the platform, with the policy of a file.
Result<std::string> AddRole(rehearsal::Aws& aws, const AwsFlags& flags) {
  TRY_ASSIGN(const std::string policy, ReadFile(flags.policy, kPolicyLimit));
  const boost::json::object condition = {{"StringEquals", {{"sts:ExternalId", flags.external_id}}}};
  const boost::json::object statement = {{"Effect", "Allow"},
                                         {"Principal", {{"AWS", aws.Platform().user_arn}}},
                                         {"Action", "sts:AssumeRole"},
                                         {"Condition", condition}};
  const boost::json::object trust = {{"Version", "2012-10-17"},
                                     {"Statement", boost::json::array{statement}}};
  return aws.CreateRole(aws.payer(), std::string(kRoleName), boost::json::serialize(trust),
                        {{"policy", policy}});
}

boost::json::object ToJson(const rehearsal::Keys& keys) {
  return {{"account_id", keys.account_id},
          {"arn", keys.user_arn},
          {"access_key_id", keys.access_key_id},
          {"secret_access_key", keys.secret_access_key}};
}

std::string Lines(std::string_view who, const rehearsal::Keys& keys) {
  return "\n# " + std::string(who) + ", " + keys.user_arn +
         "\nexport AWS_ACCESS_KEY_ID=" + keys.access_key_id +
         "\nexport AWS_SECRET_ACCESS_KEY=" + keys.secret_access_key + "\n";
}

std::string Seconds(Instant instant) {
  return ToString(Instant{instant.micros / 1'000'000 * 1'000'000});
}

void Print(const rehearsal::Aws& aws, const std::string& role_arn, const AwsFlags& flags,
           CliContext& context) {
  const rehearsal::Keys admin = aws.Admin();
  const rehearsal::Keys platform = aws.Platform();
  if (context.format == "json") {
    boost::json::object answer = {{"endpoint", aws.endpoint()}, {"port", aws.port()},
                                  {"payer", aws.payer()},       {"clock", Seconds(aws.now())},
                                  {"admin", ToJson(admin)},     {"platform", ToJson(platform)}};
    if (!role_arn.empty()) answer["role"] = {{"arn", role_arn}, {"external_id", flags.external_id}};
    context.out << boost::json::serialize(answer) << std::endl;
    return;
  }
  context.out << "the rehearsal AWS answers at " << aws.endpoint() << ", its clock says "
              << Seconds(aws.now()) << "\nquick-create page " << aws.endpoint()
              << "/cloudformation/home, commands " << aws.endpoint()
              << "/_rehearsal/state\n\nexport AWS_ENDPOINT_URL=" << aws.endpoint()
              << "\nexport AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 "
                 "AWS_EC2_METADATA_DISABLED=true\n"
              << Lines("the platform, which assumes roles", platform)
              << Lines("the payer's administrator", admin);
  if (!role_arn.empty())
    context.out << "\n# role " << role_arn << ", external ID " << flags.external_id << '\n';
  context.out << "\nCtrl-C ends it" << std::endl;
}

Result<void> RunAws(const AwsFlags& flags, CliContext& context) {
  rehearsal::Options options = flags.options;
  if (!flags.clock.empty()) {
    auto clock = ParseInstant(flags.clock);
    if (!clock.ok())
      return std::move(clock).error().Wrap("--clock").Hint("write 2026-02-10T08:00:00Z");
    options.clock = *clock;
  }
  options.exports.clear();
  for (const std::string& name :
       flags.exports == "none" ? std::vector<std::string>() : Split(flags.exports, ',')) {
    TRY_ASSIGN(const sim::BillFormat format, sim::ParseBillFormat(name));
    options.exports.push_back({format, ""});
  }
  std::mutex printing;
  if (flags.log) {
    options.log = [&](const rehearsal::RequestRecord& record) {
      const std::lock_guard lock(printing);
      context.err << record.status << ' ' << record.service << ':' << record.action << ' '
                  << record.resource << ' ' << record.error_code << " by "
                  << (record.caller.empty() ? "nobody" : record.caller) << '\n';
    };
  }
  EndSignals signals;
  TRY_ASSIGN(const auto aws, rehearsal::Aws::Start(options));
  std::string role_arn;
  if (!flags.policy.empty()) {
    TRY_ASSIGN(role_arn, AddRole(*aws, flags));
  }
  Print(*aws, role_arn, flags, context);
  signals.Wait();
  return {};
}

}  // namespace

void AddSimulateAws(CLI::App& verb, CliContext& context) {
  auto* aws = verb.add_subcommand(
      "aws", "Run a rehearsal AWS on this machine, to try onboarding and failures");
  auto flags = std::make_shared<AwsFlags>();
  flags->external_id = "rehearsal-external-id";
  rehearsal::Options& options = flags->options;
  aws->add_option("--port", options.port, "0: any free one")->capture_default_str();
  aws->add_option("--seed", options.seed, "The same seed gives the same bills and keys")
      ->capture_default_str();
  aws->add_option("--lines", options.lines_per_month, "Line items a month, at least 500")
      ->capture_default_str()
      ->check(AtLeast(500));
  aws->add_option("--months", options.months, "Months of history")->capture_default_str();
  aws->add_option("--clock", flags->clock, "The rehearsal's time at the start; default: now")
      ->type_name("TIME");
  aws->add_option("--exports", flags->exports,
                  "Comma list of exports that exist already, as in simulate bill; or none")
      ->capture_default_str();
  auto* organization =
      aws->add_option("--organization", options.organization,
                      "1 to 9: which of the organisations, each with accounts of its own");
  organization->capture_default_str()->check(CLI::Range(1, 9));
  aws->add_flag("--no-organization{false}", options.in_organization,
                "One account with all of the bill, which is in no organisation");
  aws->add_option("--bucket", options.bucket, "The bucket they go to")->capture_default_str();
  aws->add_option("--bucket-region", options.bucket_region, "Where it lies")->capture_default_str();
  aws->add_option("--policy", flags->policy,
                  "Makes a role with this policy that trusts the platform")
      ->type_name("FILE");
  aws->add_option("--external-id", flags->external_id, "Of that role")->capture_default_str();
  aws->add_flag("--log", flags->log, "Print every request");
  aws->add_option("--format", context.format, "table or json")->check(OneOf({"table", "json"}));
  aws->footer(
      "Failures, the clock and other commands: docs/how-to/rehearse-failures.md, installed as "
      "share/doc/farthing/rehearse-failures.md\n\n"
      "Examples:\n  farthing simulate aws\n"
      "  farthing simulate aws --port 4566 --exports cur1-csv,cur2-parquet --clock "
      "2026-02-10T00:00:00Z\n"
      "  curl -d '{\"by\":\"2d\"}' http://127.0.0.1:4566/_rehearsal/advance\n"
      "  curl -d '{\"kind\":\"throttle\",\"service\":\"s3\",\"count\":2}' "
      "http://127.0.0.1:4566/_rehearsal/fault");
  aws->callback(
      [=, &context] { context.action = [=, &context] { return RunAws(*flags, context); }; });
}

}  // namespace farthing::cli
