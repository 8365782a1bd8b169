#pragma once

// What verbs about connections work with: the store, the vault, the lake's catalog and our own AWS identity, all
// from one command line.  One thread.

#include <memory>

#include "cli/verb.h"
#include "connect/life/service.h"

namespace farthing::cli {

class OpenInstallation {
 public:
  /// Opens the data directory and reads the environment.  The vault's key is made when first needed.
  /// Errors: kUnavailable, kPermissionDenied (the key), kInvalidArgument (a variable or profile).
  static Result<std::unique_ptr<OpenInstallation>> Open(CliContext& context);

  connect::Store& store() { return *store_; }
  connect::Vault& vault() { return *vault_; }
  lake::Catalog& catalog() { return *catalog_; }
  const connect::Platform& platform() const { return platform_; }
  connect::Installation parts() { return {*store_, *vault_, *catalog_, platform_}; }

 private:
  std::unique_ptr<lake::Catalog> catalog_;
  std::unique_ptr<connect::Store> store_;
  std::unique_ptr<connect::Vault> vault_;
  connect::Platform platform_;
};

/// The store alone, for verbs that read or write settings without secrets or AWS.
Result<std::unique_ptr<connect::Store>> OpenStore(CliContext& context);

/// Fits what Cost Explorer answered around bills that have just changed: connect/cost_explorer/cost_explorer_fit.h.
Result<void> FitAnswers(lake::Catalog& catalog, CliContext& context);

/// Where the key for secrets comes from: FARTHING_SECRET_KEY, FARTHING_SECRET_KEY_FILE, systemd's
/// credential "farthing-secret-key", else DATA/secret.key.
connect::KeySource KeySourceOf(const CliContext& context);

}  // namespace farthing::cli
