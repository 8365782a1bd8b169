// The rehearsal's own commands, POST /_rehearsal/<command>: the clock, deliveries, faults, set-up, and what is there.

#include <algorithm>
#include <charconv>

#include "sim/aws/bills.h"
#include "sim/aws/gateway.h"
#include "sim/aws/services.h"

namespace farthing::rehearsal {
namespace {

/// Ten years; whoever runs the clock further waits for a delivery of every day on the way.
constexpr std::int64_t kMostSeconds = std::int64_t{10} * 365 * 86'400;

Error Wrong(std::string message) { return Refuse(400, "ValidationException", std::move(message)); }

/// Reads "3d", "8h", "90m" or "30s".
Result<std::int64_t> ReadSeconds(const std::string& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(read.ptr,
                              static_cast<std::size_t>(text.data() + text.size() - read.ptr));
  const std::int64_t seconds = unit == "d"   ? 86'400
                               : unit == "h" ? 3'600
                               : unit == "m" ? 60
                               : unit == "s" ? 1
                                             : 0;
  if (read.ec != std::errc() || seconds == 0 || number < 0)
    return Wrong("a time is written like 3d, 8h, 90m or 30s: " + text);
  if (number > kMostSeconds / seconds) return Wrong("the clock runs ten years at a time: " + text);
  return number * seconds;
}

json::object ClockJson(const World& world) {
  return {{"clock", ToString(world.now())},
          {"billed_until", ToString(world.billed_until)},
          {"next_delivery", ToString(world.next_refresh)},
          {"deliveries", world.deliveries}};
}

Result<json::object> Advance(World& world, const json::object& arguments) {
  Instant to = world.now();
  if (arguments.contains("to")) {
    const auto asked = ParseInstant(TextOf(arguments, "to"));
    if (!asked.ok() || *asked < to)
      return Wrong("the clock runs forward only: " + TextOf(arguments, "to"));
    if (asked->micros - to.micros > kMostSeconds * 1'000'000)
      return Wrong("the clock runs ten years at a time: " + TextOf(arguments, "to"));
    to = *asked;
  } else {
    TRY_ASSIGN(const std::int64_t seconds, ReadSeconds(TextOf(arguments, "by")));
    to.micros += seconds * 1'000'000;
  }
  TRY(AdvanceTo(world, to));
  return ClockJson(world);
}

constexpr std::string_view kFaultTexts[] = {"kind", "service", "action", "resource", "text"};
constexpr std::string_view kFaultNumbers[] = {"count", "every", "skip", "amount"};

/// A field that is misspelt would make a fault that strikes more than was meant.
Result<void> CheckFaultFields(const json::object& arguments) {
  const auto is_in = [](const auto& names, std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  for (const auto& member : arguments) {
    const std::string_view name(member.key().data(), member.key().size());
    if (is_in(kFaultTexts, name)) {
      if (!member.value().is_string()) return Wrong("not a text: " + std::string(name));
    } else if (is_in(kFaultNumbers, name)) {
      if (!member.value().is_int64()) return Wrong("not a whole number: " + std::string(name));
    } else {
      return Wrong("a fault has no field " + std::string(name));
    }
  }
  if (!arguments.contains("kind")) return Wrong("a fault needs its kind");
  return {};
}

Result<Fault> ReadFaultFields(const json::object& arguments) {
  TRY(CheckFaultFields(arguments));
  Fault fault;
  TRY_ASSIGN(fault.kind, ParseFaultKind(TextOf(arguments, "kind")));
  fault.service = TextOf(arguments, "service");
  fault.action = TextOf(arguments, "action");
  fault.resource = TextOf(arguments, "resource");
  fault.count = NumberOf(arguments, "count", 0);
  fault.every = NumberOf(arguments, "every", 1);
  fault.skip = NumberOf(arguments, "skip", 0);
  fault.amount = NumberOf(arguments, "amount", 0);
  fault.text = TextOf(arguments, "text");
  if (fault.every < 1 || fault.count < 0 || fault.skip < 0)
    return Wrong("count and skip are not negative, every counts from 1");
  if (fault.amount > kMostSeconds || fault.amount < -kMostSeconds)
    return Wrong("the amount is out of range: " + std::to_string(fault.amount));
  return fault;
}

Result<Fault> ReadFault(const json::object& arguments) {
  Result<Fault> fault = ReadFaultFields(arguments);
  if (fault.ok()) return fault;
  return std::move(fault).error().Hint(
      "the fields are the texts kind, service, action, resource and text, and the numbers count, "
      "every, skip and amount; docs/how-to/rehearse-failures.md has an example of every kind");
}

json::object FaultJson(const Fault& fault) {
  const std::string_view kind = Name(fault.kind);
  return {{"kind", std::string(kind)},  {"service", fault.service}, {"action", fault.action},
          {"resource", fault.resource}, {"count", fault.count},     {"every", fault.every},
          {"skip", fault.skip},         {"amount", fault.amount},   {"text", fault.text}};
}

json::object State(World& world) {
  json::object state = ClockJson(world);
  state["payer"] = world.payer;
  json::array& accounts = state["accounts"].emplace_array();
  for (const auto& [id, account] : world.accounts) {
    json::array roles;
    for (const auto& [name, role] : account.roles) roles.push_back(json::value(role.arn));
    accounts.push_back(json::object{
        {"id", id}, {"name", account.name}, {"unit", account.unit}, {"roles", std::move(roles)}});
  }
  json::array& buckets = state["buckets"].emplace_array();
  for (const auto& [name, bucket] : world.buckets) {
    buckets.push_back(json::object{{"name", name},
                                   {"region", bucket.region},
                                   {"owner", bucket.owner},
                                   {"objects", bucket.objects.size()}});
  }
  json::array& exports = state["exports"].emplace_array();
  for (const auto& each : world.exports) {
    json::object periods;
    for (const auto& [period, signature] : each->delivered) periods[period] = signature;
    exports.push_back(json::object{{"name", each->name},
                                   {"arn", each->arn},
                                   {"status", each->legacy ? each->last_status : each->status},
                                   {"reason", each->status_reason},
                                   {"delivered", std::move(periods)}});
  }
  json::array& faults = state["faults"].emplace_array();
  for (const Fault& fault : world.faults.List()) faults.push_back(FaultJson(fault));
  return state;
}

/// AWS Support fills in the months before an export was made.
Result<json::object> Backfill(World& world, const json::object& arguments) {
  TRY_ASSIGN(const Period from, ParsePeriod(TextOf(arguments, "from")));
  const std::string name = TextOf(arguments, "export");
  bool found = false;
  for (const auto& each : world.exports) {
    if (!name.empty() && each->name != name && each->arn != name) continue;
    found = true;
    each->first = std::max(from, FirstPeriod(world));
    TRY(DeliverExport(world, *each));
  }
  if (!found) return Wrong("no such export: " + name);
  return ClockJson(world);
}

Result<json::object> AddKey(World& world, const json::object& arguments) {
  const std::string owner =
      arguments.contains("account") ? TextOf(arguments, "account") : world.payer;
  const std::string arn = "arn:aws:kms:us-east-1:" + owner + ":key/" + world.Uuid();
  const json::object* policy = ObjectOf(arguments, "policy");
  const std::string document =
      policy != nullptr
          ? json::serialize(*policy)
          : R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::)" +
                owner + R"(:root"},"Action":"kms:*","Resource":"*"}]})";
  TRY(Policy::Parse(document, PolicyKind::kResource));
  world.kms_keys[arn] = {arn, owner, document};
  if (const auto bucket = world.buckets.find(TextOf(arguments, "bucket"));
      bucket != world.buckets.end())
    bucket->second.kms_key = arn;
  return json::object{{"arn", arn}};
}

