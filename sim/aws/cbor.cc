// Concise Binary Object Representation, RFC 8949: maps, lists, texts, integers, floats, booleans, null and
// tag 1 (epoch time), which reads as a plain number.

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "sim/aws/protocol.h"

namespace farthing::rehearsal {
namespace {

enum Major : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

void AppendHead(std::string& out, Major major, std::uint64_t number) {
  const int size = number < 24            ? 0
                   : number < 0x100       ? 1
                   : number < 0x10000     ? 2
                   : number < 0x100000000 ? 4
                                          : 8;
  const int code = size == 0   ? static_cast<int>(number)
                   : size == 1 ? 24
                   : size == 2 ? 25
                   : size == 4 ? 26
                               : 27;
  out += static_cast<char>(major << 5 | code);
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

void AppendText(std::string& out, std::string_view text) {
  AppendHead(out, kText, text.size());
  out += text;
}

void Append(std::string& out, const json::value& value);

void AppendFloat(std::string& out, double number) {
  out += static_cast<char>(0xfb);
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
}

void Append(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: out += static_cast<char>(0xf6); return;
    case json::kind::bool_: out += static_cast<char>(value.get_bool() ? 0xf5 : 0xf4); return;
    case json::kind::int64: {
      const std::int64_t number = value.get_int64();
      if (number < 0) return AppendHead(out, kNegative, static_cast<std::uint64_t>(-(number + 1)));
      return AppendHead(out, kUnsigned, static_cast<std::uint64_t>(number));
    }
    case json::kind::uint64: return AppendHead(out, kUnsigned, value.get_uint64());
    case json::kind::double_: return AppendFloat(out, value.get_double());
    case json::kind::string: return AppendText(out, View(value.get_string()));
    case json::kind::array:
      AppendHead(out, kArray, value.get_array().size());
      for (const json::value& item : value.get_array()) Append(out, item);
      return;
    case json::kind::object:
      AppendHead(out, kMap, value.get_object().size());
      for (const auto& member : value.get_object()) {
        AppendText(out, {member.key().data(), member.key().size()});
        // The one timestamp list of the services here, which CBOR tags.
        if (member.key() == "Timestamps" && member.value().is_array()) {
          AppendHead(out, kArray, member.value().get_array().size());
          for (const json::value& time : member.value().get_array()) {
            AppendHead(out, kTag, 1);
            Append(out, time);
          }
        } else {
          Append(out, member.value());
        }
      }
      return;
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<json::value> Value(int depth = 0) {
    if (bytes_.empty() || depth > 32) return Broken();
    const auto first = static_cast<std::uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    const int major = first >> 5;
    const int info = first & 31;
    if (major == kSimple) return Simple(info);
    const bool open_ended = info == 31;
    std::uint64_t number = 0;
    if (!open_ended) {
      TRY_ASSIGN(number, Number(info));
    }
    switch (major) {
      case kUnsigned: return json::value(static_cast<std::int64_t>(number));
      case kNegative: return json::value(-1 - static_cast<std::int64_t>(number));
      case kBytes:
      case kText: {
        if (open_ended || number > bytes_.size()) return Broken();
        json::value text(json::string(bytes_.data(), number));
        bytes_.remove_prefix(number);
        return text;
      }
      case kArray: {
        json::array list;
        for (std::uint64_t i = 0; open_ended ? !AtBreak() : i < number; ++i) {
          TRY_ASSIGN(json::value item, Value(depth + 1));
          list.push_back(std::move(item));
        }
        return json::value(std::move(list));
      }
      case kMap: {
        json::object map;
        for (std::uint64_t i = 0; open_ended ? !AtBreak() : i < number; ++i) {
          TRY_ASSIGN(const json::value key, Value(depth + 1));
          if (!key.is_string()) return Broken();
          TRY_ASSIGN(map[key.get_string()], Value(depth + 1));
        }
        return json::value(std::move(map));
      }
      default: return Value(depth + 1);  // a tag says what the next value means
    }
  }

 private:
  static Error Broken() { return Refuse(400, "SerializationException", "the CBOR body is broken"); }

  Result<std::uint64_t> Number(int info) {
    if (info < 24) return static_cast<std::uint64_t>(info);
    const std::size_t size = info == 24 ? 1 : info == 25 ? 2 : info == 26 ? 4 : info == 27 ? 8 : 0;
    if (size == 0 || bytes_.size() < size) return Broken();
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i)
      number = number << 8 | static_cast<std::uint8_t>(bytes_[i]);
    bytes_.remove_prefix(size);
    return number;
  }

  Result<json::value> Simple(int info) {
    if (info == 20 || info == 21) return json::value(info == 21);
    if (info == 22 || info == 23) return json::value(nullptr);
    TRY_ASSIGN(const std::uint64_t bits, Number(info));
    if (info == 26)
      return json::value(
          static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
    if (info == 27) return json::value(std::bit_cast<double>(bits));
    return Broken();
  }

  bool AtBreak() {
    if (bytes_.empty()) return true;
    if (static_cast<std::uint8_t>(bytes_[0]) != 0xff) return false;
    bytes_.remove_prefix(1);
    return true;
  }

  std::string_view bytes_;
};

}  // namespace

std::string ToCbor(const json::value& value) {
  std::string out;
  Append(out, value);
  return out;
}

Result<json::value> FromCbor(std::string_view bytes) { return Reader(bytes).Value(); }

}  // namespace farthing::rehearsal
