// Recursive descent over the grammar of filter.h.

#include "base/text.h"
#include "query/filter.h"

namespace farthing::query {
namespace {

constexpr int kMaxDepth = 100;

enum class TokenKind { kWord, kQuoted, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;          ///< quotes removed
  std::size_t position = 0;  ///< of its first byte, from 1
  std::size_t end = 0;       ///< of the byte after its last
};

Error At(std::size_t position, const std::string& message) {
  return Error(Errc::kInvalidArgument,
               "filter, position " + std::to_string(position) + ": " + message);
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<Token> Next() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    Token token;
    token.position = at_ + 1;
    if (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        TRY_ASSIGN(token.text, Quoted(c));
        token.kind = TokenKind::kQuoted;
      } else if (std::string_view("(),=!<>[]").find(c) != std::string_view::npos) {
        token.text = Symbol();
        token.kind = TokenKind::kSymbol;
      } else {
        const std::size_t end =
            std::min(text_.find_first_of(" \t\r\n\"'(),=!<>[]", at_), text_.size());
        token.text = text_.substr(at_, end - at_);
        token.kind = TokenKind::kWord;
        at_ = end;
      }
    }
    token.end = at_ + 1;
    return token;
  }

 private:
  Result<std::string> Quoted(char quote) {
    const std::size_t start = at_ + 1;
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        value += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        value += text_[++at_];
      } else {
        ++at_;
        return value;
      }
    }
    return At(start, "this quote is never closed");
  }

  std::string Symbol() {
    const std::string_view two = text_.substr(at_, 2);
    const bool is_pair = two == "!=" || two == "<=" || two == ">=" || two == "<>";
    const std::string_view symbol = is_pair ? two : text_.substr(at_, 1);
    at_ += symbol.size();
    return symbol == "<>" ? "!=" : std::string(symbol);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<Filter> Parse() {
    TRY(Advance());
    TRY_ASSIGN(Filter filter, Disjunction(0));
    if (token_.kind != TokenKind::kEnd) return Expected("and, or, or the end");
    return filter;
  }

 private:
  using Kind = Filter::Kind;

  Result<void> Advance() {
    TRY_ASSIGN(token_, lexer_.Next());
    return {};
  }

  bool IsSymbol(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.text == symbol;
  }
  bool IsKeyword(std::string_view keyword) const {
    return token_.kind == TokenKind::kWord && EqualsIgnoreCase(token_.text, keyword);
  }
  Error Expected(const std::string& what) const {
    const std::string found = token_.kind == TokenKind::kEnd ? "the end" : token_.text;
    return At(token_.position, "expected " + what + ", found " + found);
  }
  Result<void> Take(std::string_view symbol) {
    if (!IsSymbol(symbol)) return Expected(std::string(symbol));
    return Advance();
  }

  Result<Filter> Disjunction(int depth) {
    return Chain(Kind::kOr, "or", [&] { return Conjunction(depth); });
  }
  Result<Filter> Conjunction(int depth) {
    return Chain(Kind::kAnd, "and", [&] { return Term(depth); });
  }

  template <typename ParsePart>
  Result<Filter> Chain(Kind kind, std::string_view keyword, const ParsePart& parse_part) {
    TRY_ASSIGN(Filter first, parse_part());
    if (!IsKeyword(keyword)) return first;
    Filter chain;
    chain.kind = kind;
    chain.parts.push_back(std::move(first));
    while (IsKeyword(keyword)) {
      TRY(Advance());
      TRY_ASSIGN(Filter next, parse_part());
      chain.parts.push_back(std::move(next));
    }
    return chain;
  }

  Result<Filter> Term(int depth) {
    if (depth > kMaxDepth) return Error(Errc::kTooLarge, "filter is nested too deeply");
    if (IsKeyword("not")) {
      TRY(Advance());
      Filter negation;
      negation.kind = Kind::kNot;
      TRY_ASSIGN(Filter part, Term(depth + 1));
      negation.parts.push_back(std::move(part));
      return negation;
    }
    if (IsSymbol("(")) {
      TRY(Advance());
      TRY_ASSIGN(Filter inner, Disjunction(depth + 1));
      TRY(Take(")"));
      return inner;
    }
    return Compare();
  }

  Result<Filter> Compare() {
    Filter filter;
    TRY_ASSIGN(filter.dimension, Dimension());
    if (IsKeyword("is")) {
      TRY(Advance());
      const bool negated = IsKeyword("not");
      if (negated) TRY(Advance());
      if (!IsKeyword("null")) return Expected("null");
      TRY(Advance());
      filter.comparison = negated ? Comparison::kNotEqual : Comparison::kEqual;
      filter.values = {""};
      return filter;
    }
    const bool negated = IsKeyword("not");
    if (negated) TRY(Advance());
    if (IsKeyword("in")) {
      TRY(Advance());
      filter.comparison = negated ? Comparison::kNotIn : Comparison::kIn;
      TRY_ASSIGN(filter.values, List());
      return filter;
    }
    if (IsKeyword("like")) {
      TRY(Advance());
      filter.comparison = negated ? Comparison::kNotLike : Comparison::kLike;
    } else if (negated) {
      return Expected("in or like after not");
    } else {
      TRY_ASSIGN(filter.comparison, Operator());
    }
    TRY_ASSIGN(std::string value, Value());
    filter.values.push_back(std::move(value));
    return filter;
  }

  // A word, or tag: and the like directly followed by a quoted key.
  Result<DimensionRef> Dimension() {
    if (token_.kind != TokenKind::kWord) return Expected("a dimension");
    const Token word = token_;
    TRY(Advance());
    std::string text = word.text;
    if (text.ends_with(':') && token_.kind == TokenKind::kQuoted && token_.position == word.end) {
      text += QuoteWord(token_.text);
      TRY(Advance());
    }
    Result<DimensionRef> dimension = ParseDimension(text);
    if (dimension.ok()) return dimension;
    return std::move(dimension).error().Wrap("filter, position " + std::to_string(word.position));
  }

  Result<Comparison> Operator() {
    struct Named {
      std::string_view symbol;
      Comparison comparison;
    };
    constexpr Named kOperators[] = {
        {"=", Comparison::kEqual},   {"!=", Comparison::kNotEqual},
        {"<", Comparison::kLess},    {"<=", Comparison::kLessOrEqual},
        {">", Comparison::kGreater}, {">=", Comparison::kGreaterOrEqual},
    };
    for (const Named& candidate : kOperators) {
      if (!IsSymbol(candidate.symbol)) continue;
      TRY(Advance());
      return candidate.comparison;
    }
    return Expected("=, !=, <, <=, >, >=, in, like or is after the dimension");
  }

  Result<std::string> Value() {
    const bool is_value = token_.kind == TokenKind::kQuoted ||
                          (token_.kind == TokenKind::kWord && IsBareWord(token_.text));
    if (!is_value) return Expected("a value (quote it if it is a keyword)");
    std::string value = token_.text;
    TRY(Advance());
    return value;
  }

  Result<std::vector<std::string>> List() {
    TRY(Take("("));
    std::vector<std::string> values;
    for (;;) {
      TRY_ASSIGN(std::string value, Value());
      values.push_back(std::move(value));
      if (!IsSymbol(",")) break;
      TRY(Advance());
    }
    TRY(Take(")"));
    return values;
  }

  Lexer lexer_;
  Token token_;
};

}  // namespace

Result<Filter> ParseFilter(std::string_view text) { return Parser(text).Parse(); }

}  // namespace farthing::query
