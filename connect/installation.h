#pragma once

// What a data directory has of connections, handed to whatever works with them.

#include "connect/access.h"
#include "connect/store.h"
#include "lake/catalog.h"

namespace farthing::connect {

/// What every operation needs.
struct Installation {
  Store& store;
  Vault& vault;
  lake::Catalog& catalog;
  const Platform& platform;
};

}  // namespace farthing::connect