/// The keys of an account's administrator; the payer's by default.
Result<json::object> AdminKeys(const World& world, const json::object& arguments) {
  const std::string account =
      arguments.contains("account") ? TextOf(arguments, "account") : world.payer;
  for (const auto& [id, key] : world.access_keys) {
    if (key.account_id != account || key.user_name != "admin") continue;
    return json::object{
        {"account_id", account}, {"access_key_id", id}, {"secret_access_key", key.secret}};
  }
  return Wrong("no such account: " + account);
}

/// Switches that people and tests turn.
Result<json::object> Set(World& world, const json::object& arguments) {
  for (const auto& member : arguments) {
    const std::string_view name(member.key().data(), member.key().size());
    if (!member.value().is_bool()) return Wrong("true or false: " + std::string(name));
    const bool on = member.value().get_bool();
    if (name == "organization_all_features") {
      world.organization_all_features = on;
    } else if (name == "cost_explorer") {
      world.cost_explorer_enabled = on;
    } else if (name == "compute_optimizer") {
      world.compute_optimizer_enrolled = on;
    } else if (name == "cost_optimization_hub") {
      world.cost_hub_enrolled = on;
    } else if (name == "support_plan") {
      world.support_plan = on;
    } else {
      return Wrong("unknown switch: " + std::string(name));
    }
  }
  return json::object();
}

Result<json::object> SetBucket(World& world, const json::object& arguments) {
  const auto bucket = world.buckets.find(TextOf(arguments, "name"));
  if (bucket == world.buckets.end()) return Wrong("no such bucket: " + TextOf(arguments, "name"));
  if (arguments.contains("requester_pays"))
    bucket->second.requester_pays = arguments.at("requester_pays") == true;
  if (arguments.contains("region")) bucket->second.region = TextOf(arguments, "region");
  if (arguments.contains("kms_key")) bucket->second.kms_key = TextOf(arguments, "kms_key");
  return json::object();
}

}  // namespace

Result<json::object> RunCommand(World& world, std::string_view command,
                                const json::object& arguments) {
  if (command == "state") return State(world);
  if (command == "advance") return Advance(world, arguments);
  if (command == "deliver") {
    TRY(DeliverAll(world));
    return ClockJson(world);
  }
  if (command == "restate") {
    TRY_ASSIGN(const Period period, ParsePeriod(TextOf(arguments, "period")));
    ++world.restatements[ToString(period)];
    return ClockJson(world);
  }
  if (command == "backfill") return Backfill(world, arguments);
  if (command == "fault") {
    TRY_ASSIGN(const Fault fault, ReadFault(arguments));
    if (fault.kind == FaultKind::kExpireTokens) {
      for (auto& [id, session] : world.sessions) session.expires = {0};
      return json::object();
    }
    world.faults.Add(fault);
    return FaultJson(fault);
  }
  if (command == "clear-faults") {
    world.faults.Clear();
    return json::object();
  }
  if (command == "scp") {
    const json::object* policy = ObjectOf(arguments, "policy");
    if (policy == nullptr) return Wrong("a policy is missing");
    TRY(Policy::Parse(json::serialize(*policy), PolicyKind::kIdentity));
    world.scps.push_back({TextOf(arguments, "target"), json::serialize(*policy)});
    return json::object();
  }
  if (command == "admin") return AdminKeys(world, arguments);
  if (command == "key") return AddKey(world, arguments);
  if (command == "set") return Set(world, arguments);
  if (command == "bucket") return SetBucket(world, arguments);
  return Refuse(404, "UnknownCommand", "no such command: " + std::string(command))
      .Hint(
          "known are state, advance, deliver, restate, backfill, fault, clear-faults, scp, admin, "
          "key, "
          "set and bucket");
}

}  // namespace farthing::rehearsal
