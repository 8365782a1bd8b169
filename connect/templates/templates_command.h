#pragma once

// The `farthing templates` command that prints one document, as fixes, hints and steps show it: it works as printed.
// What a person alone can know stands in it as a word in capitals, which the text after the command explains.  Pure.

#include <string>
#include <string_view>
#include <vector>

#include "connect/templates/templates.h"

namespace farthing::connect {

/// What the one who prints the command knows beside the settings.
struct TemplatesKnown {
  ExportPlace place;              ///< as found in AWS
  std::string principal;          ///< who Farthing runs as
  std::vector<std::string> more;  ///< further words: "--new-export", "cur2"
};

/// Of a connection: "farthing templates --connection prod --kind policy --bucket BUCKET, with the bucket that AWS
/// delivers to for BUCKET".
std::string TemplatesCommand(const Settings& settings, std::string_view kind,
                             const TemplatesKnown& known = {});

/// Of a plan, asked for as that was.
std::string TemplatesCommand(const Plan& plan, std::string_view kind,
                             const std::vector<std::string>& more = {});

}  // namespace farthing::connect
