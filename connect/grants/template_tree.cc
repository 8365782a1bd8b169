#include "connect/grants/template_tree.h"

namespace farthing::connect {

Node& Node::Add(std::string_view name, Node value) {
  fields.push_back({std::string(name), std::move(value)});
  return *this;
}

const Node* Node::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

namespace {

Node Leaf(Node::Kind kind, std::string_view text) {
  Node node;
  node.kind = kind;
  node.text = text;
  return node;
}

}  // namespace

Node Text(std::string_view literal) { return Leaf(Node::Kind::kText, literal); }
Node Pattern(std::string_view pattern) { return Leaf(Node::Kind::kPattern, pattern); }
Node Raw(std::string_view expression) { return Leaf(Node::Kind::kRaw, expression); }

Node Map(std::vector<Field> fields) {
  Node node;
  node.fields = std::move(fields);
  return node;
}

Node List(std::vector<Node> items) {
  Node node;
  node.kind = Node::Kind::kList;
  node.items = std::move(items);
  return node;
}

Node Texts(const std::vector<std::string>& literals) {
  std::vector<Node> items;
  for (const std::string& literal : literals) items.push_back(Text(literal));
  return List(std::move(items));
}

Node WithComment(Node node, std::string_view comment) {
  node.comment = comment;
  return node;
}

std::vector<Piece> Pieces(std::string_view pattern) {
  std::vector<Piece> pieces;
  while (!pattern.empty()) {
    std::size_t open = pattern.find("${");
    if (open != std::string_view::npos && pattern.find('}', open) == std::string_view::npos) {
      open = std::string_view::npos;
    }
    if (open != 0) pieces.push_back({false, std::string(pattern.substr(0, open))});
    if (open == std::string_view::npos) break;
    const std::size_t close = pattern.find('}', open);
    pieces.push_back({true, std::string(pattern.substr(open + 2, close - open - 2))});
    pattern.remove_prefix(close + 1);
  }
  return pieces;
}

Node Resolve(const Node& node, const std::function<Node(const std::vector<Piece>&)>& resolve) {
  if (node.kind == Node::Kind::kPattern) {
    return WithComment(resolve(Pieces(node.text)), node.comment);
  }
  Node resolved = node;
  for (Node& item : resolved.items) item = Resolve(item, resolve);
  for (Field& field : resolved.fields) field.value = Resolve(field.value, resolve);
  return resolved;
}

}  // namespace farthing::connect
