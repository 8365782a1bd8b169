"""The command line as a person meets it: help, exit codes, formats, colours, progress, completion."""

import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from decimal import Decimal

import harness


def on_terminal(arguments, env=None, width=100):
    """Runs the binary with all its streams on a terminal; returns the exit code and what it wrote."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FARTHING_", "NO_COLOR"))}
    environment.update({"TERM": "xterm", **(env or {})})
    try:
        leader, follower = pty.openpty()
    except OSError as error:  # a chroot without /dev/pts
        raise unittest.SkipTest(f"no pseudo-terminal here: {error}") from error
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen([harness.BINARY, *map(str, arguments)], stdin=follower, stdout=follower,
                               stderr=follower, env=environment)
    os.close(follower)
    written = b""
    while True:
        ready, _, _ = select.select([leader], [], [], harness.SECONDS)
        if not ready:
            process.kill()
            raise TimeoutError(arguments)
        try:
            block = os.read(leader, 65536)
        except OSError:  # the terminal is gone: the program has ended
            break
        if not block:
            break
        written += block
    os.close(leader)
    return process.wait(), written.decode()


class Help(harness.Case):
    def test_every_verb_has_help_with_examples(self):
        for verb in [*([v] for v in harness.VERBS), ["simulate", "bill"]]:
            with self.subTest(verb=verb):
                done = self.succeeds(harness.run(*verb, "--help"))
                self.assertRegex(done.stdout, r"Examples?:\n *(\w+ .*\| )?(farthing|printf) ")
                self.assertEqual(done.stderr, "")

    def test_every_verb_is_listed(self):
        done = self.succeeds(harness.run("--help"))
        listed = re.findall(r"^  ([\w-]+) +\S", done.stdout.split("Subcommands:")[1], re.M)
        self.assertEqual(sorted(listed), sorted(harness.VERBS))

    def test_help_is_a_word_too(self):
        for arguments in ([], ["cost"], ["simulate", "bill"]):
            with self.subTest(arguments):
                self.assertEqual(self.succeeds(harness.run("help", *arguments)).stdout,
                                 self.succeeds(harness.run(*arguments, "--help")).stdout)

    def test_every_verb_names_the_data_directory_and_its_formats(self):
        for verb in harness.VERBS:
            with self.subTest(verb):
                done = self.succeeds(harness.run(verb, "--help"))
                self.assertIn("--data DIR", done.stdout)
                formats = "table" if verb == "demo" else "table, csv"  # a demo tells a story
                self.assertRegex(done.stdout, "--format .*\n? *" + formats)

    def test_version(self):
        self.assertRegex(self.succeeds(harness.run("--version")).stdout, r"^farthing \d+\.\d+\.\d+\n$")


class WithLake(harness.Case):
    """One imported bill of two exports for all tests that only read."""

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="farthing-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        harness.simulate(cls.root / "bill", formats="cur1-csv,focus-csv")
        harness.simulate(cls.root / "next", 2)
        cls.lake = harness.Lake(cls.root / "data")
        for bill in ("bill", "next"):
            done = cls.lake.run("import", cls.root / bill)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)


class Formats(WithLake):
    QUESTIONS = [
        ["exports"], ["deliveries"], ["versions"], ["verify"], ["crosscheck"],
        ["cost", "--by", "service", "--metric", "unblended_cost"],
        ["explain", "--by", "service", "--metric", "unblended_cost"],
        ["diff", "--export", "cur1-csv", "--period", "2026-01", "--from", "1", "--to", "2"],
        ["sql", "select service_code, sum(unblended_cost) from cost_lines group by all"],
        ["elect", "cur1-csv"], ["completion", "bash"],
    ]

    def test_json_parses(self):
        for question in self.QUESTIONS:
            with self.subTest(question=question):
                done = self.succeeds(self.lake.run(*question, "--format", "json"))
                self.assertTrue(json.loads(done.stdout))
                self.assertEqual(done.stdout.count("\n"), 1)

    def test_csv_is_rectangular(self):
        for question in self.QUESTIONS:
            with self.subTest(question=question):
                done = self.succeeds(self.lake.run(*question, "--format", "csv"))
                rows = list(csv.reader(io.StringIO(done.stdout)))
                self.assertGreater(len(rows), 0 if question[0] == "crosscheck" else 1)
                self.assertEqual({len(row) for row in rows}, {len(rows[0])})

    def test_tables_are_the_default_and_end_in_a_line_feed(self):
        for question in self.QUESTIONS:
            with self.subTest(question=question):
                done = self.succeeds(self.lake.run(*question))
                self.assertTrue(done.stdout.endswith("\n"))
                self.assertNotIn("\033", done.stdout)

    def test_import_as_json(self):
        done = self.succeeds(self.lake.run("import", self.root / "next", "--format", "json"))
        report = json.loads(done.stdout)
        self.assertEqual([(o["outcome"], o["period"]) for o in report["outcomes"]],
                         [("unchanged", "2026-01")])
        self.assertIn("focus-csv 2026-01 is not added", "\n".join(report["notes"]))
        self.assertEqual(done.stderr, "")

    def test_import_as_csv(self):
        lake = harness.Lake(self.scratch / "data")
        done = self.succeeds(lake.run("import", self.root / "bill", "--format", "csv"))
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual({(r["outcome"], r["export"]) for r in rows},
                         {("loaded", "cur1-csv"), ("loaded", "focus-csv")})
        self.assertEqual(len({r["total"] for r in rows if r["metric"] == "unblended_cost"}), 1)

    def test_simulate_as_json(self):
        done = self.succeeds(harness.run("simulate", "--format", "json", "bill", "--out",
                                         self.scratch / "x", "--lines", 500, "--months", 1))
        self.assertEqual([(r["period"], r["lines"]) for r in json.loads(done.stdout)],
                         [("2026-01", "500")])

    def test_crosscheck_as_csv_lists_each_difference(self):
        lake = harness.Lake(self.scratch / "data")
        for name, directory in (("cur1-csv", "bill"), ("cur2-csv", "other")):
            harness.simulate(self.scratch / directory, 1 if name == "cur1-csv" else 2, formats=name)
            self.succeeds(lake.run("import", self.scratch / directory))
        rows = list(csv.DictReader(io.StringIO(
            self.succeeds(lake.run("crosscheck", "--format", "csv")).stdout)))
        checks = lake.json("crosscheck")
        self.assertEqual(len(rows), 2 * len(checks[0]["differences"]))
        self.assertGreater(len(rows), 0)
        for row in rows:
            self.assertEqual(Decimal(row["elected_value"]) + Decimal(row["change"]),
                             Decimal(row["other_value"]))
            self.assertIn(row["metric"], ("unblended_cost", "net_amortized_cost"))

    def test_the_shell_has_a_format_for_all_its_answers(self):
        done = self.lake.run("shell", "--format", "json", input="exports\nversions --format csv\nsing\n")
        answers = done.stdout.split("\n", 1)
        self.assertEqual(len(json.loads(answers[0])), 2)
        self.assertTrue(answers[1].startswith("export,period,"))
        self.assertEqual(json.loads(done.stderr)["code"], "invalid_argument")

    def test_answers_that_cannot_be_written_are_an_error(self):
        for question in self.QUESTIONS:
            with self.subTest(question=question), open("/dev/full", "w") as full:
                done = subprocess.run([harness.BINARY, "--data", self.lake.directory, *question],
                                      stdout=full, stderr=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, 7, done.stderr)
                self.assertIn("cannot write", done.stderr)


class ExitCodes(WithLake):
    def check(self, code, *arguments, words=()):
        done = self.fails(self.lake.run(*arguments), code, *words)
        self.assertEqual(done.stdout, "")
        return done

    def test_2_the_request_is_wrong(self):
        self.check(2)
        self.check(2, "sing")
        self.check(2, "versions", "--loud")
        self.check(2, "versions", "--format", "xml")
        self.check(2, "cost", "--by", "weather")
        self.check(2, "cost", "--from", "yesterday")
        self.check(2, "sql", "select from where")
        self.check(2, "simulate", "bill", "--out", self.scratch / "x", "--format", "cur9")
        self.check(2, "import", self.root / "bill", "--tolerate-bad-rows", "-1")
        self.check(2, "import", self.root / "bill", "--tolerate-bad-rows", "many")

    def test_4_not_there(self):
        self.check(4, "import", self.scratch / "nowhere", words=["nowhere", "fix:"])
        self.check(4, "import", self.scratch, words=["nothing to import", "fix:"])
        self.check(4, "elect", "nobody", words=["nobody", "fix:"])

    def test_8_damaged(self):
        file = self.scratch / "bill.csv"
        file.write_text("name,street\n")
        self.fails(self.lake.run("import", file), 8, "not a bill", "fix:")

    def test_8_when_the_lake_is_damaged(self):
        for table in ("cost_lines", "cost_daily", "cost_resource_daily", "tag_sets", "attribute_sets"):
            with self.subTest(table):
                damaged = harness.Lake(self.scratch / table)
                shutil.copytree(self.lake.directory, damaged.directory)
                active = next(v for v in damaged.json("versions") if not v["active_to"])
                part = next(damaged.directory.glob(f"lake/{table}/*/load_id={active['load_id']}/*"))
                part.unlink()
                done = self.fails(damaged.run("verify"), 8, "1 load", "fix:")
                self.assertIn("NO", done.stdout)

    def test_lines_of_another_load_do_not_prove(self):
        damaged = harness.Lake(self.scratch / "swapped")
        shutil.copytree(self.lake.directory, damaged.directory)
        loads = [v["load_id"] for v in damaged.json("versions") if v["export"] == "cur1-csv"]
        old, new = (next(damaged.directory.glob(f"lake/cost_lines/*/load_id={load}/*")) for load in loads)
        shutil.copy(old, new)
        self.fails(damaged.run("verify"), 8)

    def test_sql_cannot_write(self):
        for sql in ("create table t(a int)", "copy (select 1) to '/tmp/x.csv'", "delete from cost_lines",
                    "select * from read_csv('/etc/passwd')", "attach '/tmp/x.db'", "set threads=1"):
            with self.subTest(sql):
                done = self.lake.run("sql", sql)
                self.assertIn(done.returncode, (2, 3), done.stderr)


class ReadOnly(WithLake):
    """A share or a backup that this user may read but not write."""

    QUESTIONS = [
        ["exports"], ["deliveries"], ["versions"], ["verify"], ["crosscheck"],
        ["cost", "--by", "service"], ["explain", "--period", "2026-01"],
        ["diff", "--export", "cur1-csv", "--period", "2026-01", "--from", "1", "--to", "2"],
        ["sql", "select count(*) from cost_lines"],
    ]

    def setUp(self):
        super().setUp()
        if os.getuid() != 0:
            self.skipTest("only root can become another user")
        self.scratch.chmod(0o755)
        # No character of the name means anything to SQLite.
        self.share = harness.Lake(self.scratch / "a%20share #1")
        shutil.copytree(self.lake.directory, self.share.directory)

    def close(self):
        for path in [self.share.directory, *self.share.directory.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)

    def stranger(self, *arguments):
        return self.share.run(*arguments, user=65534, group=65534, extra_groups=[])

    def content(self):
        return sorted(str(path) for path in self.share.directory.rglob("*"))

    def test_every_verb_that_reads_reads_it(self):
        self.close()
        before = self.content()
        for question in self.QUESTIONS:
            with self.subTest(question):
                done = self.succeeds(self.stranger(*question))
                expected = self.succeeds(self.lake.run(*question)).stdout
                self.assertEqual(done.stdout.replace(str(self.share.directory), "LAKE"),
                                 expected.replace(str(self.lake.directory), "LAKE"))
        self.assertEqual(self.content(), before)

    def test_verbs_that_write_name_the_permission(self):
        self.close()
        for arguments in (["import", self.root / "bill"], ["elect", "cur1-csv"]):
            with self.subTest(arguments):
                self.root.chmod(0o755)
                done = self.fails(self.stranger(*arguments), 3, "fix: ", "write")
                self.assertNotIn("broken", done.stderr)

    def test_a_directory_that_may_not_be_written_at_all(self):
        empty = harness.Lake(self.scratch / "empty")
        empty.directory.mkdir(mode=0o555)
        self.root.chmod(0o755)
        done = self.fails(empty.run("import", self.root / "bill", user=65534, group=65534,
                                    extra_groups=[]), 3, "fix: ", "write")
        self.assertNotIn("broken", done.stderr)

    def leave_log(self):
        """A writer that was killed: its last transaction is in the log alone."""
        writer = subprocess.run(
            [sys.executable, "-c", "import os, sqlite3, sys\n"
             "db = sqlite3.connect(sys.argv[1])\n"
             "db.execute(\"update exports set name = 'renamed' where name = 'cur1-csv'\")\n"
             "db.commit()\nos._exit(0)", self.share.directory / "farthing.db"], check=True)
        self.assertEqual(writer.returncode, 0)
        self.assertGreater((self.share.directory / "farthing.db-wal").stat().st_size, 0)

    def test_changes_in_a_log_are_read(self):
        self.leave_log()
        self.close()
        self.assertIn("renamed", self.succeeds(self.stranger("deliveries")).stdout)

    def test_changes_in_a_log_without_its_index_are_not_passed_over(self):
        self.leave_log()
        (self.share.directory / "farthing.db-shm").unlink()
        self.close()
        for question in (["exports"], ["cost"]):
            self.fails(self.stranger(*question), 3, "farthing.db-wal", "fix: copy")


class NothingThere(harness.Case):
    """A mistyped directory is no empty lake, and asking does not make it one."""

    def test_verbs_that_read_create_nothing(self):
        missing = harness.Lake(self.scratch / "typo")
        for verb in (["exports"], ["deliveries"], ["versions"], ["verify"], ["crosscheck"], ["cost"],
                     ["elect", "x"], ["sql", "select 1"], ["explain"],
                     ["diff", "--period", "2026-01"]):
            with self.subTest(verb):
                self.fails(missing.run(*verb), 4, "nothing was imported into", "typo", "fix: ")
                self.assertFalse(missing.directory.exists())


class JsonErrors(WithLake):
    """Under --format json an error is one object on standard error, and standard output is empty."""

    ERRORS = {
        "import": (4, "not_found", ["nowhere"]),
        "cost": (2, "invalid_argument", ["--by", "weather"]),
        "exports": (2, "invalid_argument", ["--loud"]),
        "deliveries": (2, "invalid_argument", ["surplus"]),
        "versions": (2, "invalid_argument", ["--data"]),
        "elect": (4, "not_found", ["nobody"]),
        "crosscheck": (2, "invalid_argument", ["--by", "service"]),
        "diff": (2, "invalid_argument", ["--period", "yesterday"]),
        "verify": (2, "invalid_argument", ["now"]),
        "explain": (2, "invalid_argument", ["--from", "2026-13-01"]),
        "sql": (2, "invalid_argument", ["select from"]),
        "shell": (2, "invalid_argument", ["--fast"]),
        "templates": (2, "invalid_argument", ["--account", "12"]),
        "connect": (2, "invalid_argument", ["--name", "x", "--type", "magic"]),
        "check": (4, "not_found", ["nobody"]),
        "discover": (4, "not_found", ["nobody"]),
        "collect": (4, "not_found", ["--connection", "nobody"]),
        "first-day": (4, "not_found", ["nobody"]),
        "coverage": (4, "not_found", ["nobody"]),
        "reconcile": (4, "not_found", ["nobody"]),
        "backfill": (4, "not_found", ["nobody", "--from", "2025-01"]),
        "accounts": (4, "not_found", ["nobody"]),
        "tags": (4, "not_found", ["nobody", "list"]),
        "connections": (4, "not_found", ["show", "nobody"]),
        "disconnect": (4, "not_found", ["nobody", "--yes"]),
        "demo": (2, "invalid_argument", ["surplus"]),
        "simulate": (2, "invalid_argument", ["bill"]),
        "completion": (2, "invalid_argument", ["tcsh"]),
    }

    def test_every_verb(self):
        self.assertEqual(sorted(self.ERRORS), sorted(harness.VERBS))
        for verb, (exit_code, code, arguments) in self.ERRORS.items():
            with self.subTest(verb):
                done = self.lake.run(verb, "--format", "json", *arguments)
                self.assertEqual((done.returncode, done.stdout), (exit_code, ""), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                error = json.loads(done.stderr)
                self.assertEqual((error["code"], error["exit_code"]), (code, exit_code))
                self.assertTrue(error["message"])
                self.assertTrue(error["hint"])

    def test_no_verb(self):
        done = self.lake.run("sing", "--format=json")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(json.loads(done.stderr)["message"], "no such command: sing")

    def test_what_came_before_an_error_is_told(self):
        harness.simulate(self.scratch / "bucket")
        paths = [next((self.scratch / "bucket").rglob("*.csv.gz")), self.scratch / "nowhere"]
        for form in ("json", "table", "csv"):
            with self.subTest(form):
                done = harness.Lake(self.scratch / form).run("import", *paths, "--format", form)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn("loaded", done.stdout)
                self.assertIn("no such file or directory", done.stderr)
                if form == "json":
                    self.assertEqual(json.loads(done.stdout)["outcomes"][0]["outcome"], "loaded")
                    self.assertEqual(json.loads(done.stderr)["code"], "not_found")

    def test_a_quarantined_delivery_is_in_the_answer(self):
        file = self.scratch / "bill.csv"
        file.write_text("name,street\n")
        done = self.lake.run("import", file, "--format", "json")
        self.assertEqual(done.returncode, 8)
        self.assertEqual(json.loads(done.stdout)["outcomes"][0]["outcome"], "quarantined")
        self.assertEqual(json.loads(done.stderr)["code"], "corrupt")


class Words(WithLake):
    """What is mistyped is named, with what was meant."""

    def test_what_is_asked_for_and_not_there_is_told(self):
        for where, words in (
                ("service=AmazonEC2",
                 "no line has service AmazonEC2; near: Amazon ElastiCache, Amazon Elastic Compute Cloud"),
                ("account=12", "no line has account 12; near: ")):
            for form in ("table", "csv"):
                done = self.succeeds(self.lake.run("cost", "--where", where, "--format", form))
                self.assertIn("note: " + words, done.stderr)
            self.assertIn(words, "\n".join(self.lake.json("cost", "--where", where)["notes"]))

    def test_the_examples_of_explain_find_lines(self):
        examples = self.succeeds(harness.run("explain", "--help")).stdout.split("Examples:\n")[1]
        for line in examples.strip().splitlines():
            with self.subTest(line):
                done = self.succeeds(self.lake.run(*shlex.split(line)[1:]))
                self.assertNotIn("no line has", done.stdout + done.stderr)
                self.assertNotIn("Source rows: 0 of 0", done.stdout)

    def test_a_filter_of_one_is_a_filter(self):
        request = {"metrics": ["unblended_cost"], "group_by": ["service"],
                   "filter": {"and": [{"dimension": "charge_category", "in": ["Usage"]}]}}
        asked = self.lake.json("cost", "--request", json.dumps(request))
        flags = self.lake.json("cost", "--by", "service", "--where", "charge_category=Usage")
        self.assertEqual(asked["rows"], flags["rows"])
        request["filter"] = {"or": []}
        self.fails(self.lake.run("cost", "--request", json.dumps(request)), 2, "one or more", "fix:")

    def test_near_misses(self):
        for arguments, words in (
                (["vercions"], ["no such command: vercions", "versions"]),
                (["cost", "--metrics", "unblended_cost"], ["no such flag: --metrics", "--metric"]),
                (["cost", "--metric", "unblended"], ["unblended", "unblended_cost"]),
                (["versions", "surplus"], ["one word too many: surplus"]),
                (["sing"], ["no such command: sing", "farthing --help"]),
                ([], ["no command", "farthing --help"]),
                (["versions", "--loud"], ["no such flag: --loud", "farthing versions --help"]),
                (["cost", "--limit", "0"], ["--limit", "1 or more, not 0"]),
                (["cost", "--by", "weather"], ["no such dimension: weather", "service", "tag:KEY"]),
                (["sql", "select * from cost_line"], ["describe cost_lines"]),
                (["cost", "--by", "tag:nosuch"], ["no bill has tag:nosuch", "the bills have "]),
                (["cost", "--by", ""], ["--by: no dimension is named", "service"]),
                (["cost", "--period", "2026-03..2026-01"], ["the last period is before the first"]),
                (["cost", "--metric", ""], ["the request names no metric"]),
                (["cost", "--request", '{"metrics":[]}'], ["the request names no metric"]),
                (["cost", "--request", "{"], ["the request is not JSON"]),
                (["cost", "--other"], ["the remainder row needs a limit"]),
                (["cost", "--out", "."], ["this is a directory"]),
                (["cost", "--from", "2026-02-30"], ["--from", "2026-02-30"])):
            with self.subTest(arguments):
                self.fails(self.lake.run(*arguments), 2, "fix:", *words)


class Interrupts(WithLake):
    SLOW = "select sum(hash(a.range + b.range * 7)) from range(2000000) a, range(1000000) b"

    def interrupt(self, process):
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=harness.SECONDS)
        return process.returncode, out, err

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        return subprocess.Popen([harness.BINARY, "--data", self.lake.directory, *arguments],
                                stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_a_question_ends_and_says_so(self):
        self.assertEqual(self.interrupt(self.start("sql", self.SLOW)),
                         (130, "", "error: interrupted\n"))
        code, out, err = self.interrupt(self.start("sql", self.SLOW, "--format", "json"))
        self.assertEqual((code, out), (130, ""))
        self.assertEqual(json.loads(err), {"code": "interrupted", "message": "interrupted",
                                           "hint": "", "exit_code": 130})

    def test_a_script_of_the_shell_ends(self):
        process = self.start("shell", stdin=subprocess.PIPE)
        process.stdin.write(f'sql "{self.SLOW}"\nexports\n')
        process.stdin.flush()
        code, out, err = self.interrupt(process)
        self.assertEqual((code, out, err), (130, "", "error: interrupted\n"))

    def test_at_a_prompt_the_shell_goes_on(self):
        try:
            leader, follower = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal here: {error}")
        process = subprocess.Popen([harness.BINARY, "--data", self.lake.directory, "shell"],
                                   stdin=follower, stdout=follower, stderr=subprocess.PIPE, text=True)
        os.close(follower)
        os.write(leader, f'sql "{self.SLOW}"\n'.encode())
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        os.write(leader, b"elect nobody\nexit\n")
        _, err = process.communicate(timeout=harness.SECONDS)
        os.close(leader)
        self.assertEqual(process.returncode, 0)
        self.assertTrue(err.startswith("error: interrupted\nerror: no export named nobody\n"), err)

    def test_an_import_ends_and_the_next_one_sweeps(self):
        harness.simulate(self.scratch / "bill", lines=200_000)
        lake = harness.Lake(self.scratch / "data")
        process = subprocess.Popen([harness.BINARY, "--data", lake.directory, "import",
                                    self.scratch / "bill"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.assertIn("reading", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=harness.SECONDS)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn("error: interrupted; what was active before stays active\nfix:", err)
        self.succeeds(lake.run("import", self.scratch / "bill"))
        self.assertEqual(lake.leftovers(), [])

    def test_progress_of_a_question_shows_on_a_terminal(self):
        sql = "select sum(hash(a.range + b.range * 7)) from range(20000) a, range(20000) b"
        code, written = on_terminal(["--data", self.lake.directory, "sql", sql])
        self.assertEqual(code, 0)
        self.assertRegex(written, r"\r\033\[Kanswering .*\d+ s")
        self.assertRegex(written, r" \d+ s\r\033\[K[^\r]*sum")  # and goes away before the answer


class Terminal(WithLake):
    def test_colour_follows_terminal_and_no_color(self):
        arguments = ["--data", self.lake.directory, "elect", "nobody"]
        code, written = on_terminal(arguments)
        self.assertEqual(code, 4)
        self.assertIn("\033[31m", written)
        code, written = on_terminal(arguments, {"NO_COLOR": "1"})
        self.assertEqual(code, 4)
        self.assertNotIn("\033[3", written)
        self.assertNotIn("\033", self.lake.run("elect", "nobody").stderr)

    def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(self):
        bill = self.scratch / "bill"
        harness.simulate(bill, lines=60_000)
        code, written = on_terminal(["--data", self.scratch / "a", "import", bill], {"NO_COLOR": "1"})
        self.assertEqual(code, 0, written)
        self.assertRegex(written, r"\r.*reading \[=* *\] \d+%  \d+ rows  [\d.]+ MB  \d+ rows/s  \d+ s left")
        done = self.succeeds(harness.run("--data", self.scratch / "b", "import", bill))
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("\033", done.stderr)
        phases = re.findall(r"^cur1-csv 2026-01: (.*)$", done.stderr, re.M)
        self.assertEqual(phases, ["reading", "rolling up", "proving", "publishing"])


class Completion(harness.Case):
    def check(self, shell, *command):
        done = self.succeeds(harness.run("completion", shell))
        for verb in harness.VERBS:
            self.assertIn(verb, done.stdout)
        self.assertIn("tolerate-bad-rows", done.stdout)
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        script = self.scratch / "script"
        script.write_text(done.stdout)
        checked = subprocess.run([*command, script], capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        return script

    # What is typed, its last word still open → what a shell offers, whichever it is.
    OFFERS = {"ver": ["verify", "versions"],
              "import --tol": ["--tolerate-bad-rows"],
              "cost --format ": ["csv", "json", "parquet", "table"],
              "deliveries --format j": ["json"],
              "templates --kind t": ["terraform", "trust"],
              "completion f": ["fish"],
              "simulate b": ["bill"]}

    def offered(self, typed, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.scratch,
                              env={**os.environ, "HOME": str(self.scratch)}, timeout=harness.SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, ""), typed)
        return sorted(line.split("\t")[0] for line in done.stdout.splitlines() if line)

    def test_bash(self):
        script = self.check("bash", "bash", "-n")
        for typed, offers in self.OFFERS.items():
            words = f"farthing {typed}".split(" ")
            with self.subTest(typed):
                self.assertEqual(self.offered(typed, "bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); '
                                              'COMP_CWORD=$(($# - 1)); _farthing; printf "%s\\n" "${COMPREPLY[@]}"',
                                              "bash", script, *words), offers)

    def test_zsh(self):
        script = self.check("zsh", "zsh", "-n")
        # Outside its line editor zsh has neither of these; they print what they are to offer.
        stand_ins = ('compadd() { shift; print -rl -- ${(M)@:#$words[CURRENT]*} }; _files() { }; '
                     '_describe() { local -a names=(${(P)2}); print -rl -- ${(M)${names%%:*}:#$words[CURRENT]*} }; ')
        for typed, offers in self.OFFERS.items():
            words = f"farthing {typed}".split(" ")
            with self.subTest(typed):
                self.assertEqual(self.offered(typed, "zsh", "-f", "-c", stand_ins + 'script=$1; shift; words=("$@"); '
                                              'CURRENT=$#words; source $script', "zsh", script, *words), offers)

    def test_fish(self):
        script = self.check("fish", "fish", "-n")
        for typed, offers in self.OFFERS.items():
            with self.subTest(typed):
                self.assertEqual(self.offered(typed, "fish", "-N", "-c",
                                              f'source {script}; complete -C "farthing {typed}"'), offers)


class DataDirectory(harness.Case):
    def setUp(self):
        super().setUp()
        harness.simulate(self.scratch / "bill")

    def imported_to(self, directory, *arguments, env=None):
        done = self.succeeds(harness.run(*arguments, "import", self.scratch / "bill", env=env))
        self.assertIn("loaded", done.stdout)
        self.assertTrue((directory / "farthing.db").exists())

    def test_where_it_is(self):
        a, b, c, d = (self.scratch / name for name in "abcd")
        self.imported_to(a, env={"FARTHING_DATA": str(a), "XDG_DATA_HOME": str(c)})
        self.imported_to(b, "--data", b, env={"FARTHING_DATA": str(a)})
        self.imported_to(c / "farthing", env={"XDG_DATA_HOME": str(c)})
        self.imported_to(d / ".local" / "share" / "farthing", env={"HOME": str(d)})
        done = self.succeeds(harness.run("import", self.scratch / "bill", "--data", b))  # behind the verb
        self.assertIn("unchanged", done.stdout)

    def test_awkward_paths(self):
        for name in ("with space", "it's [2026] {a,b}*?", "größe ✓", "100%25", 'say "so"'):
            with self.subTest(name):
                bill = self.scratch / name / "bill"
                bill.parent.mkdir()
                shutil.copytree(self.scratch / "bill", bill)
                lake = harness.Lake(self.scratch / name / "data")
                self.succeeds(lake.run("import", bill))
                state = lake.state()
                self.assertTrue(state["proven"])
                self.assertEqual(state["total"][0], "500")

    def test_awkward_paths_of_parquet(self):
        harness.simulate(self.scratch / "it's [2026] {a,b}*?", formats="cur2-parquet")
        lake = harness.Lake(self.scratch / "data")
        self.succeeds(lake.run("import", self.scratch / "it's [2026] {a,b}*?"))
        self.assertEqual(lake.state()["total"][0], "500")

    def test_relative_paths(self):
        done = self.succeeds(harness.run("--data", "data", "import", "bill", cwd=self.scratch))
        self.assertIn("loaded", done.stdout)
        self.succeeds(harness.run("--data", "data", "verify", cwd=self.scratch))
        done = self.succeeds(harness.run("--data", self.scratch / "data", "import", self.scratch / "bill"))
        self.assertIn("unchanged", done.stdout)


class Versions(harness.Case):
    def test_all_versions_gives_every_assembly_in_order(self):
        totals = [harness.simulate(self.scratch / "bill", delivery, 500, "cur1-csv", 1, "--create-new")
                  for delivery in (1, 2, 3)]
        newest = harness.Lake(self.scratch / "newest")
        self.succeeds(newest.run("import", self.scratch / "bill"))
        self.assertEqual([n for _, _, n in newest.versions()], [1])
        every = harness.Lake(self.scratch / "every")
        self.succeeds(every.run("import", self.scratch / "bill", "--all-versions"))
        self.assertEqual([n for _, _, n in every.versions()], [1, 2, 3])
        self.assertEqual(newest.state()["total"], every.state()["total"])
        self.assertEqual(len({json.dumps(t, sort_keys=True) for t in totals}), 3)
        again = self.succeeds(every.run("import", self.scratch / "bill", "--all-versions"))
        self.assertEqual(again.stdout.count("unchanged"), 3)
        self.assertEqual(len(every.versions()), 3)

    def test_each_delivery_in_its_turn(self):
        lake = harness.Lake(self.scratch / "data")
        for delivery in (1, 2, 3):
            harness.simulate(self.scratch / "bill", delivery, 1000, "cur2-csv", 2, "--create-new")
            self.succeeds(lake.run("import", self.scratch / "bill"))
        numbers = [(period, n) for _, period, n in lake.versions()]
        self.assertEqual(numbers, [("2026-01", 1), ("2026-02", 1), ("2026-02", 2), ("2026-02", 3)])


if __name__ == "__main__":
    unittest.main()
