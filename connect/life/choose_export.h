#pragma once

// How a connection comes to mean an export that was created or found.  One thread per call.

#include <string>

#include "base/result.h"
#include "connect/connection.h"
#include "connect/installation.h"

namespace farthing::connect {

struct Choice {
  bool taken = false;
  std::string sentence;  ///< what became of it, and what to do where it was not taken
};

/// Fills the connection's export place when it has none, or completes it when it means this export.  Another export
/// stays what is collected: changing that is a person's edit.  A connection that works is verified first.
/// `what` is recorded as an event.
Result<Choice> ChooseExport(Installation& installation, const std::string& connection,
                            const ExportPlace& place, const std::string& what);

}  // namespace farthing::connect
