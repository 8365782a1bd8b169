#pragma once

// What AWS publishes and our templates and audits need by heart: the columns of data exports and the actions of the
// services our policies name.  Generated from schema/.  Const-safe.

#include <span>
#include <string_view>

namespace farthing::connect {

struct ExportColumn {
  std::string_view name;
  std::string_view needs;  ///< table property without which AWS lacks it; "" for none
};
/// The columns that a new export of the table asks for, in AWS's order: COST_AND_USAGE_REPORT, FOCUS_1_0_AWS or
/// FOCUS_1_2_AWS; none for other tables.
std::span<const ExportColumn> KnownColumns(std::string_view table);

struct ServiceActions {
  std::string_view service;  ///< "ce"
  std::string_view actions;  ///< without the service, separated by single spaces
};
/// The services our policies name, with every action IAM knows of them.
std::span<const ServiceActions> KnownServices();

}  // namespace farthing::connect
