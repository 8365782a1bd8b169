#include "sim/row.h"

#include <array>
#include <charconv>
#include <cstdlib>

namespace farthing::sim {
namespace {

/// Appends units / 1e10 with at least `decimals` decimals and no further trailing zeros.
void AppendPlain(std::string& text, Units value, std::size_t decimals) {
  if (value < 0) text += '-';
  const auto magnitude = static_cast<std::uint64_t>(std::llabs(value));
  std::array<char, 32> digits;
  const auto whole = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   magnitude / static_cast<std::uint64_t>(kOne));
  text.append(digits.data(), whole.ptr);
  auto rest = magnitude % static_cast<std::uint64_t>(kOne);
  if (rest == 0 && decimals == 0) return;
  std::array<char, 10> fraction;
  for (std::size_t i = fraction.size(); i-- > 0; rest /= 10) {
    fraction[i] = static_cast<char>('0' + rest % 10);
  }
  std::size_t length = fraction.size();
  while (length > decimals && fraction[length - 1] == '0') --length;
  text += '.';
  text.append(fraction.data(), length);
}

/// Appends what Double.toString prints: 4.47E-7 below a thousandth, else plain with a decimal.
void AppendJava(std::string& text, Units value) {
  const Units magnitude = std::llabs(value);
  if (magnitude == 0 || magnitude >= kOne / 1000) return AppendPlain(text, value, 1);
  const std::string digits = std::to_string(magnitude);
  auto end = digits.find_last_not_of('0') + 1;
  if (value < 0) text += '-';
  text += digits[0];
  text += '.';
  text += end > 1 ? digits.substr(1, end - 1) : "0";
  text += "E-" + std::to_string(11 - static_cast<int>(digits.size()));
}

void AppendJsonText(std::string& json, std::string_view value) {
  json += '"';
  for (const char c : value) {
    if (c == '\n') {
      json += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  json += '"';
}

}  // namespace

std::string SnakeName(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if ((upper || !kept) && !snake.empty() && snake.back() != '_') snake += '_';
    if (kept) snake += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!snake.empty() && snake.back() == '_') snake.pop_back();
  return snake;
}

void RowWriter::WriteHeader(const Columns& columns) {
  for (const Column& column : columns) {
    if (&column != columns.data()) text_ += ',';
    text_ += column.name;
  }
  text_ += '\n';
}

void RowWriter::WriteRow(const Columns& columns, const Line& line) {
  for (const Column& column : columns) {
    if (&column != columns.data()) text_ += ',';
    absent_ = &column.absent;
    if (column.write != nullptr) {
      column.write(line, *this);
    } else {
      Absent();
    }
  }
  text_ += '\n';
}

void RowWriter::Text(std::string_view value) {
  if (value.empty()) return Absent();
  if (value.find_first_of(",\"\n") == std::string_view::npos) {
    text_ += value;
    return;
  }
  text_ += '"';
  for (const char c : value) {
    if (c == '"') text_ += '"';
    text_ += c;
  }
  text_ += '"';
}

void RowWriter::Text(std::initializer_list<std::string_view> parts) {
  scratch_.clear();
  for (const std::string_view part : parts) scratch_ += part;
  Text(scratch_);
}

void RowWriter::Number(Units value) {
  if (notation_ == Notation::kJava) return AppendJava(text_, value);
  AppendPlain(text_, value, 0);
}

void RowWriter::Rate(Units value) { AppendPlain(text_, value, 10); }

void RowWriter::Time(std::string_view value) {
  text_ += value;
  text_ += ".000Z";
}

void RowWriter::Map(std::initializer_list<Entry> entries) {
  scratch_ = "{";
  for (const auto& [key, value] : entries) {
    if (value.empty()) continue;
    if (scratch_.size() > 1) scratch_ += ',';
    AppendJsonText(scratch_, key);
    scratch_ += ':';
    AppendJsonText(scratch_, value);
  }
  scratch_ += '}';
  Text(scratch_);
}

void RowWriter::NumberMap(std::string_view key, Units value) {
  scratch_ = "{";
  if (value != 0) {
    AppendJsonText(scratch_, key);
    scratch_ += ':';
    AppendJava(scratch_, value);
  }
  scratch_ += '}';
  Text(scratch_);
}

}  // namespace farthing::sim
