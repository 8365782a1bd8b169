"""What a person and a program are told of deliveries that cannot be collected, and of accounts that are left out."""

import contextlib
import json
import sqlite3
import unittest

import rehearsed


class Told(rehearsed.Case):
    FLAGS = ["--lines", "600", "--months", "2", "--exports", "cur2-csv", "--clock", "2026-11-20T08:00:00Z"]

    def setUp(self):
        super().setUp()
        self.lake = self.connect(self.scratch / "lake", "--check")

    def deny(self, *months):
        for month in months:
            self.control("fault", kind="deny", service="s3", action="GetObject", resource=f"*BILLING_PERIOD={month}*")

    def test_every_failure_is_listed_and_the_first_is_the_exit_code(self):
        self.deny("2026-11", "2026-09")
        done = self.lake.run("collect", env=self.environment)
        self.fails(done, 3, "2 deliveries could not be collected", "2026-11", "fix:")
        self.assertRegex(done.stdout, r"(?m)^production  2026-10  loaded  \d+ lines$")
        self.assertRegex(done.stdout, r"(?m)^production  2026-11  failed: .*AccessDenied.*; fix: ")
        self.assertRegex(done.stdout, r"(?m)^production  2026-09  failed: ")
        shown = json.loads(self.farthing(self.lake, "connections", "show", "production", "--format", "json"))
        self.assertEqual(shown["state"], "degraded")
        self.assertIn("2026-11 could not be collected", shown["cause"])

        done = self.lake.run("collect", "--format", "json", env=self.environment)
        self.assertEqual(done.returncode, 3, done.stderr)
        rows = json.loads(done.stdout)
        self.assertEqual([(row["period"], row["outcome"], row["error"]) for row in rows],
                         [("2026-11", "failed", "permission_denied"), ("2026-09", "failed", "permission_denied")])
        self.assertTrue(all(row["fix"] for row in rows))

        # Asked for by a backfill, a month that fails is told after the plan.
        done = self.lake.run("backfill", "production", "--from", "2026-09", env=self.environment)
        self.fails(done, 3, "2026-09  failed: ")
        self.assertRegex(done.stdout, r"2026-09 +bucket +it lies in the bucket; last time it was denied: ")

        self.control("clear-faults")
        self.farthing(self.lake, "collect")
        self.assertEqual([period for _, period, _ in self.lake.versions()], ["2026-09", "2026-10", "2026-11"])
        self.assertTrue(self.lake.state()["proven"])

    def test_months_in_the_wrong_order_are_refused(self):
        done = self.lake.run("collect", "--from", "2026-11", "--to", "2026-09", env=self.environment)
        self.fails(done, 2, "--from is later than --to", "--from 2026-09 --to 2026-11")

    def test_each_connection_that_fails_is_told(self):
        for number in (1, 2):
            empty = self.scratch / f"copies-{number}"
            empty.mkdir()
            self.farthing(self.lake, "connect", "--name", f"copies-{number}", "--type", "directory", "--directory", empty,
                          "--check")
            empty.rmdir()
        done = self.lake.run("collect", env=self.environment)
        self.assertNotEqual(done.returncode, 0)
        for number in (1, 2):
            self.assertIn(f"copies-{number}", done.stderr)
        self.assertIn("production  2026-11  loaded", done.stdout)

    def test_coverage_states_what_the_import_policy_left_out(self):
        self.farthing(self.lake, "connections", "edit", "production", "--import", "connected-accounts")
        self.farthing(self.lake, "collect")
        months = self.lake.json("coverage", "--left-out")
        self.assertEqual([month["period"] for month in months], ["2026-09", "2026-10", "2026-11"])
        spans = self.lake.json("coverage")
        text = self.lake.run("coverage").stdout
        for month in months:
            self.assertGreater(int(month["lines"]), 0)
            said = (f"{month['lines']} lines of {month['accounts']} accounts, {month['metric']} {month['sum']} "
                    f"{month['currency']}")
            self.assertIn(said, text)
            self.assertTrue(any(span["status"] == "left-out" and said in span["cause"] for span in spans), said)

    def test_the_map_says_that_it_shows_the_newest_days_only(self):
        with contextlib.closing(sqlite3.connect(self.lake.directory / "farthing.db")) as database, database:
            database.execute("UPDATE connections SET created_at = '2025-01-10T00:00:00Z'")
        self.assertEqual(min(span["first_day"] for span in self.lake.json("coverage")), "2025-01-01")
        self.assertIn("; all from 2025-01-01: --format csv\n", self.lake.run("coverage").stdout)


if __name__ == "__main__":
    unittest.main()
