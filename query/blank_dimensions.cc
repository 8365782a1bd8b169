#include "query/blank_dimensions.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "billing/registry.h"

namespace farthing::query {
namespace {

// What a load's source lacks of the dimension; empty where it has at least one of the columns.
std::string LackOf(const billing::Dimension& dimension, const lake::Load& load) {
  std::vector<std::string> lacked;
  for (const std::string& name : Split(dimension.columns, ' ')) {
    const billing::LakeColumn& column = *billing::FindLakeColumn(name);
    if (column.Expression(billing::FamilyOf(load.format)) == "NULL") continue;
    const auto blank = load.blank_columns.find(name);
    if (blank == load.blank_columns.end()) return "";
    lacked.insert(lacked.end(), blank->second.begin(), blank->second.end());
  }
  return lacked.empty() ? "its format has no such column"
                        : "its files have no " + Join(lacked, ", ");
}

}  // namespace

void NoteBlank(const DimensionRef& dimension, std::span<const lake::Load> loads,
               std::vector<std::string>& notes) {
  if (dimension.kind != DimensionKind::kRegistered) return;
  const billing::Dimension& registered = *billing::FindDimension(dimension.name);
  if (registered.columns.empty()) return;
  struct Lack {
    std::string text;  ///< of the note
    std::string export_name;
    std::vector<std::string> periods;
  };
  std::vector<Lack> lacks;
  std::map<std::string, std::size_t> load_counts;  // by export
  for (const lake::Load& load : loads) {
    ++load_counts[load.export_name];
    const std::string lack = LackOf(registered, load);
    if (lack.empty()) continue;
    const std::string text = dimension.name + " is blank where export " + load.export_name + " (" +
                             load.format + ") contributes: " + lack;
    auto known = std::find_if(lacks.begin(), lacks.end(),
                              [&](const Lack& each) { return each.text == text; });
    if (known == lacks.end()) known = lacks.insert(known, {text, load.export_name, {}});
    known->periods.push_back(ToString(load.period));
  }
  for (const Lack& lack : lacks) {
    const bool is_everywhere = lack.periods.size() == load_counts[lack.export_name];
    notes.push_back(lack.text + (is_everywhere ? "" : " in " + Join(lack.periods, ", ")));
  }
}

}  // namespace farthing::query
