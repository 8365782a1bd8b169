// The printers of template_tree.h.  Each dialect has one function for leaves and one for structure.

#include <algorithm>
#include <array>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "connect/grants/template_tree.h"

namespace farthing::connect {
namespace {

constexpr std::size_t kInlineWidth = 72;  // lists and maps up to this stand on one line

std::string Indent(int depth) { return std::string(static_cast<std::size_t>(depth) * 2, ' '); }

std::string QuoteJson(std::string_view text) {
  return boost::json::serialize(boost::json::string(text));
}

bool HasComment(const Node& node) {
  return !node.comment.empty() || std::any_of(node.items.begin(), node.items.end(), HasComment) ||
         std::any_of(node.fields.begin(), node.fields.end(),
                     [](const Field& field) { return HasComment(field.value); });
}

bool IsLeaf(const Node& node) {
  return node.kind != Node::Kind::kList && node.kind != Node::Kind::kMap;
}

std::string Compact(const Node& node, std::string_view comma, std::string_view colon) {
  if (node.kind == Node::Kind::kRaw) return node.text;
  if (IsLeaf(node)) return QuoteJson(node.text);
  std::string out;
  for (const Node& item : node.items) {
    out += std::string(out.empty() ? "" : comma) + Compact(item, comma, colon);
  }
  for (const Field& field : node.fields) {
    out += std::string(out.empty() ? "" : comma) + QuoteJson(field.name) + std::string(colon) +
           Compact(field.value, comma, colon);
  }
  return node.kind == Node::Kind::kList ? "[" + out + "]" : "{" + out + "}";
}

bool IsFlatList(const Node& node) {
  return node.kind == Node::Kind::kList &&
         std::all_of(node.items.begin(), node.items.end(), IsLeaf);
}

std::string Json(const Node& node, int depth) {
  const std::string flat = Compact(node, ", ", ": ");
  if (IsLeaf(node) || (IsFlatList(node) && node.items.size() < 2) ||
      (node.kind == Node::Kind::kMap && node.fields.size() < 2 && flat.size() <= kInlineWidth)) {
    return flat;
  }
  std::string out;
  const std::string inner = "\n" + Indent(depth + 1);
  for (const Node& item : node.items)
    out += (out.empty() ? "" : ",") + inner + Json(item, depth + 1);
  for (const Field& field : node.fields) {
    out += (out.empty() ? "" : ",") + inner + QuoteJson(field.name) + ": " +
           Json(field.value, depth + 1);
  }
  if (out.empty()) return flat;
  out += "\n" + Indent(depth);
  return node.kind == Node::Kind::kList ? "[" + out + "]" : "{" + out + "}";
}

std::string CommentLines(const std::string& comment, int depth) {
  std::string out;
  std::size_t start = 0;
  while (!comment.empty() && start <= comment.size()) {
    const std::size_t end = std::min(comment.find('\n', start), comment.size());
    out += Indent(depth) + "# " + comment.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return out;
}

std::string YamlLeaf(const Node& node) {
  return node.kind == Node::Kind::kRaw ? node.text : QuoteYaml(node.text);
}

// Prints the lines of a list or map at `depth`, each ended by a newline.
std::string Yaml(const Node& node, int depth) {
  std::string out;
  const auto empty = [](const Node& value) { return value.items.empty() && value.fields.empty(); };
  const auto brackets = [](const Node& value) {
    return value.kind == Node::Kind::kList ? "[]" : "{}";
  };
  for (const Node& item : node.items) {
    out += CommentLines(item.comment, depth) + Indent(depth) + "-";
    if (IsLeaf(item)) {
      out += " " + YamlLeaf(item) + "\n";
    } else if (empty(item)) {
      out += std::string(" ") + brackets(item) + "\n";
    } else {
      // The first line of the element follows the dash; a comment there goes above it.
      Node inner = item;
      inner.comment.clear();
      std::string lines = Yaml(inner, depth + 1);
      const std::string indent = Indent(depth + 1);
      if (lines.starts_with(indent + "#")) {
        out += "\n" + lines;
      } else {
        out += " " + lines.substr(indent.size());
      }
    }
  }
  for (const Field& field : node.fields) {
    out += CommentLines(field.value.comment, depth) + Indent(depth) + QuoteYaml(field.name) + ":";
    if (IsLeaf(field.value)) {
      out += " " + YamlLeaf(field.value) + "\n";
    } else if (empty(field.value)) {
      out += std::string(" ") + brackets(field.value) + "\n";
    } else {
      out += "\n" + Yaml(field.value, depth + 1);
    }
  }
  return out;
}

bool IsHclName(std::string_view name) {
  return !name.empty() && name[0] != '-' && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '_' || c == '-';
         });
}

std::string HclFields(const std::vector<Field>& fields, int depth);

std::string Hcl(const Node& node, int depth) {
  if (node.kind == Node::Kind::kRaw) return node.text;
  if (IsLeaf(node)) return QuoteHcl(node.text);
  std::string out;
  if (node.kind == Node::Kind::kMap) {
    out = node.fields.empty() ? "{}"
                              : "{\n" + HclFields(node.fields, depth + 1) + Indent(depth) + "}";
    return node.call.empty() ? out : node.call + "(" + out + ")";
  }
  if (IsFlatList(node) && !HasComment(node)) {
    for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + Hcl(item, depth);
    if (out.size() <= kInlineWidth) return "[" + out + "]";
    out.clear();
  }
  for (const Node& item : node.items) {
    out += CommentLines(item.comment, depth + 1) + Indent(depth + 1) + Hcl(item, depth + 1) + ",\n";
  }
  return "[\n" + out + Indent(depth) + "]";
}

// `terraform fmt` aligns the equals signs of neighbouring lines that hold a whole attribute each; one that spans
// lines, or a comment, ends such a run.
std::string HclFields(const std::vector<Field>& fields, int depth) {
  struct Line {
    std::string name, value, comment;
  };
  std::vector<Line> lines;
  for (const Field& field : fields) {
    lines.push_back({IsHclName(field.name) ? field.name : QuoteHcl(field.name),
                     Hcl(field.value, depth), CommentLines(field.value.comment, depth)});
  }
  std::string out;
  for (std::size_t first = 0; first < lines.size();) {
    std::size_t last = first, width = 0;
    while (last < lines.size() && lines[last].value.find('\n') == std::string::npos &&
           (last == first || lines[last].comment.empty())) {
      width = std::max(width, lines[last++].name.size());
    }
    if (last == first) width = lines[last++].name.size();
    for (; first < last; ++first) {
      const Line& line = lines[first];
      out += line.comment + Indent(depth) + line.name + std::string(width - line.name.size(), ' ') +
             " = " + line.value + "\n";
    }
  }
  return out;
}

std::string HclBody(const HclBlock& block, int depth) {
  std::string out = CommentLines(block.comment, depth) + Indent(depth) + block.head + " {\n";
  out += HclFields(block.attributes, depth + 1);
  bool first = block.attributes.empty();
  for (const HclBlock& inner : block.blocks) {
    out += std::string(first ? "" : "\n") + HclBody(inner, depth + 1);
    first = false;
  }
  return out + Indent(depth) + "}\n";
}

bool IsPlain(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string PrintJson(const Node& node) { return Json(node, 0) + "\n"; }
std::string PrintCompactJson(const Node& node) { return Compact(node, ",", ":"); }
std::string PrintYaml(const Node& node) { return CommentLines(node.comment, 0) + Yaml(node, 0); }

std::string PrintHcl(const std::vector<HclBlock>& blocks) {
  std::string out;
  for (const HclBlock& block : blocks) out += (out.empty() ? "" : "\n") + HclBody(block, 0);
  return out;
}

std::string QuoteHcl(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if ((c == '$' || c == '%') && i + 1 < text.size() && text[i + 1] == '{') {
      out += {c, c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      out += "\\u00";
      out += {kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string QuoteYaml(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords{"y",   "n",    "yes",   "no",   "on",
                                                    "off", "true", "false", "null", "nan"};
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const bool letter_first =
      !text.empty() && ((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= 'a' && text[0] <= 'z'));
  const bool plain = letter_first && text.back() != ':' && IsPlain(text, "_./:-") &&
                     std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
  return plain ? std::string(text) : QuoteJson(text);
}

}  // namespace farthing::connect
