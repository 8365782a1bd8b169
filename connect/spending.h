#pragma once

// What Cost Explorer costs the customer: US$0.01 a request, each page and each retry included.  Every
// request is in the ledger before it is sent, and none is sent that would pass the connection's cap of the calendar
// month.  Several processes may share the ledger; one Spending belongs to one thread at a time.

#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"
#include "connect/connection.h"
#include "engine/sqlite.h"

namespace farthing::connect {

/// A calendar month of one connection, in requests of one cent.
struct SpendingState {
  Period month;
  int cap = 0, spent = 0;
  int left() const { return spent < cap ? cap - spent : 0; }
};

/// "0.07" for seven requests.
std::string Dollars(int requests);

class Spending {
 public:
  /// `now` is the clock that decides the month.
  Spending(engine::SqliteDatabase& database, const Connection& connection,
           std::function<Instant()> now = Now);

  Result<SpendingState> State();
  /// Writes one request into the ledger.  Errors: kTooLarge (it would pass the cap).
  Result<void> Spend(const std::string& purpose);

  struct Entry {
    Instant at;
    std::string connection_id, purpose;
  };
  /// Oldest first.
  Result<std::vector<Entry>> Entries();

 private:
  engine::SqliteDatabase& database_;
  std::string connection_id_, connection_name_;
  int cap_ = 0;
  std::function<Instant()> now_;
};

/// The same identity as `client`, with every request spent from `spending` under `purpose` before it leaves.  Use it
/// for Cost Explorer only.  `spending` outlives the client.
std::shared_ptr<aws::Client> Metered(std::shared_ptr<aws::Client> client, Spending& spending,
                                     std::string purpose);

}  // namespace farthing::connect
