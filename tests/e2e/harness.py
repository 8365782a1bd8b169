"""Drives the built binary as a person would: runs verbs, reads their answers, makes bills.

FARTHING_BINARY names the program (CMake sets it).  Standard library only.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ.get("FARTHING_BINARY", "")
SECONDS = 120  # no single command of a test takes longer

VERBS = ["import", "cost", "exports", "deliveries", "versions", "elect", "crosscheck", "diff",
         "verify", "explain", "sql", "shell", "connect", "templates", "check", "discover", "collect",
         "first-day", "coverage", "reconcile", "backfill", "accounts", "tags", "connections",
         "disconnect", "simulate", "demo", "completion"]


def run(*arguments, env=None, text=True, **options):
    """Runs the binary and returns the finished process with its output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FARTHING_", "XDG_"))}
    environment.update(env or {})
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if options["stdin"] is None:
        del options["stdin"]
    return subprocess.run([BINARY, *map(str, arguments)], env=environment, capture_output=True,
                          text=text, timeout=SECONDS, check=False, **options)


def simulate(out, delivery=1, lines=500, formats="cur1-csv", months=1, *flags):
    """Writes a synthetic bill and returns its exact totals by month."""
    done = run("simulate", "bill", "--out", out, "--lines", lines, "--months", months, "--format",
               formats, "--delivery", delivery, *flags)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads((pathlib.Path(out) / "EXPECTED.json").read_text())


class Lake:
    """A data directory and what the binary says about it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def run(self, *arguments, **options):
        return run("--data", self.directory, *arguments, **options)

    def json(self, *arguments):
        done = self.run(*arguments, "--format", "json")
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.stderr}")
        return json.loads(done.stdout)

    def state(self):
        """Active loads, the exact total a question gets, and whether verify is content."""
        questions = ("versions --format json\nverify --format json\n"
                     "sql --format json \"select count(*), sum(unblended_cost) from cost_lines\"\n")
        done = self.run("shell", input=questions)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        if done.stderr or len(answers) != 3:
            raise AssertionError(f"the lake cannot be read: {done.stderr}{done.stdout}")
        active = {v["load_id"] for v in answers[0] if not v["active_to"]}
        proven = all(proof["proven"] == "yes" for proof in answers[1])
        return {"active": active, "proven": proven, "total": tuple(answers[2]["rows"][0])}

    def versions(self):
        return [(v["export"], v["period"], int(v["version"])) for v in self.json("versions")]

    def leftovers(self):
        """Partitions no version names and anything in staging: what a sweep should have removed."""
        known = {version["load_id"] for version in self.json("versions")}
        found = [p for p in self.directory.glob("lake/*/*/load_id=*")
                 if p.name.removeprefix("load_id=") not in known]
        staging = self.directory / "staging"
        return found + [p for p in staging.rglob("*") if not p.is_dir()]


class Case(unittest.TestCase):
    """A test with a directory of its own that goes away with it."""

    def setUp(self):
        self.assertTrue(BINARY, "set FARTHING_BINARY to the built program")
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="farthing-test-"))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def succeeds(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def fails(self, done, code, *words):
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")
        for word in words:
            self.assertIn(word, done.stderr)
        return done
