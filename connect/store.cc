#include "connect/store.h"

#include <sodium.h>

#include <array>

#include "base/text.h"
#include "connect/lifecycle.h"
#include "connect/store_schema.h"

namespace farthing::connect {
namespace {

using engine::SqliteRow;
using engine::SqliteValue;

SqliteValue Text(const std::optional<Instant>& instant) {
  if (!instant) return std::monostate{};
  return ToString(*instant);
}

std::optional<Instant> ReadInstant(const SqliteRow& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  Result<Instant> instant = ParseInstant(row.Text(column));
  if (!instant.ok()) return std::nullopt;
  return *instant;
}

constexpr std::string_view kSelectEvents =
    "SELECT number, at, connection_id, connection_name, kind, text, detail FROM connection_events ";

Event ReadEvent(const SqliteRow& row) {
  return {row.Int(0),  ReadInstant(row, 1).value_or(Instant{}),
          row.Text(2), row.Text(3),
          row.Text(4), row.Text(5),
          row.Text(6)};
}

Result<Connection> ReadConnection(const SqliteRow& row) {
  Connection connection;
  connection.id = row.Text(0);
  TRY_ASSIGN(connection.settings, ParseSettings(row.Text(1)));
  TRY_ASSIGN(connection.state, ParseState(row.Text(2)));
  connection.cause = row.Text(3);
  connection.created = ReadInstant(row, 4).value_or(Instant{});
  connection.state_since = ReadInstant(row, 5).value_or(Instant{});
  connection.last_checked = ReadInstant(row, 6);
  connection.last_collected = ReadInstant(row, 7);
  connection.last_delivery = ReadInstant(row, 8);
  connection.delete_after = ReadInstant(row, 9);
  return connection;
}

/// What must be unique beside the name: a role or a key serves one connection only.
std::string ReachOf(const Settings& settings) {
  if (!settings.role_arn.empty()) return settings.role_arn;
  if (settings.type == ConnectionType::kDirectory) return "directory:" + settings.directory;
  if (settings.type == ConnectionType::kBucket) {
    return settings.endpoint + "/" + settings.export_place.bucket + "/" +
           settings.export_place.prefix;
  }
  return "key:" + settings.access_key_id;
}

/// A disconnected one leaves its role or key to another.
std::string ReachOf(State state, const std::string& id, const Settings& settings) {
  return state == State::kDisconnected ? "disconnected:" + id : ReachOf(settings);
}

/// SQLite says only which index; people need the field.
Error Taken(Error error, const Settings& settings) {
  if (error.code() != Errc::kConflict) return error;
  const bool name = error.message().find("connections.name") != std::string::npos;
  const bool reach = error.message().find("connections.reach") != std::string::npos;
  const bool external = error.message().find("external_ids") != std::string::npos;
  if (name) {
    return Error(Errc::kConflict, "another connection has this name: " + settings.name)
        .With("field", "name");
  }
  if (reach) {
    return Error(Errc::kConflict,
                 "another connection reaches AWS the same way: " + ReachOf(settings))
        .With("field", "role_arn")
        .Hint("one role, key or directory serves one connection; edit that one instead");
  }
  if (external) {
    return Error(Errc::kConflict, "this external ID was used before; it is never used again")
        .With("field", "external_id")
        .Hint("leave it out and use the one that is made for the connection");
  }
  return error;
}

}  // namespace

std::string NewExternalId() {
  std::array<unsigned char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string hex(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
  hex.pop_back();
  return "farthing-" + hex;
}

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& database) {
  CHECK(sodium_init() >= 0);
  TRY_ASSIGN(auto opened, engine::SqliteDatabase::Open(database.string()));
  TRY(UpgradeConnectSchema(*opened));
  return std::unique_ptr<Store>(new Store(std::move(opened)));
}

Result<Connection> Store::Create(Settings settings) {
  settings.external_id_adopted = !settings.external_id.empty();
  TRY_ASSIGN(settings, Validate(std::move(settings)));
  const bool has_role = !settings.role_arn.empty();
  if (!has_role && settings.external_id_adopted) {
    return Error(Errc::kInvalidArgument, "external_id: goes with a role only")
        .With("field", "external_id");
  }
  if (has_role && settings.external_id.empty()) settings.external_id = NewExternalId();
  Connection connection;
  connection.id = NewUlid();
  connection.settings = settings;
  connection.created = connection.state_since = Now();
  Result<void> inserted = database_->Transaction([&]() -> Result<void> {
    if (has_role) {
      TRY(database_->Run(
          "INSERT INTO external_ids (external_id, connection_id, issued_at) VALUES (?, ?, ?)",
          {settings.external_id, connection.id, ToString(connection.created)}));
    }
    TRY(database_->Run(
        "INSERT INTO connections (connection_id, name, reach, settings, state, cause, created_at, "
        "state_since) VALUES (?, ?, ?, ?, ?, '', ?, ?)",
        {connection.id, settings.name, ReachOf(settings), ToJson(settings),
         std::string(Name(State::kDraft)), ToString(connection.created),
         ToString(connection.created)}));
    return Record(connection.id, "created", "connection " + settings.name + " was created");
  });
  if (!inserted.ok()) return Taken(std::move(inserted).error(), settings);
  return connection;
}

Result<std::vector<Connection>> Store::Read(const std::string& condition,
                                            const std::vector<SqliteValue>& parameters) {
  std::vector<Connection> connections;
  Result<void> status;
  TRY(database_->Each(
      "SELECT connection_id, settings, state, cause, created_at, state_since, last_checked, "
      "last_collected, last_delivery, delete_after FROM connections " +
          condition,
      parameters, [&](const SqliteRow& row) {
        Result<Connection> connection = ReadConnection(row);
        if (connection.ok()) {
          connections.push_back(*std::move(connection));
        } else if (status.ok()) {
          status = std::move(connection).error().Wrap("connection " + row.Text(0));
        }
      }));
  TRY(std::move(status));
  return connections;
}

Result<std::vector<Connection>> Store::List() { return Read("ORDER BY name", {}); }

Result<Connection> Store::Find(const std::string& id_or_name) {
  TRY_ASSIGN(std::vector<Connection> found,
             Read("WHERE connection_id = ? OR name = ?", {id_or_name, id_or_name}));
  if (!found.empty()) return std::move(found.front());
  std::vector<std::string> names;
  TRY(database_->Each("SELECT name FROM connections ORDER BY name", {},
                      [&](const SqliteRow& row) { names.push_back(row.Text(0)); }));
  std::string hint = names.empty() ? "there are no connections yet; make one with: farthing connect"
                                   : "connections are " + Join(names, ", ");
  const std::vector<std::string> close = ClosestWords(id_or_name, names);
  if (!close.empty()) hint = "did you mean " + Join(close, " or ") + "?";
  return Error(Errc::kNotFound, "no such connection: " + id_or_name).Hint(hint);
}

Result<Connection> Store::Edit(const std::string& id, Settings settings, const std::string& what,
                               const std::function<Result<void>()>& also) {
  TRY_ASSIGN(Connection connection, Find(id));
  const Settings& old = connection.settings;
  settings.external_id_adopted = old.external_id_adopted;
  TRY_ASSIGN(settings, Validate(std::move(settings)));
  const auto immutable = [](std::string_view field, std::string_view why) {
    return Error(Errc::kInvalidArgument, std::string(field) + ": cannot be changed")
        .With("field", field)
        .Hint(why);
  };
  if (settings.account_id != old.account_id || settings.partition != old.partition) {
    return immutable("account_id", "create a new connection for another account");
  }
  if (settings.type != old.type) {
    return immutable("type", "create a new connection and disconnect this one");
  }
  if (settings.external_id != old.external_id) {
    return immutable("external_id", "it stays with the connection for its whole life");
  }
  Result<void> updated = database_->Transaction([&]() -> Result<void> {
    TRY(database_->Run(
        "UPDATE connections SET name = ?, reach = ?, settings = ? WHERE connection_id = ?",
        {settings.name, ReachOf(connection.state, connection.id, settings), ToJson(settings),
         connection.id}));
    if (also) TRY(also());
    return Record(connection.id, "edited", what);
  });
  if (!updated.ok()) return Taken(std::move(updated).error(), settings);
  return Find(connection.id);
}

Result<Connection> Store::SetState(const std::string& id, State state, const std::string& cause) {
  TRY_ASSIGN(const Connection connection, Find(id));
  if (!MayFollow(connection.state, state)) {
    return Error(Errc::kConflict, "connection " + connection.settings.name + " is " +
                                      std::string(Name(connection.state)) + " and cannot become " +
                                      std::string(Name(state)));
  }
  if (connection.state == state && connection.cause == cause) return connection;
  TRY(database_->Transaction([&] { return Move(connection, state, cause); }));
  return Find(connection.id);
}

Result<Connection> Store::Settle(const std::string& id, State state, const std::string& cause) {
  TRY_ASSIGN(Connection connection, Find(id));
  if (MayFollow(connection.state, state)) return SetState(id, state, cause);
  if (!MayFollow(connection.state, State::kVerifying)) {
    return SetState(id, State::kVerifying, "");  // says why not
  }
  const auto over_verifying = [&]() -> Result<void> {
    TRY(Move(connection, State::kVerifying, ""));
    connection.state = State::kVerifying;
    return Move(connection, state, cause);
  };
  TRY(database_->Transaction(over_verifying));
  return Find(connection.id);
}

Result<void> Store::Move(const Connection& connection, State state, const std::string& cause) {
  TRY(database_->Run(
      "UPDATE connections SET state = ?, cause = ?, state_since = ? WHERE connection_id = ?",
      {std::string(Name(state)), cause, ToString(Now()), connection.id}));
  if (state != State::kDisabled) {
    TRY(database_->Run("UPDATE connections SET delete_after = NULL WHERE connection_id = ?",
                       {connection.id}));
  }
  TRY(database_->Run("UPDATE connections SET reach = ? WHERE connection_id = ?",
                     {ReachOf(state, connection.id, connection.settings), connection.id}));
  return Record(connection.id, "state",
                std::string(Name(connection.state)) + " → " + std::string(Name(state)) +
                    (cause.empty() ? "" : ": " + cause));
}

Result<void> Store::Touch(const std::string& id, const Times& times) {
  return database_->Run(
      "UPDATE connections SET last_checked = coalesce(?, last_checked), last_collected = "
      "coalesce(?, last_collected), last_delivery = coalesce(?, last_delivery), delete_after = "
      "coalesce(?, delete_after) WHERE connection_id = ?",
      {Text(times.checked), Text(times.collected), Text(times.delivery), Text(times.delete_after),
       id});
}

Result<void> Store::BeginDeletion(const std::string& id) {
  TRY_ASSIGN(const Connection connection, Find(id));
  return database_->Transaction([&]() -> Result<void> {
    if (connection.state != State::kDisconnected) TRY(Move(connection, State::kDisconnected, ""));
    Times last_day;
    last_day.delete_after = Now();
    return Touch(connection.id, last_day);
  });
}

Result<void> Store::Delete(const std::string& id, const std::string& why) {
  TRY_ASSIGN(const Connection connection, Find(id));
  const auto remove = [&]() -> Result<void> {
    TRY(Record(connection.id, "deleted", why));
    TRY(database_->Run(
        "DELETE FROM connection_events WHERE connection_id = ? AND kind NOT IN ('created', "
        "'state', 'edited', 'checked', 'term', 'disconnected', 'deleted')",
        {connection.id}));
    for (const char* table : {"member_accounts", "secrets", "reports", "collected",
                              "connection_exports", "cost_explorer_answers", "connections"}) {
      TRY(database_->Run("DELETE FROM " + std::string(table) + " WHERE connection_id = ?",
                         {connection.id}));
    }
    return {};
  };
  TRY(database_->Transaction(remove));
  // Deleted rows are zeroed, but the log of changes still has them until it is emptied; a reader may delay that.
  [[maybe_unused]] const Result<void> emptied =
      database_->Execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return {};
}

Result<void> Store::Record(const std::string& connection_id, const std::string& kind,
                           const std::string& text, const std::string& detail) {
  return database_->Run(
      "INSERT INTO connection_events (at, connection_id, connection_name, kind, text, detail) "
      "VALUES (?, ?, coalesce((SELECT name FROM connections WHERE connection_id = ?), ''), ?, ?, "
      "?)",
      {ToString(Now()), connection_id, connection_id, kind, text, detail});
}

Result<std::vector<Event>> Store::Events(const std::string& connection_id, int limit) {
  std::vector<Event> events;
  TRY(database_->Each(
      std::string(kSelectEvents) + "WHERE ? = '' OR connection_id = ? ORDER BY number DESC LIMIT ?",
      {connection_id, connection_id, std::int64_t{limit}},
      [&](const SqliteRow& row) { events.push_back(ReadEvent(row)); }));
  return events;
}

Result<std::optional<Event>> Store::LastEvent(const std::string& connection_id,
                                              const std::string& kind) {
  std::optional<Event> last;
  TRY(database_->Each(std::string(kSelectEvents) +
                          "WHERE connection_id = ? AND kind = ? ORDER BY number DESC LIMIT 1",
                      {connection_id, kind}, [&](const SqliteRow& row) { last = ReadEvent(row); }));
  return last;
}

Result<std::string> Store::LastReport(const std::string& connection_id) {
  std::string report;
  TRY(database_->Each("SELECT report FROM reports WHERE connection_id = ?", {connection_id},
                      [&](const SqliteRow& row) { report = row.Text(0); }));
  return report;
}

Result<void> Store::SaveReport(const std::string& connection_id, const std::string& report_json) {
  // A connection that was deleted while it was checked leaves nothing.
  return database_->Run(
      "INSERT INTO reports (connection_id, made_at, report) SELECT connection_id, ?, ? FROM "
      "connections WHERE connection_id = ? ON CONFLICT (connection_id) DO UPDATE SET made_at = "
      "excluded.made_at, report = excluded.report",
      {ToString(Now()), report_json, connection_id});
}

Result<std::string> Store::Setting(const std::string& name) {
  std::string value;
  TRY(database_->Each("SELECT value FROM installation_settings WHERE name = ?", {name},
                      [&](const SqliteRow& row) { value = row.Text(0); }));
  return value;
}

Result<void> Store::SetSetting(const std::string& name, const std::string& value) {
  if (name == "agreement_required" && value != "yes" && value != "no") {
    return Error(Errc::kInvalidArgument, name + " is yes or no, not: " + value);
  }
  return database_->Run(
      "INSERT INTO installation_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
      "SET value = excluded.value",
      {name, value});
}

}  // namespace farthing::connect
