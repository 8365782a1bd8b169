#include "sim/aws/rehearsal.h"

#include <mutex>

#include "base/text.h"
#include "sim/aws/bills.h"
#include "sim/aws/gateway.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kControl = "/_rehearsal/";
constexpr std::size_t kRecordsKept = 100'000;

Keys KeysOf(const World& world, std::string_view account_id, std::string_view user_name) {
  for (const auto& [id, key] : world.access_keys) {
    if (key.account_id != account_id || key.user_name != user_name) continue;
    return {key.account_id, world.accounts.at(key.account_id).users.at(key.user_name).arn, key.id,
            key.secret};
  }
  return {};
}

http::ServerResponse JsonResponse(int status, const json::object& body) {
  http::ServerResponse response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/json"});
  response.body = json::serialize(body) + "\n";
  return response;
}

/// Reads a command's arguments: a JSON object or nothing.
Result<json::object> ReadArguments(const std::string& text) {
  if (Trim(text).empty()) return json::object();
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object())
    return Error(Errc::kInvalidArgument, "arguments are a JSON object");
  return value.get_object();
}

}  // namespace

struct Aws::Guarded {
  explicit Guarded(const Options& options) : world(options), log(options.log) {}

  /// Everything but the socket.
  http::ServerResponse Answer(const http::ServerRequest& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path.starts_with(kControl))
      return AnswerControl(path.substr(kControl.size()), request.body);
    Answered answered;
    {
      const std::lock_guard lock(mutex);
      if (auto caught_up = CatchUp(world); !caught_up.ok()) {
        return JsonResponse(500, {{"error", caught_up.error().message()}});
      }
      if (path.starts_with("/cloudformation/home")) return AnswerConsole(world, request);
      answered = AnswerRequest(world, request);
      if (records.size() < kRecordsKept) records.push_back(answered.record);
      if (answered.redeliver) {
        ++world.restatements[ToString(PeriodOf(world.billed_until))];
        if (auto delivered = DeliverAll(world); !delivered.ok()) {
          return JsonResponse(500, {{"error", delivered.error().message()}});
        }
      }
    }
    if (log) log(answered.record);
    return std::move(answered.response);
  }

  http::ServerResponse AnswerControl(std::string_view command, const std::string& body) {
    const std::lock_guard lock(mutex);
    const auto arguments = ReadArguments(body);
    if (!arguments.ok()) return JsonResponse(400, {{"error", arguments.error().message()}});
    const auto result = RunCommand(world, command, *arguments);
    if (!result.ok()) {
      return JsonResponse(400,
                          {{"error", result.error().message()}, {"hint", result.error().hint()}});
    }
    return JsonResponse(200, *result);
  }

  mutable std::mutex mutex;
  World world;
  std::vector<RequestRecord> records;
  const std::function<void(const RequestRecord&)> log;
  std::unique_ptr<http::Server> server;  // last: stops before the rest goes
};

Aws::Aws(std::unique_ptr<Guarded> guarded) : guarded_(std::move(guarded)) {}
Aws::~Aws() = default;

Result<std::unique_ptr<Aws>> Aws::Start(const Options& options) {
  auto guarded = std::make_unique<Guarded>(options);
  World& world = guarded->world;
  TRY(AddExistingExports(world));
  TRY(DeliverAll(world));
  http::Server::Settings settings;
  settings.port = options.port;
  settings.threads = options.threads;
  TRY_ASSIGN(
      guarded->server,
      http::Server::Start(settings, [raw = guarded.get()](const http::ServerRequest& request) {
        return raw->Answer(request);
      }));
  return std::unique_ptr<Aws>(new Aws(std::move(guarded)));
}

int Aws::port() const { return guarded_->server->port(); }
std::string Aws::endpoint() const { return "http://127.0.0.1:" + std::to_string(port()); }

Keys Aws::Admin(std::string_view account_id) const {
  const std::lock_guard lock(guarded_->mutex);
  const World& world = guarded_->world;
  return KeysOf(world, account_id.empty() ? world.payer : std::string(account_id), "admin");
}
Keys Aws::Platform() const {
  const std::lock_guard lock(guarded_->mutex);
  return KeysOf(guarded_->world, guarded_->world.platform_account, "farthing");
}
std::string Aws::payer() const { return guarded_->world.payer; }

Instant Aws::now() const {
  const std::lock_guard lock(guarded_->mutex);
  return guarded_->world.now();
}

