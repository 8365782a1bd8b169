#include "ingest/mapping/set_interner.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "ingest/test_files.h"

namespace farthing::ingest {
namespace {

class SetInternerTest : public testing::Test {
 protected:
  std::unique_ptr<SetInterner> Make(std::size_t budget_bytes) {
    return *SetInterner::Create(directory_.path() / "sets.jsonl", budget_bytes);
  }
  static std::vector<SetEntry> Tags(const std::string& value) {
    return {{"tags", "user:team", value}};
  }
  // Number → JSON of the set, as written.
  std::map<std::int64_t, std::string> Written() {
    std::map<std::int64_t, std::string> sets;
    std::ifstream file(directory_.path() / "sets.jsonl");
    for (std::string line; std::getline(file, line);) {
      boost::json::object row = boost::json::parse(line).get_object();
      const std::int64_t id = row.at("id").to_number<std::int64_t>();
      row.erase("id");
      EXPECT_TRUE(sets.emplace(id, boost::json::serialize(row)).second)
          << "a number stands for one set";
    }
    return sets;
  }
  TestDirectory directory_;
};

TEST_F(SetInternerTest, EqualSetsShareANumber) {
  auto interner = Make(1 << 20);
  const std::int32_t a = interner->Number("raw a", [] { return Tags("a"); });
  EXPECT_EQ(
      interner->Number("raw a", []() -> std::vector<SetEntry> { throw std::logic_error("known"); }),
      a);
  EXPECT_EQ(interner->Number("another raw form of a", [] { return Tags("a"); }), a);
  EXPECT_NE(interner->Number("raw b", [] { return Tags("b"); }), a);
  EXPECT_EQ(interner->count(), 2);
  ASSERT_TRUE(interner->Finish().ok());
  EXPECT_EQ(Written(), (std::map<std::int64_t, std::string>{{0, R"({"tags":{"user:team":"a"}})"},
                                                            {1, R"({"tags":{"user:team":"b"}})"}}));
}

TEST_F(SetInternerTest, OrderOfEntriesDoesNotMatter) {
  auto interner = Make(1 << 20);
  const std::vector<SetEntry> one = {{"tags", "a", "1"}, {"product", "x", "2"}, {"tags", "b", "3"}};
  const std::vector<SetEntry> other = {one[2], one[0], one[1]};
  EXPECT_EQ(interner->Number("1", [&] { return one; }),
            interner->Number("2", [&] { return other; }));
}

TEST_F(SetInternerTest, KeysAreCollectedByColumn) {
  auto interner = Make(1 << 20);
  interner->Number(
      "1", [] { return std::vector<SetEntry>{{"tags", "a", "1"}, {"cost_categories", "c", "2"}}; });
  EXPECT_EQ(interner->keys().at("tags"), std::set<std::string>{"a"});
  EXPECT_EQ(interner->keys().at("cost_categories"), std::set<std::string>{"c"});
}

TEST_F(SetInternerTest, PastTheBudgetNumbersStayRight) {
  auto interner = Make(2000);  // room for about ten sets
  std::vector<std::pair<std::int32_t, std::string>> handed_out;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::string value = std::to_string(i);
      handed_out.emplace_back(interner->Number("raw" + value, [&] { return Tags(value); }), value);
    }
  }
  ASSERT_TRUE(interner->Finish().ok());
  EXPECT_GT(interner->count(), 100);
  const auto written = Written();
  EXPECT_EQ(written.size(), static_cast<std::size_t>(interner->count()));
  for (const auto& [number, value] : handed_out) {
    EXPECT_EQ(written.at(number), R"({"tags":{"user:team":")" + value + "\"}}");
  }
}

TEST_F(SetInternerTest, ThreadsAgree) {
  auto interner = Make(20'000);
  std::vector<std::vector<std::int32_t>> numbers(4, std::vector<std::int32_t>(2000));
  {
    std::vector<std::jthread> threads;
    for (auto& mine : numbers) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < mine.size(); ++i) {
          const std::string value = std::to_string(i % 500);
          mine[i] = interner->Number(value, [&] { return Tags(value); });
        }
      });
    }
  }
  ASSERT_TRUE(interner->Finish().ok());
  const auto written = Written();
  for (const auto& mine : numbers) {
    for (std::size_t i = 0; i < mine.size(); ++i) {
      ASSERT_EQ(written.at(mine[i]),
                R"({"tags":{"user:team":")" + std::to_string(i % 500) + "\"}}");
    }
  }
}

TEST_F(SetInternerTest, FullDiskIsAnErrorNotAHole) {
  auto interner = SetInterner::Create("/dev/full", 1 << 20);
  ASSERT_TRUE(interner.ok());
  (*interner)->Number("1", [] { return Tags("1"); });
  const Result<void> finished = (*interner)->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code(), Errc::kTooLarge);
}

}  // namespace
}  // namespace farthing::ingest
