#pragma once

// A small lake written line by line, for tests: no import, no source format, only what is said here.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/duckdb.h"
#include "lake/catalog.h"

namespace farthing::query {

/// One line.  Texts that are not named are absent, amounts that are not named are zero.
struct TestLine {
  std::string start;  ///< "2026-01-05 10:00:00"
  /// Lake column → value; the currency is USD unless it is named, "" where there is none.
  std::map<std::string, std::string> text = {};
  std::map<std::string, std::string> amounts = {};  ///< lake column → decimal
  std::map<std::string, std::string> tags = {};     ///< stored key → value
  std::map<std::string, std::string> product = {};
};

struct TestLoad {
  std::string export_name = "main";
  Period period = {2026, 1};
  std::vector<TestLine> lines = {};
  std::string decimal_type = "DECIMAL(18,10)";
  std::vector<std::string> unavailable = {};  ///< amount columns that are NULL in every line
  /// Lake columns of which the source has no input, with those.
  std::map<std::string, std::vector<std::string>, std::less<>> blank_columns = {};
  std::string payer = "999999999999";  ///< of the whole load; different ones are different bills
};

class TestLake {
 public:
  TestLake();
  ~TestLake();
  TestLake(const TestLake&) = delete;
  TestLake& operator=(const TestLake&) = delete;

  const std::filesystem::path& data() const { return layout_.data(); }
  /// Writes the load, publishes it as the newest version of its export and period, returns its id.
  std::string Publish(const TestLoad& load);
  lake::Catalog& catalog() { return *catalog_; }

 private:
  void WriteLines(const TestLoad& load, const std::string& id);
  void WriteSets(const TestLoad& load, const std::string& id);

  lake::Layout layout_;
  std::unique_ptr<lake::Catalog> catalog_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
};

}  // namespace farthing::query
