"""`farthing collect --watch` with Cost Explorer: the first day where a person set a cap, then reconciliation, both once."""

import json
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "collect"))
import rehearsed
from rehearsed import harness


class Watching(rehearsed.Case):
    FLAGS = ["--lines", "600", "--months", "2", "--exports", "none"]

    def waiting(self, *flags):
        """A connection whose export AWS has not delivered to yet."""
        lake = self.connect(self.scratch / "lake", "--with", "read-billing,manage-export,cost-explorer", "--export-kind",
                            "cur2", "--export", "bills", "--bucket", "example-watched", "--prefix", "bills", *flags)
        self.farthing(lake, "discover", "production", "--create", "cur2", "--name", "bills", "--bucket", "example-watched",
                      "--yes")
        self.farthing(lake, "check", "production")
        state = json.loads(self.farthing(lake, "connections", "show", "production", "--format", "json"))
        self.assertEqual(state["state"], "waiting", state)
        return lake

    def watch(self, lake, *until):
        """What a watch says up to and with a line that has one of these words, the last of them twice in a row of looks."""
        process = subprocess.Popen([harness.BINARY, "--data", lake.directory, "collect", "--watch", "--every", "0.001"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment)
        said = ""
        try:
            for word in until:
                while True:
                    line = process.stdout.readline()
                    self.assertTrue(line, f"the watch ended without {word}: {said}")
                    said += line
                    if word in line:
                        break
        finally:
            process.send_signal(signal.SIGTERM)
            said += process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 0, said)
        return said

    def test_fills_then_collects_then_reconciles(self):
        lake = self.waiting("--cost-explorer-cap", "1.00")
        said = self.watch(lake, "published")  # the price comes first, and is no end
        self.assertLess(said.index("Cost Explorer would be asked for 14 months"), said.index("published"), said)
        self.assertIn("cost_explorer", lake.run("cost", "--by", "data_source").stdout)
        filled = self.asked("GetCostAndUsage")
        said = self.watch(lake, "nothing new", "nothing new")
        self.assertNotIn("Cost Explorer would be asked", said)
        self.assertEqual(self.asked("GetCostAndUsage"), filled)

        self.control("deliver")
        said = self.watch(lake, "is ready", "unexplained")
        self.assertIn("difference 0, unexplained 0", said)
        self.assertEqual(self.asked("GetCostAndUsage"), filled + 1)
        history = lake.run("connections", "history", "production").stdout
        self.assertIn("Cost Explorer answered for 14 months", history)
        self.assertIn("unexplained 0", history)
        self.watch(lake, "nothing new", "nothing new")
        self.assertEqual(self.asked("GetCostAndUsage"), filled + 1)
        self.assertTrue(lake.state()["proven"])

    def test_without_a_cap_of_its_own_nothing_is_spent_on_the_first_day(self):
        lake = self.waiting()
        before = self.asked("GetCostAndUsage")  # the check that asks
        said = self.watch(lake, "nothing new", "nothing new")
        self.assertNotIn("Cost Explorer", said)
        self.assertEqual(self.asked("GetCostAndUsage"), before)


if __name__ == "__main__":
    unittest.main()
