#pragma once

// What AWS publishes and our templates and audits need by heart: the columns of a CUR 2.0 export and the actions of
// the services our policies name.  Generated from schema/.  Const-safe.

#include <span>
#include <string_view>

namespace farthing::connect {

struct ExportColumn {
  std::string_view name;
  std::string_view needs;  ///< table property without which AWS lacks it; "" for none
};
/// The columns a new CUR 2.0 export asks for, in AWS's order.
std::span<const ExportColumn> Cur2Columns();

struct ServiceActions {
  std::string_view service;  ///< "ce"
  std::string_view actions;  ///< without the service, separated by single spaces
};
/// The services our policies name, with every action IAM knows of them.
std::span<const ServiceActions> KnownServices();

}  // namespace farthing::connect
