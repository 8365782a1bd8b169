#include "cli/installation.h"

#include "aws/credential_chain.h"
#include "connect/cost_explorer/cost_explorer_fit.h"

namespace farthing::cli {

connect::KeySource KeySourceOf(const CliContext& context) {
  connect::KeySource source;
  source.text = context.variable("FARTHING_SECRET_KEY");
  source.default_file = context.data / "secret.key";
  if (const auto file = context.variable("FARTHING_SECRET_KEY_FILE")) {
    source.file = *file;
  } else if (const auto directory = context.variable("CREDENTIALS_DIRECTORY")) {
    const std::filesystem::path credential =
        std::filesystem::path(*directory) / "farthing-secret-key";
    if (std::filesystem::exists(credential)) source.credential = credential;
  }
  return source;
}

Result<std::unique_ptr<connect::Store>> OpenStore(CliContext& context) {
  TRY_ASSIGN(const auto catalog, lake::Catalog::Open(lake::Layout(context.data)));
  return connect::Store::Open(catalog->layout().database());
}

Result<void> FitAnswers(lake::Catalog& catalog, CliContext& context) {
  TRY_ASSIGN(const auto store, OpenStore(context));
  TRY(connect::FitCostExplorer(*store, catalog));
  return {};
}

Result<std::unique_ptr<OpenInstallation>> OpenInstallation::Open(CliContext& context) {
  auto opened = std::make_unique<OpenInstallation>();
  TRY_ASSIGN(opened->catalog_, lake::Catalog::Open(lake::Layout(context.data)));
  TRY_ASSIGN(opened->store_, connect::Store::Open(opened->catalog_->layout().database()));
  TRY_ASSIGN(opened->vault_,
             connect::Vault::Open(opened->store_->database(), KeySourceOf(context)));
  aws::Machine machine;
  machine.variable = context.variable;
  machine.home = context.variable("HOME").value_or("/");
  TRY_ASSIGN(opened->platform_.environment, aws::ReadEnvironment(machine, ""));
  opened->platform_.credentials =
      [machine, environment = opened->platform_.environment](const std::string& profile) {
        return aws::DefaultChain(machine, environment, profile);
      };
  return opened;
}

}  // namespace farthing::cli
