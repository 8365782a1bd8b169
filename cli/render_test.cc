#include "cli/render.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

namespace farthing::cli {
namespace {

query::AnswerColumn Column(const std::string& name, query::ColumnRole role) {
  query::AnswerColumn column;
  column.name = name;
  column.role = role;
  return column;
}

query::Answer SampleAnswer() {
  query::Answer answer;
  answer.columns = {Column("day", query::ColumnRole::kTime),
                    Column("service", query::ColumnRole::kKey),
                    Column("cost", query::ColumnRole::kMetric)};
  answer.rows = {{"2026-01-01", "Ümläut", "1234.5"}, {"2026-01-02", std::nullopt, "-0.0000000001"}};
  answer.remainder = {{std::nullopt, std::nullopt, "7"}};
  answer.totals = {{std::nullopt, std::nullopt, "1241.4999999999"}};
  return answer;
}

std::string Printed(const TextTable& table, int width) {
  std::ostringstream out;
  CliContext context{{}, out, out};
  context.out_is_terminal = width > 0;
  context.width = width;
  PrintTable(table, context, out);
  return out.str();
}

TEST(RenderTest, AlignsNumbersAndNamesTotals) {
  EXPECT_EQ(Printed(ToTable(SampleAnswer()), 0),
            "day         service             cost\n"
            "2026-01-01  Ümläut            1234.5\n"
            "2026-01-02             -0.0000000001\n"
            "(other)                            7\n"
            "------------------------------------\n"
            "total                1241.4999999999\n");
}

TEST(RenderTest, ShortensTextOnTerminalsOnly) {
  const TextTable table{{{"service"}, {"cost", true}},
                        {{"a very long name of a service", "123456789.0123456789"}}};
  EXPECT_EQ(Printed(table, 32),
            "service                     cost\na very lo…  123456789.0123456789\n");
  EXPECT_NE(Printed(table, 0).find("a very long name of a service  123"), std::string::npos);
}

TEST(RenderTest, CsvQuotesWhatItMust) {
  std::ostringstream out;
  PrintCsv({"a,b", std::nullopt, "say \"x\"", "1.5"}, out);
  EXPECT_EQ(out.str(), "\"a,b\",,\"say \"\"x\"\"\",1.5\n");
}

TEST(RenderTest, JsonKeepsDecimalsAsText) {
  EXPECT_EQ(
      boost::json::serialize(ToJson(SampleAnswer())),
      R"({"columns":[{"name":"day","role":"time"},{"name":"service","role":"dimension"},)"
      R"({"name":"cost","role":"metric"}],"rows":[{"day":"2026-01-01","service":"Ümläut","cost":"1234.5"},)"
      R"({"day":"2026-01-02","service":null,"cost":"-0.0000000001"}],)"
      R"("remainder":[{"day":null,"service":null,"cost":"7"}],"notes":[],"loads":[]})");
}

}  // namespace
}  // namespace farthing::cli
