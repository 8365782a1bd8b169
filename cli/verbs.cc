#include "cli/verb.h"

#include <ostream>

namespace farthing::cli {

void AddVerbs(CLI::App& app, CliContext& context) {
  app.add_option("--data", context.data, "The data directory (also FARTHING_DATA)")
      ->type_name("DIR");
  AddImportVerb(app, context);
  AddCostVerb(app, context);
  AddExportsVerb(app, context);
  AddDeliveriesVerb(app, context);
  AddVersionsVerb(app, context);
  AddElectVerb(app, context);
  AddCrossCheckVerb(app, context);
  AddDiffVerb(app, context);
  AddVerifyVerb(app, context);
  AddExplainVerb(app, context);
  AddSqlVerb(app, context);
  AddShellVerb(app, context);
  AddSimulateVerb(app, context);
  AddCompletionVerb(app, context);
}

void PrintError(const Error& error, CliContext& context) {
  const bool color = context.color && context.err_is_terminal;
  context.err << (color ? "\033[31merror:\033[0m " : "error: ") << error.message() << '\n';
  if (!error.hint().empty())
    context.err << (color ? "\033[1mfix:\033[0m " : "fix: ") << error.hint() << '\n';
}

}  // namespace farthing::cli
