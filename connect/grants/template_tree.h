#pragma once

// The one tree that policies and templates are made of, and its printers: JSON, YAML and HCL.  A text leaf is either
// literal (whatever a person typed: always escaped) or a pattern of ours with ${Name} placeholders, which Resolve()
// turns into what the dialect calls that name.  Values; const-safe.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace farthing::connect {

struct Field;

struct Node {
  enum class Kind {
    kText,     ///< literal text
    kPattern,  ///< text with ${Name} placeholders
    kRaw,      ///< printed as it is: a number, true, an HCL expression
    kList,
    kMap,
  };
  Kind kind = Kind::kMap;
  std::string text;           ///< of the three leaves
  std::vector<Node> items;    ///< of kList
  std::vector<Field> fields;  ///< of kMap, in order
  std::string comment;        ///< printed above it where the dialect has comments
  std::string call;           ///< HCL: the function around a map, such as jsonencode

  Node& Add(std::string_view name, Node value);  ///< to a map; returns the map
  const Node* Find(std::string_view name) const;
};

struct Field {
  std::string name;
  Node value;
};

Node Text(std::string_view literal);
Node Pattern(std::string_view pattern);
Node Raw(std::string_view expression);
Node Map(std::vector<Field> fields = {});
Node List(std::vector<Node> items);
Node Texts(const std::vector<std::string>& literals);
Node WithComment(Node node, std::string_view comment);

/// A piece of a pattern: literal text, or the name of a placeholder.
struct Piece {
  bool is_name = false;
  std::string text;
};
std::vector<Piece> Pieces(std::string_view pattern);

/// Replaces every pattern leaf by what `resolve` makes of its pieces; comments and calls stay.
Node Resolve(const Node& node, const std::function<Node(const std::vector<Piece>&)>& resolve);

/// Two spaces of indentation; short lists and maps on one line.  Requires: no patterns left.
std::string PrintJson(const Node& node);
/// Without any white space.
std::string PrintCompactJson(const Node& node);
/// YAML 1.1 as CloudFormation reads it: whatever could be read as another type is quoted.
std::string PrintYaml(const Node& node);

/// A block of Terraform's language: attributes, then blocks within.
struct HclBlock {
  std::string head;     ///< `resource "aws_iam_role" "farthing"`
  std::string comment;  ///< printed above
  std::vector<Field> attributes;
  std::vector<HclBlock> blocks;
};
/// As `terraform fmt` would have it.
std::string PrintHcl(const std::vector<HclBlock>& blocks);

std::string QuoteHcl(std::string_view text);   ///< "…", with ${ and %{ made harmless
std::string QuoteYaml(std::string_view text);  ///< plain where that is safe, else "…"

}  // namespace farthing::connect
