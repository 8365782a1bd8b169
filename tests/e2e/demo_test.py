"""`farthing demo`: from nothing to a cost report against a rehearsal AWS in one process."""

import re
import time
import unittest

import harness


class Demo(harness.Case):
    def test_onboards_collects_and_reports_in_under_a_minute(self):
        data = self.scratch / "rehearsal"
        started = time.monotonic()
        done = self.succeeds(harness.run("demo", "--data", data))
        self.assertLess(time.monotonic() - started, 60)
        self.assertIn("20 passed, 0 warnings, 0 failed", done.stdout)
        self.assertEqual(len(re.findall(r"^rehearsal  \d{4}-\d\d  loaded  \d+ lines$", done.stdout, re.M)), 3)
        total = re.search(r"^total +(\S+)", done.stdout, re.M)[1]
        self.assertIn(f"export FARTHING_DATA={data}", done.stdout)

        lake = harness.Lake(data)
        self.assertTrue(lake.state()["proven"])
        self.assertIn(total, lake.run("cost").stdout)
        self.assertEqual(lake.leftovers(), [])

    def test_does_not_touch_what_is_there(self):
        data = self.scratch / "mine"
        self.succeeds(harness.run("simulate", "bill", "--out", self.scratch / "bucket", "--lines", 500, "--months", 1,
                                  "--format", "cur2-csv"))
        self.succeeds(harness.run("--data", data, "import", self.scratch / "bucket"))
        self.fails(harness.run("demo", "--data", data), 5, "made-up bills", "fix: give an empty directory")

    def test_makes_a_directory_of_its_own(self):
        done = self.succeeds(harness.run("demo", "--lines", 500, env={"TMPDIR": str(self.scratch),
                                                                       "FARTHING_DATA": str(self.scratch / "untouched")}))
        made = [each.name for each in self.scratch.iterdir()]
        self.assertEqual(len(made), 1, made)
        self.assertTrue(made[0].startswith("farthing-demo-"))
        self.assertIn(made[0], done.stdout)


if __name__ == "__main__":
    unittest.main()
