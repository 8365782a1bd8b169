#include "connect/templates/templates_command.h"

#include <algorithm>

#include "base/shell_words.h"
#include "base/text.h"

namespace farthing::connect {
namespace {

/// Templates ask for the bucket themselves.
bool NeedsBucket(std::string_view kind) { return kind.ends_with("policy") || kind == "cli"; }
bool NeedsPrincipal(std::string_view kind) { return kind == "trust" || kind == "cli"; }

class Command {
 public:
  Command(std::vector<std::string> asked, std::string_view kind) : words_{"farthing", "templates"} {
    Add(std::move(asked));
    Add({"--kind", std::string(kind)});
  }

  void Add(const std::vector<std::string>& words) {
    words_.insert(words_.end(), words.begin(), words.end());
  }
  /// The value, or `blank` where it is empty, which `meaning` explains.
  void Add(const std::string& option, const std::string& value, const std::string& blank,
           const std::string& meaning) {
    Add({option, value.empty() ? blank : value});
    if (value.empty()) blanks_.push_back(meaning + " for " + blank);
  }

  std::string Text() const {
    return CommandLine(words_) + (blanks_.empty() ? "" : ", with " + Join(blanks_, " and "));
  }

 private:
  std::vector<std::string> words_, blanks_;
};

constexpr const char* kBucketMeaning = "the bucket that AWS delivers to";
constexpr const char* kPrincipalMeaning = "the role or user that Farthing runs as";

}  // namespace

std::string TemplatesCommand(const Settings& settings, std::string_view kind,
                             const TemplatesKnown& known) {
  using enum PermissionSet;
  const ExportPlace& place = settings.export_place;
  const std::set<PermissionSet>& sets = settings.permission_sets;
  const bool manages = sets.contains(kManageExport);
  const bool makes =
      std::find(known.more.begin(), known.more.end(), "--new-export") != known.more.end();
  Command command({"--connection", settings.name}, kind);
  command.Add(known.more);
  if (place.bucket.empty() && !makes && NeedsBucket(kind) &&
      (sets.contains(kReadBilling) || manages)) {
    command.Add("--bucket", known.place.bucket, "BUCKET", kBucketMeaning);
  }
  if (manages && place.name.empty() && !place.kind && !makes) {
    command.Add("--export", known.place.name, "EXPORT", "the name of its export");
  }
  if (NeedsPrincipal(kind) && !settings.role_arn.empty()) {
    command.Add("--principal", known.principal, "ARN", kPrincipalMeaning);
  }
  return command.Text();
}

std::string TemplatesCommand(const Plan& plan, std::string_view kind,
                             const std::vector<std::string>& more) {
  std::vector<std::string> asked = plan.asked;
  if (asked.empty() && !plan.connection_name.empty()) {
    asked = {"--connection", plan.connection_name};
  }
  Command command(std::move(asked), kind);
  command.Add(more);
  if (NeedsBucket(kind) && !CheckComplete(plan).ok()) {
    command.Add("--bucket", "", "BUCKET", kBucketMeaning);
  }
  if (NeedsPrincipal(kind) && plan.scope.holder == Holder::kRole &&
      plan.Value("PrincipalArn").empty()) {
    command.Add("--principal", "", "ARN", kPrincipalMeaning);
  }
  return command.Text();
}

}  // namespace farthing::connect
