// The console's stand-in: CloudFormation's quick-create page.  As in AWS, what stands after "#" of the link reaches
// only the browser, so the page itself carries it on.

#include <algorithm>

#include "base/text.h"
#include "sim/aws/gateway.h"
#include "sim/aws/services.h"
#include "sim/aws/stack_resources.h"
#include "sim/aws/template.h"

namespace farthing::rehearsal {
namespace {

constexpr std::string_view kHome = "/cloudformation/home";

http::ServerResponse Html(int status, const std::string& title, const std::string& inner) {
  http::ServerResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  response.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                  EscapeXml(title) +
                  "</title><style>body{font:16px sans-serif;max-width:52rem;margin:2rem "
                  "auto}td,th{text-align:left;padding:.2rem 1rem .2rem 0}"
                  "input[type=text],textarea{width:100%}</style></head><body><p>Rehearsal AWS: "
                  "nothing here costs money or is real.</p><h1>" +
                  EscapeXml(title) + "</h1>" + inner + "</body></html>\n";
  return response;
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + EscapeXml(value) + "\"";
}

/// The person in front of the console: an account's administrator.
Operation Person(const World& world, const std::string& account_id, const std::string& region) {
  Operation operation;
  operation.protocol = Protocol::kQuery;
  operation.service = "cloudformation";
  operation.region = region.empty() ? "us-east-1" : region;
  operation.client_time = world.wall();
  operation.caller.account_id = account_id.empty() ? world.payer : account_id;
  operation.caller.user_name = "admin";
  const auto account = world.accounts.find(operation.caller.account_id);
  if (account != world.accounts.end()) operation.caller.arn = account->second.users.at("admin").arn;
  return operation;
}

class Form {
 public:
  explicit Form(http::Parameters fields) : fields_(std::move(fields)) {}
  std::string operator[](std::string_view name) const {
    for (const auto& [key, value] : fields_) {
      if (key == name) return value;
    }
    return {};
  }
  /// The fields whose names start with "param_", without it.
  StackParameters Parameters() const {
    StackParameters parameters;
    for (const auto& [key, value] : fields_) {
      if (key.starts_with("param_")) parameters[key.substr(6)] = value;
    }
    return parameters;
  }

