"""Collecting onto a disk that is really full: the old bills stay, the error says so, and with room the next run mends."""

import shutil
import subprocess
import unittest

import rehearsed


class FullDisk(rehearsed.Case):
    FLAGS = ["--lines", "3000", "--months", "1", "--exports", "cur2-csv", "--clock", "2026-11-20T08:00:00Z"]

    def test_the_old_state_stays_and_the_next_run_completes(self):
        mount = self.scratch / "disk"
        mount.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("mounting a tmpfs needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        lake = self.connect(mount / "data", "--check")
        self.farthing(lake, "collect")
        old = lake.state()
        whole = self.connect(self.scratch / "whole", "--check")
        self.control("restate", period="2026-11")
        self.control("deliver")
        self.farthing(whole, "collect")

        filler = mount / "filler"
        free = shutil.disk_usage(mount).free
        stages = set()
        for kilobytes in (0, 50, 200, 400, 700, 1000, 1300):
            with open(filler, "wb") as file:
                file.truncate(0)
                file.write(bytes(max(0, free - 1024 * kilobytes)))
            done = lake.run("collect", env=self.environment)
            filler.unlink()  # a full disk may keep even SQLite's readers out
            if done.returncode == 0:
                break  # there was room enough: nothing more to see
            self.assertEqual(done.returncode, 6, f"{kilobytes} kB free: {done.stderr}")
            self.assertRegex(done.stderr, "No space left on|too little room on the disk|disk is full")
            self.assertIn("fix: free space on that disk", done.stderr)
            stages.add("before the download" if "too little room" in done.stderr else "while writing")
            self.assertEqual(lake.state(), old, f"{kilobytes} kB free")
        self.assertEqual(stages, {"before the download", "while writing"})

        self.farthing(lake, "collect")
        new = lake.state()
        self.assertEqual(new["total"], whole.state()["total"])
        self.assertNotEqual(new["total"], old["total"])
        self.assertTrue(new["proven"])
        self.assertEqual(lake.leftovers(), [])
        left = [p for p in (lake.directory / "downloads").rglob("*") if p.is_file() and p.name != "lock"]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
