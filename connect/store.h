#pragma once

// Connections and their history, in DATA/farthing.db beside the lake's catalog.  One Store belongs to one
// thread; several processes may hold one on the same file.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/connection.h"
#include "connect/vault.h"
#include "engine/sqlite.h"

namespace farthing::connect {

/// Something that happened to a connection; never changed, kept after deletion.
struct Event {
  std::int64_t number = 0;
  Instant at;
  std::string connection_id, connection_name;
  std::string kind;  ///< "created", "state", "edited", "checked", "delivery", "bill-data-ready", …
  std::string text;  ///< one sentence
  std::string detail;  ///< JSON or empty
};

class Store {
 public:
  /// Opens or creates the tables in the database file.
  static Result<std::unique_ptr<Store>> Open(const std::filesystem::path& database);

  /// Makes a draft: checks the settings, gives it an id and an external ID of its own (an adopted one is
  /// marked).  Errors: kInvalidArgument (field), kConflict (the name, or account and role, are taken; an
  /// external ID that any connection ever had).
  Result<Connection> Create(Settings settings);
  /// By id or by name.  Errors: kNotFound with close names.
  Result<Connection> Find(const std::string& id_or_name);
  Result<std::vector<Connection>> List();
  /// Replaces the settings; `also` happens in the same transaction, or neither does.
  /// Errors: kInvalidArgument (account_id, type and external ID are immutable), kConflict; those of `also`.
  Result<Connection> Edit(const std::string& id, Settings settings, const std::string& what,
                          const std::function<Result<void>()>& also = {});
  /// Moves the state machine and records it.  Errors: kConflict (the state may not follow).
  Result<Connection> SetState(const std::string& id, State state, const std::string& cause);
  /// As SetState for what checks or a collection have found: over `verifying` where the state may not follow directly, in
  /// one transaction, so that no connection that works is ever left looking like one that was never verified.
  Result<Connection> Settle(const std::string& id, State state, const std::string& cause);
  /// Marks times; absent leaves a time as it is.
  struct Times {
    std::optional<Instant> checked, collected, delivery, delete_after;
  };
  Result<void> Touch(const std::string& id, const Times& times);
  /// Disconnected, with a last day that is over: what TermAt demands from now on is to delete it.
  Result<void> BeginDeletion(const std::string& id);
  /// Deletes the connection, its secrets and all rows of it; its external ID stays used up, and of its events stay those
  /// of its life, which hold no figures.  Bills and files are connect/life/deletion.h's business.
  Result<void> Delete(const std::string& id, const std::string& why);

  Result<void> Record(const std::string& connection_id, const std::string& kind,
                      const std::string& text, const std::string& detail = "");
  /// Newest first; all connections when `connection_id` is empty.
  Result<std::vector<Event>> Events(const std::string& connection_id, int limit);

  /// The newest event of that kind of the connection, if it ever happened.
  Result<std::optional<Event>> LastEvent(const std::string& connection_id, const std::string& kind);

  /// The last report of checks as JSON (connect/checks/checks.h); "" when there is none.
  Result<std::string> LastReport(const std::string& connection_id);
  Result<void> SaveReport(const std::string& connection_id, const std::string& report_json);

  /// Settings of the installation: "agreement_required", "template_bucket_url", "platform_principal", "support_contact".
  Result<std::string> Setting(const std::string& name);
  /// Errors: kInvalidArgument ("agreement_required" is "yes" or "no").
  Result<void> SetSetting(const std::string& name, const std::string& value);

  engine::SqliteDatabase& database() { return *database_; }

 private:
  explicit Store(std::unique_ptr<engine::SqliteDatabase> database)
      : database_(std::move(database)) {}
  Result<std::vector<Connection>> Read(const std::string& condition,
                                       const std::vector<engine::SqliteValue>& parameters);
  /// Requires: a transaction.
  Result<void> Move(const Connection& connection, State state, const std::string& cause);
  std::unique_ptr<engine::SqliteDatabase> database_;
};

/// A new external ID: "farthing-" and 32 hex digits of randomness.
std::string NewExternalId();

}  // namespace farthing::connect