 private:
  http::Parameters fields_;
};

http::ServerResponse Home() {
  return Html(200, "Create stack",
              "<p>Open a quick-create link, or paste a template (JSON):</p><form "
              "action=\"/cloudformation/home/review\" method=\"post\">"
              "<p><label>Stack name <input type=\"text\" name=\"stackName\"></label></p>"
              "<p><label>Template <textarea name=\"templateBody\" "
              "rows=\"16\"></textarea></label></p><p><button>Next</button></p></form>"
              "<script>const h=location.hash,p='#/stacks/create/review?';"
              "if(h.startsWith(p)){const q=new URLSearchParams(h.slice(p.length));"
              "const r=new URLSearchParams(location.search).get('region');if(r)q.set('region',r);"
              "location.replace('/cloudformation/home/review?'+q)}</script>");
}

/// AWS drops parameters of the link that the template does not have.
StackParameters Known(const Template& of, StackParameters parameters) {
  std::erase_if(parameters,
                [&](const auto& each) { return !of.section("Parameters").contains(each.first); });
  return parameters;
}

http::ServerResponse Review(World& world, const Form& form) {
  const Operation person = Person(world, form["account"], form["region"]);
  Result<std::string> body = form["templateURL"].empty()
                                 ? Result<std::string>(form["templateBody"])
                                 : ReadTemplate(world, person, form["templateURL"]);
  if (!body.ok())
    return Html(400, "The template cannot be read",
                "<p>" + EscapeXml(body.error().message()) + "</p>");
  const auto of = Template::Parse(*body);
  if (!of.ok())
    return Html(400, "The template cannot be used",
                "<p>" + EscapeXml(of.error().message()) + "</p>");
  const StackParameters given = Known(*of, form.Parameters());
  std::string parameters;
  for (const auto& member : of->section("Parameters")) {
    const std::string name(member.key().data(), member.key().size());
    const json::object& rules = member.value().as_object();
    const bool secret = rules.contains("NoEcho") &&
                        (TextOf(rules, "NoEcho") == "true" || rules.at("NoEcho") == true);
    const auto value = given.find(name);
    // NoEcho parameters of a link are ignored, as AWS ignores them.
    const std::string shown =
        value != given.end() && !secret ? value->second : TextOf(rules, "Default");
    parameters += "<p><label>" + EscapeXml(name) + " <input type=\"text\"" +
                  Attribute("name", "param_" + name) + Attribute("value", shown) + "></label> " +
                  EscapeXml(TextOf(rules, "Description")) + "</p>";
  }
  std::string resources;
  for (const auto& member : of->resources()) {
    resources += "<tr><td>" + EscapeXml({member.key().data(), member.key().size()}) + "</td><td>" +
                 EscapeXml(TextOf(member.value().as_object(), "Type")) + "</td></tr>";
  }
  std::string accounts;
  for (const auto& [id, account] : world.accounts) {
    accounts += "<option" + Attribute("value", id) +
                (id == person.caller.account_id ? " selected" : "") + ">" +
                EscapeXml(id + " " + account.name) + "</option>";
  }
  const std::string needed = of->NeededCapability();
  const std::string tick =
      needed.empty()
          ? ""
          : "<p><label><input type=\"checkbox\" name=\"capability\"" + Attribute("value", needed) +
                "> I acknowledge that AWS CloudFormation might create IAM resources" +
                (needed == "CAPABILITY_NAMED_IAM" ? " with custom names" : "") + ".</label></p>";
  return Html(200, "Quick create stack",
              "<p>" + EscapeXml(of->description()) +
                  "</p><form action=\"/cloudformation/home/create\" "
                  "method=\"post\"><p><label>Account <select name=\"account\">" +
                  accounts + "</select></label></p>" +
                  "<p><label>Region <input type=\"text\" name=\"region\"" +
                  Attribute("value", person.region) +
                  "></label></p><p><label>Stack name <input type=\"text\" name=\"stackName\"" +
                  Attribute("value", form["stackName"]) + "></label></p><h2>Parameters</h2>" +
                  parameters + "<h2>Resources</h2><table><tr><th>Name</th><th>Type</th></tr>" +
                  resources + "</table>" + tick + "<input type=\"hidden\" name=\"templateBody\"" +
                  Attribute("value", *body) + "><p><button>Create stack</button></p></form>");
}

http::ServerResponse Create(World& world, const Form& form) {
  StackOrder order{.name = form["stackName"],
                   .template_body = form["templateBody"],
                   .parameters = form.Parameters(),
                   .capabilities = {}};
  if (const std::string capability = form["capability"]; !capability.empty())
    order.capabilities.push_back(capability);
  const auto stack = CreateStack(world, Person(world, form["account"], form["region"]), order);
  if (!stack.ok())
    return Html(400, "The stack was not created",
                "<p>" + EscapeXml(stack.error().message()) + "</p>");
  std::string outputs;
  for (const auto& [key, value] : (*stack)->outputs)
    outputs +=
        "<tr><td>" + EscapeXml(key) + "</td><td><code>" + EscapeXml(value) + "</code></td></tr>";
  return Html(
      200, (*stack)->name + ": " + (*stack)->status,
      "<p>" + EscapeXml((*stack)->reason) + "</p><h2>Outputs</h2><table>" + outputs + "</table>");
}

}  // namespace

http::ServerResponse AnswerConsole(World& world, const http::ServerRequest& request) {
  const auto question = request.target.find('?');
  const std::string page = request.target.substr(0, question).substr(kHome.size());
  const bool posted = request.method == "POST";
  const std::string text = posted                          ? request.body
                           : question == std::string::npos ? ""
                                                           : request.target.substr(question + 1);
  const Form form(http::DecodeQuery(text, http::QueryKind::kForm));
  if (page == "/review") return Review(world, form);
  if (page == "/create" && posted) return Create(world, form);
  return Home();
}

}  // namespace farthing::rehearsal
