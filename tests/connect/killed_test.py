"""A process that dies at any step of a deletion, or of a rotation of the key: what was begun is ended by the next command,
and what others have stays to the digit.  Directories and keys that nobody asks AWS about: no network."""
import os
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

LIBRARY = os.environ.get("FARTHING_FAULT_LIBRARY", "")
CALLS = ["rename", "sync", "unlink", "write"]
TABLES = ["connections", "secrets", "reports", "collected", "connection_exports", "cost_explorer_answers"]


def spread(count, most):
    if count <= most:
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (most - 1) for i in range(most)})


class Killed(harness.Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(LIBRARY, "set FARTHING_FAULT_LIBRARY")
        self.copies = 0

    def faulty(self, lake, *words, **settings):
        env = {"LD_PRELOAD": LIBRARY, "FARTHING_FAULT_UNDER": str(lake.directory)}
        env.update({f"FARTHING_FAULT_{name.upper()}": str(value) for name, value in settings.items()})
        return lake.run(*words, env=env)

    def copy(self, base):
        self.copies += 1
        target = self.scratch / f"copy-{self.copies}"
        harness.shutil.copytree(base, target)
        return harness.Lake(target)

    def steps(self, base, *words):
        """How often each kind of call happens when nothing goes wrong."""
        log = self.scratch / "log"
        self.succeeds(self.faulty(self.copy(base), *words, calls=",".join(CALLS), log=log))
        calls = [line.split(" ", 1)[0] for line in log.read_text().splitlines()]
        return {call: calls.count(call) for call in CALLS}

    def killed_at_each(self, base, *words):
        for call, count in self.steps(base, *words).items():
            for step in spread(count, 8):
                lake = self.copy(base)
                done = self.faulty(lake, *words, calls=call, at=step)
                self.assertEqual(done.returncode, -9, f"{call} {step} of {count}: {done.stderr}")
                yield f"{call} {step} of {count}", lake
                harness.shutil.rmtree(lake.directory)

    def test_deletion(self):
        base = harness.Lake(self.scratch / "base")
        for name, form, first in (("goes", "cur2-csv", "2025-03"), ("stays", "cur1-csv", "2019-03")):
            harness.simulate(self.scratch / name, 1, 500, form, 1, "--start", first)
            self.succeeds(base.run("connect", "--name", name, "--type", "directory", "--directory", self.scratch / name))
            self.succeeds(base.run("check", name))
            if name == "stays":
                self.succeeds(base.run("disconnect", "goes", "--yes"))  # its bills stay until it is deleted
            self.succeeds(base.run("collect", "--connection", name))
        rows = base.json("sql", "select billing_period, count(*), sum(unblended_cost) from cost_lines group by 1")["rows"]
        kept = [row for row in rows if row[0].startswith("2019-03")]
        self.assertEqual((len(rows), len(kept)), (2, 1), rows)
        ended = begun = 0
        for where, lake in self.killed_at_each(base.directory, "connections", "delete", "goes", "--yes"):
            lake.run("collect")  # looks at terms first
            rows = lake.json("sql", "select billing_period, count(*), sum(unblended_cost) from cost_lines group by 1")["rows"]
            with sqlite3.connect(lake.directory / "farthing.db") as database:
                left = [t for t in TABLES if database.execute(
                    f"SELECT 1 FROM {t} WHERE connection_id NOT IN (SELECT connection_id FROM connections WHERE name = 'stays')"
                ).fetchone()]
            if left:  # killed before it was begun
                begun += 1
                self.assertEqual(len(rows), 2, where)
                continue
            ended += 1
            self.assertEqual(rows, kept, where)
            self.assertEqual(lake.leftovers(), [], where)
            self.assertEqual(len(lake.json("exports")), 1, where)
        self.assertGreater(ended, begun)

    def test_rotation(self):
        base = harness.Lake(self.scratch / "base")
        for i in range(3):
            self.succeeds(base.run("connect", "--name", f"keys-{i}", "--type", "bucket", "--endpoint", "https://s3.example.net",
                                   "--bucket", f"bills-{i}", "--access-key-id", f"KEY{i}", "--secret-file", "-", input=f"secret {i}"))
        for where, lake in self.killed_at_each(base.directory, "connections", "rotate-key"):
            done = self.succeeds(lake.run("connections", "rotate-key"))  # reads every secret
            self.assertIn("3 secrets", done.stdout, where)
            self.assertFalse((lake.directory / "secret.key.next").exists(), where)


class KeySources(harness.Case):
    """Each place that the key may come from, as an operator sets it up."""

    def setUp(self):
        super().setUp()
        self.lake = harness.Lake(self.scratch / "data")
        self.key = self.scratch / "farthing-secret-key"
        self.write(self.key, "11" * 32)
        self.succeeds(self.lake.run(
            "connect", "--name", "keys", "--type", "bucket", "--endpoint", "https://s3.example.net", "--bucket", "bills",
            "--access-key-id", "KEY", "--secret-file", "-", input="secret", env={"FARTHING_SECRET_KEY": "11" * 32}))
        self.assertFalse((self.lake.directory / "secret.key").exists())

    @staticmethod
    def write(file, text, mode=0o600):
        file.unlink(missing_ok=True)
        file.write_text(text + "\n")
        file.chmod(mode)

    def rotate(self, env, *words):
        return self.lake.run("connections", "rotate-key", *words, env=env)

    def test_each_place(self):
        new = self.scratch / "new"
        self.write(new, "22" * 32, 0o644)
        places = {"FARTHING_SECRET_KEY_FILE": str(self.key), "CREDENTIALS_DIRECTORY": str(self.scratch)}
        for name, value in places.items():
            self.fails(self.rotate({name: value}), 2, "--new-key-file")
            self.fails(self.rotate({name: value}, "--new-key-file", new), 3, "can be read by others", "chmod 600")
        new.chmod(0o600)
        self.succeeds(self.rotate({"FARTHING_SECRET_KEY_FILE": str(self.key)}, "--new-key-file", new))
        self.fails(self.rotate({"FARTHING_SECRET_KEY_FILE": str(self.key)}, "--new-key-file", new), 3, "another key")
        self.write(self.key, "22" * 32, 0o440)  # in the old one's place, as systemd shows it
        self.fails(self.rotate({"FARTHING_SECRET_KEY_FILE": str(self.key)}, "--new-key-file", new), 3, "read by others")
        self.write(new, "33" * 32)
        self.succeeds(self.rotate({"CREDENTIALS_DIRECTORY": str(self.scratch)}, "--new-key-file", new))
        self.succeeds(self.rotate({"FARTHING_SECRET_KEY": "33" * 32}, "--new-key-file", new))
        self.fails(self.rotate({"FARTHING_SECRET_KEY": "33"}), 2, "64 hex digits")


if __name__ == "__main__":
    unittest.main()