Result<Instant> Aws::Advance(std::chrono::seconds by) {
  const std::lock_guard lock(guarded_->mutex);
  World& world = guarded_->world;
  TRY(AdvanceTo(world, Instant{world.now().micros + by.count() * 1'000'000}));
  return world.now();
}

Result<void> Aws::Deliver() {
  const std::lock_guard lock(guarded_->mutex);
  return DeliverAll(guarded_->world);
}

void Aws::Restate(Period period) {
  const std::lock_guard lock(guarded_->mutex);
  ++guarded_->world.restatements[ToString(period)];
}

void Aws::Inject(const Fault& fault) {
  const std::lock_guard lock(guarded_->mutex);
  if (fault.kind != FaultKind::kExpireTokens) return guarded_->world.faults.Add(fault);
  for (auto& [id, session] : guarded_->world.sessions) session.expires = {0};
}

void Aws::ClearFaults() {
  const std::lock_guard lock(guarded_->mutex);
  guarded_->world.faults.Clear();
}

Result<std::string> Aws::CreateRole(std::string_view account_id, const std::string& name,
                                    const std::string& trust,
                                    const std::map<std::string, std::string>& policies) {
  const std::lock_guard lock(guarded_->mutex);
  World& world = guarded_->world;
  Operation operation;
  operation.protocol = Protocol::kQuery;
  operation.service = "iam";
  operation.caller.account_id = account_id;
  operation.caller.root = true;
  operation.action = "CreateRole";
  operation.parameters = {{"RoleName", name}, {"AssumeRolePolicyDocument", trust}};
  TRY(Dispatch(world, operation));
  operation.action = "PutRolePolicy";
  for (const auto& [policy_name, document] : policies) {
    operation.parameters = {
        {"RoleName", name}, {"PolicyName", policy_name}, {"PolicyDocument", document}};
    TRY(Dispatch(world, operation));
  }
  return world.FindAccount(account_id)->roles.at(name).arn;
}

Result<void> Aws::SetRolePolicies(const std::string& role_arn,
                                  const std::map<std::string, std::string>& policies) {
  const std::lock_guard lock(guarded_->mutex);
  Entity* role = guarded_->world.FindRole(role_arn);
  if (role == nullptr) return Error(Errc::kNotFound, "no such role: " + role_arn);
  for (const auto& [name, document] : policies) TRY(Policy::Parse(document, PolicyKind::kIdentity));
  role->inline_policies = policies;
  return {};
}

void Aws::AddServiceControlPolicy(const std::string& target, const std::string& document) {
  const std::lock_guard lock(guarded_->mutex);
  guarded_->world.scps.push_back({target, document});
}

Result<void> Aws::PutObject(const std::string& bucket, const std::string& key,
                            std::string content) {
  const std::lock_guard lock(guarded_->mutex);
  const auto found = guarded_->world.buckets.find(bucket);
  if (found == guarded_->world.buckets.end())
    return Error(Errc::kNotFound, "no such bucket: " + bucket);
  StoreObject(guarded_->world, found->second, key, std::move(content));
  return {};
}

sim::Totals Aws::Totals(Period period) const {
  const std::lock_guard lock(guarded_->mutex);
  std::int64_t rows = 0;
  int128 unblended = 0;
  int128 net_unblended = 0;
  int128 blended = 0;
  int128 amortized = 0;
  int128 net_amortized = 0;
  ForEachLine(guarded_->world, ViewOf(guarded_->world, period), [&](const sim::Line& line) {
    ++rows;
    unblended += line.unblended;
    net_unblended += sim::NetUnblended(line);
    blended += line.blended;
    amortized += sim::Amortized(line);
    net_amortized += sim::NetAmortized(line);
  });
  const auto decimal = [](int128 units) { return Canonical({units, 10}); };
  return {rows,
          decimal(unblended),
          decimal(net_unblended),
          decimal(blended),
          decimal(amortized),
          decimal(net_amortized)};
}

std::vector<RequestRecord> Aws::Requests() const {
  const std::lock_guard lock(guarded_->mutex);
  return guarded_->records;
}
void Aws::ForgetRequests() {
  const std::lock_guard lock(guarded_->mutex);
  guarded_->records.clear();
}

Result<std::string> Aws::Control(std::string_view command, const std::string& arguments) {
  TRY_ASSIGN(const json::object object, ReadArguments(arguments));
  const std::lock_guard lock(guarded_->mutex);
  TRY_ASSIGN(const json::object result, RunCommand(guarded_->world, command, object));
  return json::serialize(result);
}

http::ServerResponse Aws::Handle(const http::ServerRequest& request) {
  return guarded_->Answer(request);
}

}  // namespace farthing::rehearsal
