#include "connect/spending.h"

#include <mutex>

#include "base/decimal.h"
#include "base/shell_words.h"

namespace farthing::connect {
namespace {

constexpr std::string_view kDefaultCap = "1.00";
constexpr int128 kMostRequests = 1'000'000;

/// Whole cents; what is less than one buys nothing.
int RequestsFor(const std::optional<std::string>& usd) {
  const Result<Decimal> cap = ParseDecimal(usd.value_or(std::string(kDefaultCap)));
  if (!cap.ok() || cap->units <= 0) return 0;
  const int128 cents = cap->scale <= 2 ? cap->units * PowerOfTen(2 - cap->scale)
                                       : cap->units / PowerOfTen(cap->scale - 2);
  return static_cast<int>(std::min(cents, kMostRequests));
}

/// Pays before it sends.
class MeteredHttp : public http::Client {
 public:
  MeteredHttp(std::shared_ptr<http::Client> http, Spending& spending, std::string purpose)
      : http_(std::move(http)), spending_(spending), purpose_(std::move(purpose)) {}

  Result<http::Response> Send(const http::Request& request,
                              const http::SendOptions& options) override {
    {
      const std::scoped_lock lock(mutex_);
      TRY(spending_.Spend(purpose_));
    }
    return http_->Send(request, options);
  }

 private:
  std::shared_ptr<http::Client> http_;
  Spending& spending_;
  std::string purpose_;
  std::mutex mutex_;
};

/// The credentials of another client, which it keeps alive.
class CredentialsOf : public aws::CredentialsProvider {
 public:
  explicit CredentialsOf(std::shared_ptr<aws::Client> client) : client_(std::move(client)) {}
  Result<aws::Credentials> Get() override { return client_->credentials().Get(); }
  void Invalidate() override { client_->credentials().Invalidate(); }

 private:
  std::shared_ptr<aws::Client> client_;
};

}  // namespace

std::string Dollars(int requests) {
  const std::string cents = std::to_string(requests % 100);
  return std::to_string(requests / 100) + (cents.size() == 1 ? ".0" : ".") + cents;
}

Spending::Spending(engine::SqliteDatabase& database, const Connection& connection,
                   std::function<Instant()> now)
    : database_(database),
      connection_id_(connection.id),
      connection_name_(connection.settings.name),
      cap_(RequestsFor(connection.settings.cost_explorer_cap_usd)),
      now_(std::move(now)) {}

Result<SpendingState> Spending::State() {
  SpendingState state;
  state.month = PeriodOf(now_());
  state.cap = cap_;
  TRY(database_.Each(
      "SELECT count(*) FROM cost_explorer_spending WHERE connection_id = ? AND month = ?",
      {connection_id_, ToString(state.month)},
      [&](const engine::SqliteRow& row) { state.spent = static_cast<int>(row.Int(0)); }));
  return state;
}

Result<void> Spending::Spend(const std::string& purpose) {
  return database_.Transaction([&]() -> Result<void> {
    TRY_ASSIGN(const SpendingState state, State());
    if (state.left() == 0) {
      return Error(Errc::kTooLarge, "the spending cap of connection " + connection_name_ + " for " +
                                        ToString(state.month) + " is reached: US$" +
                                        Dollars(state.cap))
          .With("spending_cap", Dollars(state.cap))
          .Hint("Cost Explorer costs US$0.01 a request; raise the cap with: " +
                CommandLine({"farthing", "connections", "edit", connection_name_,
                             "--cost-explorer-cap", "USD"}));
    }
    return database_.Run(
        "INSERT INTO cost_explorer_spending (at, month, connection_id, purpose) VALUES (?, ?, ?, "
        "?)",
        {ToString(now_()), ToString(state.month), connection_id_, purpose});
  });
}

Result<std::vector<Spending::Entry>> Spending::Entries() {
  std::vector<Entry> entries;
  TRY(database_.Each(
      "SELECT at, purpose FROM cost_explorer_spending WHERE connection_id = ? ORDER BY number",
      {connection_id_}, [&](const engine::SqliteRow& row) {
        const Result<Instant> at = ParseInstant(row.Text(0));
        entries.push_back({at.ok() ? *at : Instant{}, connection_id_, row.Text(1)});
      }));
  return entries;
}

std::shared_ptr<aws::Client> Metered(std::shared_ptr<aws::Client> client, Spending& spending,
                                     std::string purpose) {
  aws::Environment environment = client->environment();
  environment.http = std::make_shared<MeteredHttp>(environment.http, spending, std::move(purpose));
  return std::make_shared<aws::Client>(environment,
                                       std::make_shared<CredentialsOf>(std::move(client)));
}

}  // namespace farthing::connect
