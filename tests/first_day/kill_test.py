"""A first day, or the collection after it, that is killed at any step, above all between the publication of something
and the fit: no account and day is ever counted twice, and the next run puts everything right without asking again."""

import concurrent.futures
import contextlib
import csv
import decimal
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "collect"))
import rehearsed
from rehearsed import harness

LIBRARY = os.environ.get("FARTHING_FAULT_LIBRARY", "")
CALLS = ["rename", "mkdir", "unlink", "write"]


def spread(items, most):
    if len(items) <= most:
        return list(items)
    return [items[i * (len(items) - 1) // (most - 1)] for i in range(most)]


class Killed(rehearsed.Case):
    FLAGS = ["--lines", "600", "--months", "2", "--exports", "none"]

    def setUp(self):
        super().setUp()
        self.base = self.connect(self.scratch / "base", "--with", "read-billing,manage-export,cost-explorer",
                                 "--cost-explorer-cap", "9.00", "--export-kind", "cur2", "--export", "bills", "--bucket",
                                 "example-killed", "--prefix", "bills")
        self.farthing(self.base, "discover", "production", "--create", "cur2", "--name", "bills", "--bucket",
                      "example-killed", "--yes")
        self.farthing(self.base, "check", "production")

    def copy(self, name):
        shutil.copytree(self.base.directory, self.scratch / name)
        return harness.Lake(self.scratch / name)

    def faulty(self, lake, words, **settings):
        environment = {**self.environment, "LD_PRELOAD": LIBRARY, "FARTHING_FAULT_UNDER": str(lake.directory)}
        environment.update({f"FARTHING_FAULT_{name.upper()}": str(value) for name, value in settings.items()})
        return lake.run(*words, env=environment)

    def steps(self, lake, words):
        """Runs undisturbed and returns (call, number) of the steps to be killed at."""
        log = self.scratch / "steps"
        self.succeeds(self.faulty(lake, words, calls=",".join(CALLS), log=log))
        paths = {call: [] for call in CALLS}
        for line in log.read_text().splitlines():
            call, path = line.split(" ", 1)
            paths[call].append(os.path.relpath(path, lake.directory))
        chosen = []
        for call, most in (("rename", 4), ("mkdir", 3), ("unlink", 5)):
            chosen += [(call, i) for i in spread(range(1, len(paths[call]) + 1), most)]
        # Commits: of answers that are kept, of bills that are published, of fits that are noted.
        commits = [i for i, path in enumerate(paths["write"], 1) if path == "farthing.db-wal"]
        return chosen + [("write", i) for i in spread(commits, 12)]

    def kept(self, lake):
        """The sum of all that Cost Explorer said and that is known to be on the disk."""
        total = decimal.Decimal(0)
        with contextlib.closing(sqlite3.connect(lake.directory / "farthing.db")) as database:
            answers = database.execute("SELECT connection_id, period FROM cost_explorer_answers").fetchall()
        for connection, period in answers:
            with open(lake.directory / "cost_explorer" / connection / period / "answer.csv", newline="") as rows:
                total += sum(decimal.Decimal(row["UnblendedCost"]) for row in csv.DictReader(rows))
        return total

    def total(self, lake):
        """The sum of the lake; fails where an account and day have two sources."""
        done = lake.run("cost", "--by", "account,data_source", "--grain", "day", "--metric", "unblended_cost", "--format",
                        "json")
        if done.returncode != 0 and "nothing has been imported" in done.stderr:
            return decimal.Decimal(0)
        self.succeeds(done)
        answer = json.loads(done.stdout)
        seen, total = set(), decimal.Decimal(0)
        for row in answer["rows"]:
            cell = tuple(value for name, value in row.items() if name not in ("data_source", "unblended_cost"))
            self.assertNotIn(cell, seen, f"counted twice: {row}")
            seen.add(cell)
            total += decimal.Decimal(row["unblended_cost"] or 0)
        return total

    def each(self, steps, check):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            started = {pool.submit(check, call, step): (call, step) for call, step in steps}
            for future in concurrent.futures.as_completed(started):
                with self.subTest(step=started[future]):
                    future.result()

    def test_first_day(self):
        words = ["first-day", "production", "--yes"]
        whole = self.copy("whole")
        steps = self.steps(whole, words)
        self.assertEqual(self.total(whole), self.kept(whole))
        self.assertGreater(self.kept(whole), 0)
        deaths = []

        def check(call, step):
            lake = self.copy(f"first-{call}-{step}")
            done = self.faulty(lake, words, calls=call, at=step)
            self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
            deaths.append(done.returncode)
            self.assertLessEqual(self.total(lake), self.kept(lake))
            # Collecting finds nothing and still fits what was kept: exact, without a request that costs.
            self.farthing(lake, "collect")
            self.assertEqual(self.total(lake), self.kept(lake))
            self.farthing(lake, *words)
            self.assertEqual(self.total(lake), self.kept(lake))
            self.assertEqual(len(list((lake.directory / "cost_explorer").rglob("answer.csv"))), 14)
            self.assertTrue(lake.state()["proven"])
            self.assertEqual(lake.leftovers(), [])
            shutil.rmtree(lake.directory)

        self.each(steps, check)
        self.assertGreater(deaths.count(-signal.SIGKILL), len(steps) // 2)

    def test_the_collection_that_brings_the_bill(self):
        self.farthing(self.base, "first-day", "production", "--yes")
        filled = self.kept(self.base)
        self.control("deliver")
        whole = self.copy("whole")
        steps = self.steps(whole, ["collect"])
        exact = self.total(whole)
        requests = self.asked("GetCostAndUsage")

        def check(call, step):
            lake = self.copy(f"bill-{call}-{step}")
            done = self.faulty(lake, ["collect"], calls=call, at=step)
            self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
            self.assertLessEqual(self.total(lake), max(exact, filled))
            self.farthing(lake, "collect")
            self.assertEqual(self.total(lake), exact)
            self.assertTrue(lake.state()["proven"])
            self.assertEqual(lake.leftovers(), [])
            shutil.rmtree(lake.directory)

        self.each(steps, check)
        self.assertEqual(self.asked("GetCostAndUsage"), requests)


if __name__ == "__main__":
    unittest.main()
