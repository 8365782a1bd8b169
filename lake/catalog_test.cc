#include "lake/catalog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "lake/load_facts.h"

namespace farthing::lake {
namespace {

class CatalogTest : public testing::Test {
 protected:
  CatalogTest()
      : layout_(fs::temp_directory_path() / ("farthing-catalog-" + NewUlid())),
        catalog_(*Catalog::Open(layout_)) {}
  ~CatalogTest() override { fs::remove_all(layout_.data()); }

  Delivery MakeDelivery(const std::string& version, const std::string& content,
                        const std::string& name = "bill") {
    const Export exported = *catalog_->FindOrCreateExport({0, name, "cur2", "/in", "id:" + name});
    Delivery delivery;
    delivery.id = NewUlid();
    delivery.export_id = exported.id;
    delivery.export_name = exported.name;
    delivery.period = {2026, 1};
    delivery.version_key = version;
    delivery.fingerprint = content;
    delivery.manifest = "/in/Manifest.json";
    delivery.seen_at = ToString(Now());
    delivery.files = {{"/in/a.csv", 17, "hash"}};
    return delivery;
  }

  Load MakeLoad(const Delivery& delivery) {
    Load load;
    load.id = NewUlid();
    load.delivery_id = delivery.id;
    load.export_id = delivery.export_id;
    load.export_name = delivery.export_name;
    load.period = delivery.period;
    load.format = "cur2";
    load.line_count = 3;
    load.created_at = ToString(Now());
    load.totals["billed_cost"] = *ParseDecimal("-12345678901234567890.123456789012345678");
    load.billing_accounts = {"000000000001"};
    load.sub_accounts = {"000000000002"};
    load.providers = {"AWS"};
    load.tag_keys = {"user:Team \"x\""};
    load.issues = {{1, 42, "column", "not a number"}};
    return load;
  }

  std::string Publish(const std::string& version, const std::string& content) {
    const Delivery delivery = MakeDelivery(version, content);
    const Load load = MakeLoad(delivery);
    EXPECT_TRUE(catalog_->Publish(delivery, load).ok());
    return load.id;
  }

  std::vector<std::string> Active(const LoadFilter& filter = {}) {
    const std::vector<Load> loads = *catalog_->ActiveLoads(filter);
    std::vector<std::string> ids;
    for (const Load& load : loads) ids.push_back(load.id);
    return ids;
  }

