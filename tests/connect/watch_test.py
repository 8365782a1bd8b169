"""`farthing collect --watch` while the world around it changes: a new key for secrets, terms that end, connections that a
person switches off."""
import datetime
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rehearsal"))

import rehearsal  # noqa: E402

rehearsal.use_installed_clients()


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.aws = rehearsal.Rehearsal()
        self.addCleanup(self.aws.__exit__)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="farthing-watch-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def environment(self):
        clean = {name: value for name, value in self.aws.environment(self.aws.facts["platform"]).items()
                 if not name.startswith(("FARTHING_", "XDG_"))}
        return {**clean, "HOME": str(self.data)}

    def farthing(self, *words, code=0, **options):
        done = subprocess.run([rehearsal.BINARY, "--data", str(self.data / "lake"), *map(str, words)], text=True,
                              capture_output=True, env=self.environment(), timeout=120, check=False, **options)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def json(self, *words):
        return json.loads(self.farthing(*words, "--format", "json"))

    def states(self):
        return {each["settings"]["name"]: each["state"] for each in self.json("connections")}

    def watch(self, *words):
        log = self.data / "watch.log"
        with log.open("w") as output:
            process = subprocess.Popen([rehearsal.BINARY, "--data", str(self.data / "lake"), "collect", "--watch", *words],
                                       stdout=output, stderr=subprocess.STDOUT, env=self.environment())
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        return log

    def wait_for(self, what, log):
        for _ in range(300):
            if what(log.read_text()):
                return
            time.sleep(0.1)
        self.fail(log.read_text())

    def keys(self):
        """A payer by keys, verified; with its key id and secret."""
        iam = self.aws.client("iam")
        iam.create_user(UserName="farthing")
        iam.put_user_policy(UserName="farthing", PolicyName="farthing", PolicyDocument=self.farthing(
            "templates", "--type", "payer-keys", "--account", self.aws.payer, "--bucket", "example-billing-exports",
            "--prefix", "billing", "--export-kind", "cur2", "--with", "read-billing,organization", "--kind", "policy"))
        key = iam.create_access_key(UserName="farthing")["AccessKey"]
        self.farthing("connect", "--name", "payer", "--type", "payer-keys", "--account", self.aws.payer, "--access-key-id",
                      key["AccessKeyId"], "--secret-file", "-", "--export-kind", "cur2", "--with", "read-billing,organization",
                      input=key["SecretAccessKey"])
        self.farthing("check", "payer")
        return key["SecretAccessKey"]

    def directory(self, name, *more):
        bills = self.data / name
        subprocess.run([rehearsal.BINARY, "simulate", "bill", "--out", str(bills), "--months", "1", "--lines", "500"], check=True,
                       stdout=subprocess.DEVNULL)
        self.farthing("connect", "--name", name, "--type", "directory", "--directory", bills, *more)
        self.farthing("check", name)

    def deliver(self):
        self.aws.command("restate", period=f"{rehearsal.CLOCK:%Y-%m}")
        self.aws.command("deliver")

    def test_a_new_key_is_noticed(self):
        self.keys()
        log = self.watch("--every", "0.001")
        self.wait_for(lambda text: "bill data of payer is ready" in text, log)
        loaded = log.read_text().count("loaded")
        self.farthing("connections", "rotate-key")
        self.deliver()
        self.wait_for(lambda text: text.count("loaded") > loaded, log)
        self.assertNotIn("error:", log.read_text())
        self.assertEqual(self.states(), {"payer": "connected"})

    def test_a_lost_key_stops_nobody_else_and_its_secret_can_be_entered_again(self):
        secret = self.keys()
        self.directory("copies")
        key = self.data / "lake" / "secret.key"
        key.unlink()
        told = self.farthing("collect", code=3)
        self.assertIn("the key of the stored secrets is missing", told)
        self.assertIn("farthing connections edit payer --secret-file FILE", told)
        self.assertEqual(self.states()["copies"], "connected")
        self.farthing("connections", "edit", "copies", "--group", "finance")
        self.farthing("connections", "rotate-key", code=3)
        self.assertFalse(key.exists())
        self.farthing("connections", "edit", "payer", "--secret-file", "-", input=secret)
        self.farthing("collect", "--connection", "payer")
        self.farthing("connections", "rotate-key")
        key.write_text("ab" * 32)
        self.assertIn("another key", self.farthing("check", "payer", code=3))
        self.farthing("disconnect", "payer", "--yes")

    def test_a_term_that_ends_is_told_once_and_nothing_more_is_done(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        self.directory("ends", "--until", today, "--no-renew")
        self.directory("stays")
        with sqlite3.connect(self.data / "lake" / "farthing.db") as database:
            database.execute("UPDATE connections SET settings = replace(settings, ?, ?), last_checked = NULL",
                             (str(today), str(today - datetime.timedelta(days=2))))
        log = self.watch()
        self.wait_for(lambda text: "stays" in text and "loaded" in text, log)
        about = [line for line in log.read_text().splitlines() if "ends" in line]
        self.assertEqual(len(about), 1, log.read_text())
        self.assertTrue(about[0].startswith("note: the term of connection ends ended on"), about)
        self.assertNotIn("error:", log.read_text())
        self.assertEqual(self.states(), {"ends": "disabled", "stays": "connected"})


if __name__ == "__main__":
    unittest.main()
