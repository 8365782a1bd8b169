#pragma once

// `farthing collect --watch`: does what connect/collecting/schedule.h says is due until it is told to stop.  One thread.

#include <functional>
#include <string>

#include "cli/installation.h"
#include "cli/stop_signals.h"
#include "connect/collecting/schedule.h"

namespace farthing::cli {

struct WatchOptions {
  std::string connection;  ///< name or id; empty: all, also those that are made meanwhile
  connect::ScheduleSettings schedule;
  std::function<Result<void>(const std::string& connection_id)> collect;
};

/// A failure of a task is printed and does not end the watch.  Errors: the store's.
Result<void> WatchConnections(OpenInstallation& installation, const WatchOptions& options,
                              StopSignals& signals, CliContext& context);

}  // namespace farthing::cli