  Layout layout_;
  std::unique_ptr<Catalog> catalog_;
};

using Ids = std::vector<std::string>;

TEST_F(CatalogTest, ExportsAreFoundByIdentityAndNamedOnce) {
  const Export first = *catalog_->FindOrCreateExport({0, "bill", "cur1", "/a", "one"});
  EXPECT_EQ(catalog_->FindOrCreateExport({0, "renamed", "cur1", "/b", "one"})->id, first.id);
  const Export second = *catalog_->FindOrCreateExport({0, "bill", "cur1", "/a", "two"});
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(second.name, "bill-2");
  EXPECT_EQ(catalog_->Exports()->size(), 2U);
}

TEST_F(CatalogTest, PublishReplacesTheActiveVersion) {
  const std::string one = Publish("v1", "A");
  EXPECT_EQ(Active(), Ids{one});
  const std::string two = Publish("v2", "B");
  EXPECT_EQ(Active(), Ids{two});
  const auto versions = *catalog_->Versions();
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[0].number, 1);
  EXPECT_EQ(versions[0].load_id, one);
  EXPECT_EQ(versions[0].active_to, versions[1].active_from);
  EXPECT_EQ(versions[1].active_to, "");
  EXPECT_EQ(*catalog_->LoadIds(), (Ids{one, two}));
}

TEST_F(CatalogTest, AsOfAnswersFromThePast) {
  const Instant before = Now();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const std::string one = Publish("v1", "A");
  const Instant between = Now();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const std::string two = Publish("v2", "B");
  EXPECT_EQ(Active({{}, {}, before}), Ids{});
  EXPECT_EQ(Active({{}, {}, between}), Ids{one});
  EXPECT_EQ(Active({{}, {}, Now()}), Ids{two});
}

TEST_F(CatalogTest, PeriodsAreFiltered) {
  const std::string one = Publish("v1", "A");
  EXPECT_EQ(Active({Period{2026, 1}, Period{2026, 1}, {}}), Ids{one});
  EXPECT_EQ(Active({Period{2026, 2}, {}, {}}), Ids{});
  EXPECT_EQ(Active({{}, Period{2025, 12}, {}}), Ids{});
}

TEST_F(CatalogTest, AFailedPublishLeavesNothing) {
  const std::string one = Publish("v1", "A");
  const Delivery delivery = MakeDelivery("v2", "B");
  Load load = MakeLoad(delivery);
  load.id = one;  // taken: the transaction fails half way
  EXPECT_FALSE(catalog_->Publish(delivery, load).ok());
  EXPECT_EQ(Active(), Ids{one});
  EXPECT_EQ(catalog_->Deliveries()->size(), 1U);
  EXPECT_FALSE(catalog_->GetDelivery(delivery.id).ok());
}

TEST_F(CatalogTest, LoadsComeBackAsTheyWere) {
  const Delivery delivery = MakeDelivery("v1", "A");
  Load load = MakeLoad(delivery);
  load.complete = false;
  load.unavailable = {"split_cost"};
  load.blank_columns = {{"region_id", {"product_region_code", "product_region"}}};
  load.files = {
      {"cost_lines", {{"part-0.parquet", {17, "00ff"}}, {"part-1.parquet", {4, "ff00"}}}}};
  load.currencies = {"JPY", "USD"};
  load.cost_categories = {"Charge type"};
  load.unknown_columns = {"new"};
  load.tag_collisions = {"a and A"};
  ASSERT_TRUE(catalog_->Publish(delivery, load).ok());
  const Load read = *catalog_->GetLoad(load.id);
  EXPECT_EQ(LoadToJson(read), LoadToJson(load));
  EXPECT_EQ(read.blank_columns, load.blank_columns);
  EXPECT_EQ(read.files, load.files);
  EXPECT_EQ(ToString(read.totals.at("billed_cost")), "-12345678901234567890.123456789012345678");
  ASSERT_EQ(read.issues.size(), 1U);
  EXPECT_EQ(read.issues[0].row, 42);
  const Delivery again = *catalog_->GetDelivery(delivery.id);
  EXPECT_EQ(again.version_key, "v1");
  ASSERT_EQ(again.files.size(), 1U);
  EXPECT_EQ(again.files[0].size_bytes, 17U);
  EXPECT_EQ(catalog_->GetLoad("none").error().code(), Errc::kNotFound);
}

TEST_F(CatalogTest, QuarantinedDeliveriesAreKeptWithTheirReason) {
  Delivery delivery = MakeDelivery("v1", "A");
  delivery.status = DeliveryStatus::kQuarantined;
  delivery.reason = "row 7 is bad";
  ASSERT_TRUE(catalog_->RecordDelivery(delivery).ok());
  EXPECT_EQ(Active(), Ids{});
  EXPECT_EQ(catalog_->Deliveries()->at(0).reason, "row 7 is bad");
  EXPECT_EQ(catalog_->Deliveries()->at(0).status, DeliveryStatus::kQuarantined);
}

TEST_F(CatalogTest, ElectionsNameAnExportThatExists) {
  Publish("v1", "A");
  EXPECT_TRUE(catalog_->Elect("bill", std::nullopt).ok());
  const Result<void> unknown = catalog_->Elect("bell", std::nullopt);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Errc::kNotFound);
}

TEST_F(CatalogTest, TheNewestElectionCounts) {
  const std::string mine = Publish("v1", "A");
  const Delivery other = MakeDelivery("v1", "C", "other");
  const Load load = MakeLoad(other);
  ASSERT_TRUE(catalog_->Publish(other, load).ok());
  EXPECT_EQ(Active(), Ids{mine}) << "the older export";
  ASSERT_TRUE(catalog_->Elect("other", std::nullopt).ok());
  EXPECT_EQ(Active(), Ids{load.id});
  ASSERT_TRUE(catalog_->Elect("bill", Period{2026, 1}).ok());
  EXPECT_EQ(Active(), Ids{mine});
}

