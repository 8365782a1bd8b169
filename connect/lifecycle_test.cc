#include "connect/lifecycle.h"

#include <gtest/gtest.h>

namespace farthing::connect {
namespace {

using Kind = TermAction::Kind;

Instant Day(std::string_view text) { return *ParseInstant(text); }

Connection WithTerm(bool auto_renew) {
  Connection connection;
  connection.settings.name = "payer";
  connection.settings.end_date = "2026-03-31";
  connection.settings.auto_renew = auto_renew;
  connection.state = State::kConnected;
  connection.created = Day("2026-01-01");
  return connection;
}

TEST(LifecycleTest, TheLifeOfAConnectionIsAPath) {
  const State path[] = {State::kDraft,       State::kVerifying, State::kWaiting,
                        State::kCollecting,  State::kConnected, State::kDegraded,
                        State::kConnected,   State::kDisabled,  State::kVerifying,
                        State::kDisconnected};
  for (std::size_t i = 1; i < std::size(path); ++i) {
    EXPECT_TRUE(MayFollow(path[i - 1], path[i])) << Name(path[i - 1]) << " " << Name(path[i]);
  }
  EXPECT_FALSE(MayFollow(State::kDraft, State::kConnected));
  EXPECT_FALSE(MayFollow(State::kDisabled, State::kConnected));
  EXPECT_TRUE(Next(State::kDisconnected).empty());
}

TEST(LifecycleTest, ATermIsAnnouncedAMonthAhead) {
  const Connection connection = WithTerm(false);
  EXPECT_EQ(TermAt(connection, Day("2026-02-28")).kind, Kind::kNone);
  const TermAction soon = TermAt(connection, Day("2026-03-31T12:00:00Z"));
  EXPECT_EQ(soon.kind, Kind::kEndsSoon);
  EXPECT_NE(soon.sentence.find("in 1 day "), std::string::npos) << soon.sentence;
}

TEST(LifecycleTest, AfterTheTermItIsDisabledThenDeleted) {
  Connection connection = WithTerm(false);
  const TermAction end = TermAt(connection, Day("2026-04-01"));
  ASSERT_EQ(end.kind, Kind::kDisable);
  EXPECT_EQ(DayString(*end.delete_after), "2026-06-30");
  connection.state = State::kDisabled;
  connection.delete_after = end.delete_after;
  EXPECT_EQ(TermAt(connection, Day("2026-05-01")).kind, Kind::kNone);
  EXPECT_EQ(TermAt(connection, Day("2026-06-20")).kind, Kind::kDeletionSoon);
  EXPECT_EQ(TermAt(connection, Day("2026-06-30")).kind, Kind::kDelete);
  EXPECT_NE(Describe(connection, Day("2026-06-20")).find("in 10 days"), std::string::npos);
}

TEST(LifecycleTest, RenewalsAreAsLongAsTheTermAndCatchUp) {
  const Connection connection = WithTerm(true);
  EXPECT_EQ(TermAt(connection, Day("2026-04-01")).new_end_date, "2026-06-29");
  EXPECT_EQ(TermAt(connection, Day("2026-08-01")).new_end_date, "2026-09-27");
}

TEST(LifecycleTest, TheSecondRenewalIsAsLongAsTheFirst) {
  Connection connection = WithTerm(true);
  const TermAction first = TermAt(connection, Day("2026-04-01"));
  EXPECT_EQ(first.new_start_date, "2026-04-01");
  connection.settings.term_start = first.new_start_date;
  connection.settings.end_date = first.new_end_date;
  const TermAction second = TermAt(connection, Day("2026-06-30"));
  EXPECT_EQ(second.new_start_date, "2026-06-30");
  EXPECT_EQ(second.new_end_date, "2026-09-27");
}

TEST(LifecycleTest, TheDaysBeforeDeletionAreGivenInFull) {
  const Connection connection = WithTerm(false);
  const TermAction late = TermAt(connection, Day("2026-12-01"));  // nothing ran for eight months
  EXPECT_EQ(late.kind, Kind::kDisable);
  EXPECT_EQ(DayString(*late.delete_after), "2027-03-01");
}

TEST(LifecycleTest, ADraftWhoseTermEndsIsDisabledLikeAnyOther) {
  EXPECT_TRUE(MayFollow(State::kDraft, State::kDisabled));
}

TEST(LifecycleTest, APersonsDisablingDeletesNothing) {
  Connection connection = WithTerm(true);
  connection.state = State::kDisabled;
  EXPECT_EQ(TermAt(connection, Day("2030-01-01")).kind, Kind::kNone);
}

TEST(LifecycleTest, ADescriptionFitsTheType) {
  Connection connection;
  connection.settings.type = ConnectionType::kDirectory;
  connection.state = State::kWaiting;
  EXPECT_EQ(Describe(connection, Now()), "verified; no bill was collected yet");
  connection.state = State::kDraft;
  EXPECT_EQ(Describe(connection, Now()), "being set up: verify it");
  connection.cause = "directory: cannot be read";
  EXPECT_NE(Describe(connection, Now()).find("cannot be read"), std::string::npos);
  connection.settings.type = ConnectionType::kLinkedKeys;
  connection.state = State::kConnected;
  EXPECT_NE(Describe(connection, Now()).find("verified only"), std::string::npos);
}

}  // namespace
}  // namespace farthing::connect
