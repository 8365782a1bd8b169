#include "connect/life/choose_export.h"

#include <utility>
#include <vector>

#include "base/shell_words.h"
#include "connect/exports/discovery.h"
#include "connect/life/service.h"

namespace farthing::connect {
namespace {

bool Means(const ExportPlace& settings, const ExportPlace& place) {
  const auto fits = [](const std::string& mine, const std::string& other) {
    return mine.empty() || mine == other;
  };
  return fits(settings.name, place.name) && fits(settings.bucket, place.bucket) &&
         fits(settings.prefix, place.prefix) && fits(settings.arn, place.arn) &&
         (!settings.kind || settings.kind == place.kind);
}

}  // namespace

Result<Choice> ChooseExport(Installation& installation, const std::string& name,
                            const ExportPlace& place, const std::string& what) {
  Store& store = installation.store;
  TRY_ASSIGN(const Connection connection, store.Find(name));
  TRY(store.Record(connection.id, "export", what));
  const Settings& before = connection.settings;
  if (before.export_place == place) {
    return Choice{true, "connection " + before.name + " collects it"};
  }
  std::vector<std::string> words{"farthing", "connections", "edit",     before.name,
                                 "--export", place.name,    "--bucket", place.bucket};
  if (!place.prefix.empty()) words.insert(words.end(), {"--prefix", place.prefix});
  const std::string by_hand = CommandLine(words);
  if (!Means(before.export_place, place)) {
    return Choice{false, "connection " + before.name + " goes on collecting s3://" +
                             before.export_place.bucket + "/" +
                             DeliveryPrefix(before.export_place) + "; to change that: " + by_hand};
  }
  Settings settings = before;
  settings.export_place = place;
  if (connection.state == State::kDraft) {
    TRY(store.Edit(connection.id, std::move(settings), what));
  } else if (const auto edited =
                 EditVerified(installation, connection.id, std::move(settings), {}, {});
             !edited.ok()) {
    return Choice{false, "connection " + before.name + " does not collect it yet: " +
                             edited.error().message() + "; then: " + by_hand};
  }
  return Choice{true, "connection " + before.name + " collects it from now on; verify: " +
                          CommandLine({"farthing", "check", before.name})};
}

}  // namespace farthing::connect