TEST_F(CatalogTest, TwoProcessesMayHoldOneCatalog) {
  auto reader = *Catalog::Open(layout_);
  const std::string one = Publish("v1", "A");
  EXPECT_EQ(reader->ActiveLoads({})->at(0).id, one);
}

TEST_F(CatalogTest, ACatalogOfANewerFarthingIsRefused) {
  {
    auto database = *engine::SqliteDatabase::Open(layout_.database().string());
    ASSERT_TRUE(database->Execute("PRAGMA user_version = 999").ok());
  }
  const auto opened = Catalog::Open(layout_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Errc::kConflict);
}

TEST_F(CatalogTest, TheConditionOfALoadOfOldIsTakenFromItsNote) {
  const std::string id = Publish("v1", "A");
  catalog_.reset();
  {
    auto database = *engine::SqliteDatabase::Open(layout_.database().string());
    const std::string note = "the export''s query has a WHERE, it may leave lines out: a = ''b''";
    ASSERT_TRUE(database
                    ->Execute("UPDATE loads SET facts = json_remove(json_set(facts, '$.notes', "
                              "json_array('x', '" +
                              note + "')), '$.condition'); PRAGMA user_version = 2")
                    .ok());
  }
  catalog_ = *Catalog::Open(layout_);
  EXPECT_EQ(catalog_->GetLoad(id)->condition, "a = 'b'");
}

TEST(LoadFactsTest, KeepsHowFarABillReachesThatAPolicyCut) {
  Load load;
  load.period = {2026, 1};
  load.left_out.emplace();
  load.left_out->whole = Reach{"2026-01-01", "2026-01-31", true};
  const std::string json = LoadToJson(load);
  const Load again = *LoadFromJson(json);
  EXPECT_EQ(LoadToJson(again), json);
  EXPECT_EQ(again.left_out->whole->last_usage_day, "2026-01-31");
  EXPECT_TRUE(again.left_out->whole->is_invoiced);

  std::string old = json;  // as it was written before
  const std::size_t at = old.find(R"(,"whole":{)");
  ASSERT_NE(at, std::string::npos) << old;
  old.erase(at, old.find('}', at) + 1 - at);
  EXPECT_FALSE(LoadFromJson(old)->left_out->whole);
}

TEST(LoadFactsTest, KeepsDaysAndFatesAndReadsFactsWithoutThem) {
  Load load;
  load.period = {2026, 1};
  load.first_charge_day = "2025-12-31";
  load.last_charge_day = "2026-01-31";
  load.issues = {{0, 3, "c", "m", RowIssue::Fate::kKeptWithReplaced},
                 {1, 4, "", "n", RowIssue::Fate::kSetAside, "-1.50", "USD"}};
  const std::string json = LoadToJson(load);
  const Load again = *LoadFromJson(json);
  EXPECT_EQ(LoadToJson(again), json);
  EXPECT_EQ(again.last_charge_day, "2026-01-31");
  EXPECT_EQ(again.issues[1].cost, "-1.50");

  // What was written before these facts were kept: the days are unknown, a bad row was set aside.
  std::string old = json;
  for (const std::string member :
       {R"("first_charge_day":"2025-12-31",)", R"("last_charge_day":"2026-01-31",)",
        R"(,"fate":"kept with replaced bytes","cost":"","currency":"")",
        R"(,"fate":"set aside","cost":"-1.50","currency":"USD")"}) {
    ASSERT_NE(old.find(member), std::string::npos) << member << " in " << old;
    old.erase(old.find(member), member.size());
  }
  const Result<Load> read = LoadFromJson(old);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->first_charge_day, "");
  EXPECT_EQ(read->issues[0].fate, RowIssue::Fate::kSetAside);
}

}  // namespace
}  // namespace farthing::lake
