#include "aws/endpoint.h"
#include "base/files.h"
#include "connect/templates/templates.h"
#include "http/message.h"

// Links into the console, and CloudFormation's quick-create page.

namespace farthing::connect {
namespace {

std::string_view Word(Purpose purpose) {
  switch (purpose) {
    case Purpose::kExisting: return "existing";
    case Purpose::kNewExport: return "new-export";
    case Purpose::kMembers: return "members";
    case Purpose::kAudit: return "audit";
  }
  return "";
}

std::string StackName(const Plan& plan) {
  std::string name = "farthing-" + plan.connection_name;
  for (char& c : name) {
    const bool fine = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!fine) c = '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.substr(0, 128);
}

}  // namespace

std::string TemplateObjectName(const Plan& plan) {
  Plan generic = plan;
  for (TemplateParameter& parameter : generic.parameters) parameter.value.clear();
  return "farthing-" + std::string(Word(plan.purpose)) + "-" +
         Sha256(CloudFormation(generic, TemplateFormat::kYaml)).substr(0, 12) + ".yaml";
}

Result<std::string> QuickCreateLink(const Plan& plan, std::string_view template_bucket_url) {
  const std::string suffix(aws::FindPartition(plan.scope.partition)->dns_suffix);
  const std::size_t host_end = template_bucket_url.find('/', std::string_view("https://").size());
  const std::string_view host = template_bucket_url.substr(0, host_end);
  if (!template_bucket_url.starts_with("https://") || !host.ends_with("." + suffix) ||
      host.find("s3") == std::string_view::npos) {
    return Error(Errc::kInvalidArgument, "CloudFormation takes templates from S3 only, not from: " +
                                             std::string(template_bucket_url))
        .Hint(
            "put the template into a bucket and give its https URL, or upload it in the console by "
            "hand");
  }
  std::string url(template_bucket_url);
  if (!url.ends_with('/')) url += '/';
  std::string link = ConsoleLink(
      plan, "cloudformation/home?region=" + plan.billing_region + "#/stacks/create/review");
  link += "?templateURL=" + http::PercentEncode(url + TemplateObjectName(plan)) +
          "&stackName=" + http::PercentEncode(StackName(plan));
  for (const TemplateParameter& parameter : plan.parameters) {
    if (!parameter.value.empty()) {
      link += "&param_" + parameter.name + "=" + http::PercentEncode(parameter.value);
    }
  }
  return link;
}

std::string ConsoleLink(const Plan& plan, std::string_view page) {
  return "https://" + plan.billing_region + "." +
         std::string(aws::FindPartition(plan.scope.partition)->console_domain) + "/" +
         std::string(page);
}

}  // namespace farthing::connect
