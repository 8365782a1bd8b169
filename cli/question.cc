#include "cli/question.h"

#include "base/text.h"
#include "billing/registry.h"
#include "query/request_json.h"

namespace farthing::cli {
namespace {

constexpr std::string_view kTimeHint =
    "write a date or a time in UTC: 2026-01-31 or 2026-01-31T18:00:00Z";

// "account, service, …" of a part of the registry.
template <typename Entries>
std::string NamesOf(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.emplace_back(entry.name);
  return Join(names, ", ");
}

std::string HintOf(std::string_view flag) {
  if (flag == "--from" || flag == "--to" || flag == "--as-of") return std::string(kTimeHint);
  if (flag == "--by")
    return "dimensions: " + NamesOf(billing::Dimensions()) +
           ", tag:KEY, cost_category:NAME, product:KEY, attribute:KEY";
  if (flag == "--metric") return "metrics: " + NamesOf(billing::Metrics());
  if (flag == "--where") return "e.g. --where 'service=\"Amazon CloudFront\" and tag:team!=\"\"'";
  return "see: farthing cost --help";
}

// Parses a flag that may be absent, and names it in the error.
template <typename Value, typename Parse>
Result<void> Read(std::string_view flag, const std::string& text, Value& into, const Parse& parse) {
  if (text.empty()) return {};
  auto value = parse(text);
  if (!value.ok()) return std::move(value).error().Wrap(flag).Hint(HintOf(flag));
  into = *std::move(value);
  return {};
}

}  // namespace

void AddQuestionFlags(CLI::App& verb, QuestionFlags& flags) {
  verb.add_option("--by", flags.by, "Dimensions, e.g. service,account,tag:team")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  verb.add_option("--metric", flags.metrics,
                  "Metrics, e.g. net_amortized_cost; default unblended_cost")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  verb.add_option("--grain", flags.grain, "hour, day, month, period or none (the default)");
  verb.add_option("--from", flags.from,
                  "First instant of charges, UTC, e.g. 2026-01-01; default: all")
      ->type_name("TIME");
  verb.add_option("--to", flags.to, "End of charges, exclusive, e.g. 2026-02-01")
      ->type_name("TIME");
  verb.add_option("--period", flags.period,
                  "Billing month or months, e.g. 2026-01 or 2026-01..2026-03")
      ->type_name("MONTHS");
  verb.add_option("--where", flags.where, "Filter, e.g. 'region=eu-west-1 and tag:team!=\"\"'")
      ->type_name("FILTER");
  verb.add_option("--order-by", flags.order_by, "Columns, e.g. 'unblended_cost desc'")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  verb.add_option("--limit", flags.limit, "Show the first N rows only")
      ->type_name("N")
      ->check(AtLeast(1));
  verb.add_flag("--other", flags.other, "With --limit: one more row for everything not shown");
  verb.add_option("--as-of", flags.as_of, "Answer from the versions that were active then")
      ->type_name("TIME");
  verb.add_option("--request", flags.request, "The whole question as JSON instead of flags")
      ->type_name("JSON");
}

Result<Period> ParsePeriodFlag(const std::string& text) {
  Result<Period> period = ParsePeriod(text);
  if (!period.ok())
    return std::move(period).error().Wrap("--period").Hint("write a month: 2026-01");
  return period;
}

Result<query::Request> ToRequest(const QuestionFlags& flags) {
  if (!flags.request.empty()) {
    Result<query::Request> parsed = query::ParseRequest(flags.request);
    if (parsed.ok() || !parsed.error().hint().empty()) return parsed;
    return std::move(parsed).error().Hint(
        "farthing cost with flags and --format json shows how a request is written");
  }
  if (!flags.by.empty() && Trim(Join(flags.by, ",")).empty()) {
    return Error(Errc::kInvalidArgument, "--by: no dimension is named").Hint(HintOf("--by"));
  }
  query::Request request;
  const std::string metrics =
      flags.metrics.empty() ? std::string(query::kDefaultMetric) : Join(flags.metrics, ",");
  TRY(Read("--metric", metrics, request.metrics, query::ParseMetrics));
  TRY(Read("--by", Join(flags.by, ","), request.group_by, query::ParseGroupBy));
  TRY(Read("--grain", flags.grain, request.time.grain, query::ParseGrain));
  TRY(Read("--from", flags.from, request.time.start, ParseInstant));
  TRY(Read("--to", flags.to, request.time.end, ParseInstant));
  if (!flags.period.empty()) {
    Result<void> periods = query::ParsePeriods(flags.period, request.time);
    if (!periods.ok())
      return std::move(periods).error().Wrap("--period").Hint("write 2026-01 or 2026-01..2026-03");
  }
  TRY(Read("--where", flags.where, request.filter, query::ParseFilter));
  TRY(Read("--order-by", Join(flags.order_by, ","), request.order_by, query::ParseOrderBy));
  TRY(Read("--as-of", flags.as_of, request.as_of, ParseInstant));
  if (flags.limit > 0) request.limit = flags.limit;
  request.remainder = flags.other;
  TRY(query::Validate(request));
  return request;
}

Result<query::Session*> SessionOf(const CliContext& context, std::unique_ptr<query::Session>& own) {
  if (context.session != nullptr) return context.session;
  TRY_ASSIGN(own, query::Session::Open(context.data));
  return own.get();
}

}  // namespace farthing::cli
