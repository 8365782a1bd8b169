"""A program that dies, or a disk that fails, at any step of an import.

Whatever the step, readers see exactly the old version or exactly the new one, every figure proves,
and the next import puts everything right.
"""

import concurrent.futures
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness

LIBRARY = os.environ.get("FARTHING_FAULT_LIBRARY", "")
CALLS = ["rename", "sync", "open", "write", "mkdir", "unlink"]


def spread(items, most):
    """At most `most` items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[i * (len(items) - 1) // (most - 1)] for i in range(most)]


class Faults(unittest.TestCase):
    """One bill in two deliveries, the first one imported; each test works on copies of it."""

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="farthing-fault-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        harness.simulate(cls.root / "one")
        harness.simulate(cls.root / "two", 2)
        base = harness.Lake(cls.root / "base")
        done = base.run("import", cls.root / "one")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.old = base.state()
        cls.new_total, cls.steps = cls.record()

    @classmethod
    def copy(cls, name):
        shutil.copytree(cls.root / "base", cls.root / name)
        return harness.Lake(cls.root / name)

    @classmethod
    def import_with_fault(cls, lake, **settings):
        env = {"LD_PRELOAD": LIBRARY, "FARTHING_FAULT_UNDER": str(lake.directory)}
        env.update({f"FARTHING_FAULT_{name.upper()}": str(value) for name, value in settings.items()})
        return lake.run("import", cls.root / "two", env=env)

    @classmethod
    def record(cls):
        """Imports undisturbed; returns the new total and the paths of each kind of call in order."""
        lake = cls.copy("recorded")
        log = cls.root / "log"
        done = cls.import_with_fault(lake, calls=",".join(CALLS), log=log)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        steps = {call: [] for call in CALLS}
        for line in log.read_text().splitlines():
            call, path = line.split(" ", 1)
            steps[call].append(os.path.relpath(path, lake.directory))
        return lake.state()["total"], steps

    def chosen_steps(self):
        """Every rename, every flush but some of the staging's, and a spread of the others."""
        chosen = [("rename", i) for i in range(1, len(self.steps["rename"]) + 1)]
        flushes = list(enumerate(self.steps["sync"], 1))
        staged = [i for i, path in flushes if path.startswith("staging")]
        chosen += [("sync", i) for i, path in flushes if not path.startswith("staging")]
        chosen += [("sync", i) for i in spread(staged, 8)]
        by_file = {}
        for i, path in enumerate(self.steps["write"], 1):
            if not path.endswith("-shm"):
                by_file.setdefault(path, []).append(i)
        chosen += [("write", i) for writes in by_file.values() for i in spread(writes, 2)]
        for call, most in (("open", 12), ("mkdir", 4), ("unlink", 5)):
            chosen += [(call, i) for i in spread(range(1, len(self.steps[call]) + 1), most)]
        return chosen

    def check_each(self, check):
        """Runs check(call, step) for each chosen step, two at a time; reports every failure."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            started = {pool.submit(check, call, step): (call, step)
                       for call, step in self.chosen_steps()}
            for future in concurrent.futures.as_completed(started):
                call, step = started[future]
                paths = self.steps[call]
                with self.subTest(call=call, step=step, path=paths[min(step, len(paths)) - 1]):
                    future.result()

    def assert_old_or_new(self, lake):
        """Returns the state of a lake that is one of two things and nothing between."""
        state = lake.state()
        self.assertTrue(state["proven"])
        self.assertEqual(len(state["active"]), 1)
        is_old = state["active"] == self.old["active"]
        self.assertEqual(state["total"], self.old["total"] if is_old else self.new_total)
        return "old" if is_old else "new"

    def assert_next_import_mends(self, lake):
        done = lake.run("import", self.root / "two")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.assert_old_or_new(lake), "new")
        self.assertEqual(lake.leftovers(), [])
        self.assertEqual([number for _, _, number in lake.versions()], [1, 2])

    def test_killed_at_each_step(self):
        def check(call, step):
            lake = self.copy(f"kill-{call}-{step}")
            done = self.import_with_fault(lake, calls=call, at=step)
            # Threads race for some writes, so that a late step may not come at all.
            self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
            seen = self.assert_old_or_new(lake)
            if call == "rename":
                self.assertEqual((done.returncode, seen), (-signal.SIGKILL, "old"))
            self.assert_next_import_mends(lake)
            shutil.rmtree(lake.directory)

        self.check_each(check)

    def test_disk_full_at_each_step(self):
        def check(call, step):
            lake = self.copy(f"full-{call}-{step}")
            done = self.import_with_fault(lake, calls=call, at=step, action="ENOSPC", stays=1)
            if done.returncode == 0:  # after the commit, or a file the program can do without
                self.assertEqual(self.assert_old_or_new(lake), "new")
            else:
                self.assertIn("No space left", done.stderr)
                self.assertEqual(done.returncode, 6, done.stderr)
                self.assertEqual(self.assert_old_or_new(lake), "old")
                self.assertIn(str(lake.directory), done.stderr)
                self.assertIn("fix:", done.stderr)
                told = lake.json("deliveries")[-1]  # where what failed is not the catalog itself
                if told["status"] != "loaded":
                    self.assertEqual(told["status"], "quarantined")
                    self.assertIn("No space left", told["reason"])
            self.assert_next_import_mends(lake)
            shutil.rmtree(lake.directory)

        self.check_each(check)

    def test_disk_full_on_a_real_file_system(self):
        mount = self.root / "tiny"
        mount.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=640k", "tmpfs", mount],
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("mounting a tmpfs needs root")
        try:
            shutil.copytree(self.root / "base", mount / "data")
            lake = harness.Lake(mount / "data")
            filler = mount / "filler"
            free = shutil.disk_usage(mount).free
            for kilobytes in (0, 40, 80, 160):
                filler.write_bytes(bytes(max(0, free - 1024 * kilobytes)))
                done = lake.run("import", self.root / "two")
                self.assertEqual(done.returncode, 6, f"{kilobytes} kB free: {done.stderr}")
                self.assertIn(str(lake.directory), done.stderr)
                self.assertIn("fix:", done.stderr)
                filler.unlink()  # a full disk may keep even SQLite's readers out
                self.assertEqual(self.assert_old_or_new(lake), "old")
            subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
            self.assert_next_import_mends(lake)
        finally:
            subprocess.run(["umount", "-l", mount], check=False)

    def test_broken_disk(self):
        for call, step in (("sync", 1), ("rename", 3), ("write", 12), ("open", 4)):
            with self.subTest(call=call, step=step):
                lake = self.copy(f"broken-{call}")
                done = self.import_with_fault(lake, calls=call, at=step, action="EIO")
                self.assertEqual(done.returncode, 7, done.stderr)
                self.assertIn(str(lake.directory), done.stderr)
                self.assertEqual(self.assert_old_or_new(lake), "old")
                self.assert_next_import_mends(lake)

    def test_killed_during_the_first_import(self):
        for call, step in (("rename", 1), ("rename", 5), ("sync", 3), ("mkdir", 6), ("open", 2)):
            with self.subTest(call=call, step=step):
                lake = harness.Lake(self.root / f"first-{call}-{step}")
                done = self.import_with_fault(lake, calls=call, at=step)
                self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
                self.assertEqual(lake.json("versions"), [])
                self.assertEqual(lake.run("import", self.root / "two").returncode, 0)
                self.assertEqual(lake.state()["total"], self.new_total)
                self.assertEqual(lake.leftovers(), [])


class Concurrency(harness.Case):
    def setUp(self):
        super().setUp()
        self.lake = harness.Lake(self.scratch / "data")

    def start(self, *arguments, **options):
        process = subprocess.Popen([harness.BINARY, "--data", str(self.lake.directory),
                                    *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def test_readers_during_imports(self):
        totals = []
        for delivery in range(1, 7):
            harness.simulate(self.scratch / str(delivery), delivery)
            if delivery == 1:
                self.succeeds(self.lake.run("import", self.scratch / "1"))
                totals.append(self.lake.state()["total"][1])
        reader = self.start("shell", "--end-marker", ".", stdin=subprocess.PIPE)
        self.addCleanup(reader.stdin.close)

        def warm():
            reader.stdin.write('sql --format csv "select sum(unblended_cost) from cost_lines"\n')
            reader.stdin.flush()
            lines = []
            while not lines or lines[-1] != ".":
                lines.append(reader.stdout.readline().strip())
            return lines[1]

        def cold():
            done = self.succeeds(self.lake.run("cost", "--metric", "unblended_cost", "--format", "csv"))
            return done.stdout.splitlines()[1]

        answers = {warm: [], cold: []}
        for delivery in range(2, 7):
            writer = self.start("import", self.scratch / str(delivery))
            while writer.poll() is None:
                for ask in answers:
                    answers[ask].append(ask())
            self.assertEqual(writer.returncode, 0, writer.stderr.read())
            totals.append(self.lake.state()["total"][1])
        for ask, seen in answers.items():
            self.assertGreater(len(seen), 5)
            ranks = [totals.index(answer) for answer in seen]  # fails on any other total
            self.assertEqual(ranks, sorted(ranks), f"{ask.__name__} went back in time")
        reader.stdin.close()
        self.assertEqual(reader.wait(harness.SECONDS), 0)

    def test_two_imports_at_once(self):
        harness.simulate(self.scratch / "bill", lines=40_000)
        first = self.start("import", self.scratch / "bill")
        while not self.is_locked():
            self.assertIsNone(first.poll(), "the import ended before it was seen working")
        self.addCleanup(first.wait)
        first.send_signal(signal.SIGSTOP)
        try:
            second = self.lake.run("import", self.scratch / "bill")
            self.fails(second, 5, "another", str(self.lake.directory), "fix:")
        finally:
            first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(harness.SECONDS), 0)
        self.assertRegex(self.lake.run("import", self.scratch / "bill").stdout, r"^unchanged ")
        self.assertEqual(len(self.lake.versions()), 1)

    def is_locked(self):
        path = self.lake.directory / "lock"
        if not path.exists():
            return False
        with open(path, "r+b") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        time.sleep(0.001)  # do not keep the lock from the import
        return False


if __name__ == "__main__":
    unittest.main()
