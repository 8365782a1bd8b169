#include "connect/collecting/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace farthing::connect {
namespace {

constexpr std::int64_t kHour = std::int64_t{3600} * 1'000'000;
constexpr Instant kNow{std::int64_t{1'795'000'000} * 1'000'000};

Connection Make(const std::string& id, State state,
                std::set<PermissionSet> sets = {PermissionSet::kReadBilling}) {
  Connection connection;
  connection.id = id;
  connection.state = state;
  connection.settings.permission_sets = std::move(sets);
  return connection;
}

Instant After(double hours) {
  return {kNow.micros + static_cast<std::int64_t>(hours * static_cast<double>(kHour))};
}

TEST(ScheduleTest, EverythingIsDueAtFirst) {
  const std::vector<Connection> connections{
      Make("a", State::kConnected, {PermissionSet::kReadBilling, PermissionSet::kOrganization}),
      Make("b", State::kDegraded)};
  const std::vector<Due> expected{{Task::kTerms, ""},    {Task::kVerify, "a"},
                                  {Task::kCollect, "a"}, {Task::kAccounts, "a"},
                                  {Task::kVerify, "b"},  {Task::kCollect, "b"}};
  EXPECT_EQ(WhatIsDue(connections, {}, {}, kNow).due, expected);
}

TEST(ScheduleTest, OnlyLivingConnectionsHaveTasks) {
  for (const State state :
       {State::kDraft, State::kVerifying, State::kDisabled, State::kDisconnected}) {
    EXPECT_EQ(WhatIsDue({Make("a", state)}, {}, {}, kNow).due.size(), 1U) << Name(state);
  }
  Connection linked = Make("a", State::kConnected);
  linked.settings.type = ConnectionType::kLinkedKeys;
  const std::vector<Due> due = WhatIsDue({linked}, {}, {}, kNow).due;
  EXPECT_EQ(due, (std::vector<Due>{{Task::kTerms, ""}, {Task::kVerify, "a"}}));
  Connection directory =
      Make("a", State::kConnected, {PermissionSet::kReadBilling, PermissionSet::kOrganization});
  directory.settings.type = ConnectionType::kDirectory;
  EXPECT_EQ(WhatIsDue({directory}, {}, {}, kNow).due.size(), 3U);
}

TEST(ScheduleTest, CostExplorerIsAskedByScheduleWhereAPersonAgreed) {
  const std::set<PermissionSet> sets{PermissionSet::kReadBilling, PermissionSet::kCostExplorer};
  const auto tasks = [](const Connection& connection) {
    std::vector<Task> names;
    for (const Due& due : WhatIsDue({connection}, {}, {}, kNow).due) names.push_back(due.task);
    return names;
  };
  Connection waiting = Make("a", State::kWaiting, sets);
  using enum Task;
  // The default cap is nobody's consent to be spent unasked on the first day.
  EXPECT_EQ(tasks(waiting), (std::vector{kTerms, kVerify, kCollect, kReconcile}));
  waiting.settings.cost_explorer_cap_usd = "0.50";
  EXPECT_EQ(tasks(waiting), (std::vector{kTerms, kVerify, kCollect, kFirstDay, kReconcile}));
  Connection connected = waiting;
  connected.state = State::kConnected;
  EXPECT_EQ(tasks(connected), (std::vector{kTerms, kVerify, kCollect, kReconcile}));
  connected.settings.permission_sets = {PermissionSet::kReadBilling};
  EXPECT_EQ(tasks(connected), (std::vector{kTerms, kVerify, kCollect}));
  for (const ConnectionType type : {ConnectionType::kBucket, ConnectionType::kDirectory}) {
    waiting.settings.type = type;
    EXPECT_EQ(tasks(waiting), (std::vector{kTerms, kVerify, kCollect})) << Name(type);
  }
  waiting.settings.type = ConnectionType::kLinkedKeys;
  EXPECT_EQ(tasks(waiting), (std::vector{kTerms, kVerify}));
}

TEST(ScheduleTest, WhatWasTriedIsDueAfterItsInterval) {
  const std::vector<Connection> connections{Make("a", State::kConnected)};
  Attempts attempts;
  for (const Due& due : WhatIsDue(connections, {}, {}, kNow).due) attempts[due] = kNow;
  EXPECT_TRUE(WhatIsDue(connections, attempts, {}, After(3.5)).due.empty());
  EXPECT_EQ(WhatIsDue(connections, attempts, {}, After(4.5)).due,
            (std::vector<Due>{{Task::kCollect, "a"}}));
  EXPECT_EQ(WhatIsDue(connections, attempts, {}, After(21)).due.size(), 1U);
  EXPECT_EQ(WhatIsDue(connections, attempts, {}, After(27)).due.size(), 3U);
  ScheduleSettings often;
  often.collect_seconds = 60;
  EXPECT_EQ(WhatIsDue(connections, attempts, often, After(0.02)).due.size(), 1U);
}

TEST(ScheduleTest, NextIsWhenSomethingBecomesDue) {
  const std::vector<Connection> connections{Make("a", State::kConnected)};
  Attempts attempts;
  const Agenda first = WhatIsDue(connections, attempts, {}, kNow);
  for (const Due& due : first.due) attempts[due] = kNow;
  const Instant before{first.next.micros - 1};
  EXPECT_TRUE(WhatIsDue(connections, attempts, {}, before).due.empty());
  EXPECT_EQ(WhatIsDue(connections, attempts, {}, before).next, first.next);
  EXPECT_FALSE(WhatIsDue(connections, attempts, {}, first.next).due.empty());
  EXPECT_GT(WhatIsDue({}, {}, {}, kNow).next, kNow);
}

TEST(ScheduleTest, TurnsAreSpreadByATenthEitherWay) {
  std::set<std::int64_t> turns;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "connection-" + std::to_string(i);
    const Attempts attempts{
        {{Task::kTerms, ""}, kNow}, {{Task::kVerify, id}, kNow}, {{Task::kCollect, id}, kNow}};
    const Instant next = WhatIsDue({Make(id, State::kConnected)}, attempts, {}, kNow).next;
    turns.insert(next.micros);
    EXPECT_GE(next, After(3.6));
    EXPECT_LE(next, After(4.4));
  }
  EXPECT_GT(turns.size(), 150U);
  EXPECT_GT(*turns.rbegin() - *turns.begin(), kHour / 2);
}

TEST(ScheduleTest, AClockThatWasSetBackSilencesNothing) {
  const std::vector<Connection> connections{Make("a", State::kConnected)};
  const Attempts attempts{{{Task::kCollect, "a"}, After(1000)}, {{Task::kVerify, "a"}, kNow}};
  const std::vector<Due> due = WhatIsDue(connections, attempts, {}, kNow).due;
  EXPECT_EQ(std::count(due.begin(), due.end(), Due{Task::kCollect, "a"}), 1);
}

TEST(ScheduleTest, EarlierRunsCount) {
  Connection connection = Make("a", State::kConnected);
  connection.last_checked = kNow;
  const std::vector<Connection> connections{connection};
  const std::vector<Due> due =
      WhatIsDue(connections, StoredAttempts(connections), {}, After(1)).due;
  EXPECT_EQ(due, (std::vector<Due>{{Task::kTerms, ""}, {Task::kCollect, "a"}}));
}

TEST(ScheduleTest, WhatWasEndedMeanwhileIsWantedNoMore) {
  const Due collect{Task::kCollect, "a"};
  EXPECT_TRUE(IsStillWanted(collect, {Make("b", State::kDisabled), Make("a", State::kConnected)}));
  EXPECT_FALSE(IsStillWanted(collect, {Make("b", State::kConnected), Make("a", State::kDisabled)}));
  EXPECT_FALSE(IsStillWanted(collect, {Make("a", State::kDisconnected)}));
  EXPECT_FALSE(IsStillWanted(collect, {})) << "deleted";
  EXPECT_TRUE(IsStillWanted({Task::kTerms, ""}, {}));
}

}  // namespace
}  // namespace farthing::connect
