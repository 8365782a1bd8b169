"""Collecting by a process that is killed at any moment, against a rehearsal AWS in a process of its own."""

import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "collect"))
import rehearsed
from rehearsed import harness


class Collecting(rehearsed.Case):
    FLAGS = ["--lines", "3000", "--months", "2", "--exports", "cur2-csv", "--clock", "2026-11-20T08:00:00Z"]

    def connected(self, name):
        return self.connect(self.scratch / name, "--check")

    def test_goes_on_after_a_kill_at_any_moment(self):
        whole = self.connected("whole")
        self.succeeds(whole.run("collect", env=self.environment))
        killed = self.connected("killed")
        self.control("fault", kind="slow", service="s3", action="GetObject", amount=150)
        deaths = 0
        for step in range(24):
            process = subprocess.Popen([harness.BINARY, "--data", killed.directory, "collect", "--format", "json"],
                                       env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.05 * (step + 1))
            process.send_signal(signal.SIGKILL)
            deaths += process.wait() == -signal.SIGKILL
            state = killed.state() if killed.versions() else None
            self.assertTrue(state is None or state["proven"])
        self.assertGreater(deaths, 3)
        self.control("clear-faults")
        self.succeeds(killed.run("collect", env=self.environment))
        self.assertEqual(killed.state()["total"], whole.state()["total"])
        self.assertTrue(killed.state()["proven"])
        self.assertEqual([version for _, _, version in killed.versions()], [1, 1, 1])
        self.assertEqual(killed.leftovers(), [])
        left = [p for p in (killed.directory / "downloads").rglob("*") if p.is_file() and p.name != "lock"]
        self.assertEqual(left, [])

    def test_the_import_policy_is_said_where_bills_are_listed(self):
        lake = self.connected("some")
        self.succeeds(lake.run("connections", "edit", "production", "--import", "connected-accounts", env=self.environment))
        done = self.succeeds(lake.run("collect", env=self.environment))
        self.assertIn("left out, as their accounts are not connected: ", done.stdout)
        for row in lake.json("deliveries"):
            self.assertIn("left out", row["reason"])
        self.assertIn("left out", lake.run("explain", "--period", "2026-10", "--lines", "0").stdout)
        self.assertTrue(lake.state()["proven"])


class Documents(rehearsed.Case):
    """What programs read is one document, however many connections there are."""
    FLAGS = ["--lines", "600", "--months", "0", "--exports", "cur2-csv"]

    def test_of_several_connections_is_one(self):
        lake = self.connect(self.scratch / "lake", "--check")
        harness.simulate(self.scratch / "copies")
        self.succeeds(lake.run("connect", "--name", "copies", "--type", "directory", "--directory", self.scratch / "copies",
                               "--check", env=self.environment))
        first = json.loads(lake.run("collect", "--format", "json", env=self.environment).stdout)
        self.assertEqual(sorted(row["connection"] for row in first), ["copies", "production"])
        self.assertEqual(json.loads(lake.run("collect", "--format", "json", env=self.environment).stdout), [])
        again = lake.run("collect", "--again", "--format", "csv", env=self.environment).stdout
        self.assertEqual(again.count("connection,period"), 1)

    def test_of_nothing_to_ask_is_empty(self):
        lake = self.connect(self.scratch / "lake", "--check", "--with", "read-billing,cost-explorer")
        self.succeeds(lake.run("first-day", "production", "--yes", env=self.environment))
        done = self.succeeds(lake.run("first-day", "production", "--format", "json", env=self.environment))
        self.assertEqual(json.loads(done.stdout), [])

    def test_of_a_disconnected_connection_says_to_make_a_new_one(self):
        lake = self.connect(self.scratch / "lake", "--check")
        self.succeeds(lake.run("disconnect", "production", "--yes", env=self.environment))
        for verb in (["collect", "--connection"], ["connections", "enable"]):
            done = lake.run(*verb, "production", env=self.environment)
            self.assertIn("make a new one: farthing connect", done.stderr)


if __name__ == "__main__":
    unittest.main()
