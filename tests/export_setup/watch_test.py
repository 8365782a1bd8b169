"""`farthing collect --watch` from the outside: it collects and verifies by itself and stops cleanly; and the verbs of
exports, accounts and tags as a person types them."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "rehearsal"))
import rehearsal

ACTIONS = ["s3:*", "cur:*", "bcm-data-exports:*", "organizations:*", "ce:*", "iam:Get*", "iam:List*"]


class WatchTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="farthing-watch-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        policy = self.directory / "policy.json"
        policy.write_text(rehearsal.allow(ACTIONS))
        self.aws = rehearsal.Rehearsal("--policy", str(policy))
        self.addCleanup(self.aws.__exit__)
        role = self.aws.facts["role"]
        self.environment = self.aws.environment(self.aws.facts["platform"])
        self.farthing("connect", "--name", "production", "--role-arn", role["arn"], "--external-id", role["external_id"],
                      "--with", "read-billing,manage-export,organization,tag-activation")
        self.farthing("check", "production", check=False)

    def command(self, *words):
        return [rehearsal.BINARY, "--data", str(self.directory / "data"), *words]

    def farthing(self, *words, check=True):
        done = subprocess.run(self.command(*words), text=True, capture_output=True, env=self.environment, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: {done.returncode} {done.stdout} {done.stderr}")
        return done

    def watch(self, *words):
        return subprocess.Popen(self.command("collect", "--watch", *words), text=True, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def state(self):
        return json.loads(self.farthing("connections", "--format", "json").stdout)[0]["state"]

    def test_it_collects_again_and_again_and_stops_when_told(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), self.watch("--every", "0.001") as process:
                first = process.stdout.readline()
                self.assertTrue(first.startswith("production"), first)
                self.aws.command("restate", period=f"{rehearsal.CLOCK:%Y-%m}")
                self.aws.command("deliver")
                seen = first
                while seen.count("loaded") < 1:
                    seen += process.stdout.readline()
                process.send_signal(number)
                rest, errors = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, seen + rest + errors)
                self.assertIn("stopping", errors)
                self.assertEqual(self.state(), "connected", errors)

    def test_an_idle_watch_ends_at_once(self):
        with self.watch() as process:
            while "nothing new" not in (line := process.stdout.readline()):
                if "ready" in line:
                    break
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertLess(time.monotonic() - began, 5)

    def test_exports_are_found_made_and_mended(self):
        self.assertIn("cur2-parquet  cur2  s3://example-billing-exports/", self.farthing("discover", "production").stdout)
        self.assertIn("s3://example-billing-exports/", self.farthing("discover", "production", "--scan").stdout)
        wish = ("discover", "production", "--create", "legacy-cur", "--name", "second", "--bucket", "second-bills")
        plan = self.farthing(*wish)
        self.assertIn("create bucket second-bills", plan.stdout)
        self.assertIn("nothing was done", plan.stdout)
        self.assertNotIn("second ", self.farthing("discover", "production").stdout)
        done = self.farthing(*wish, "--yes")
        self.assertIn("export second was created", done.stderr)
        self.assertIn("goes on collecting", done.stderr)
        self.assertIn("second  legacy-cur  s3://second-bills/billing/second/", self.farthing("discover", "production").stdout)
        again = self.farthing(*wish, "--yes", check=False)
        self.assertEqual(again.returncode, 5, again.stderr)
        self.assertIn("nothing needs doing", self.farthing("discover", "production", "--adjust", "second").stdout)

    def test_accounts_and_tags(self):
        accounts = json.loads(self.farthing("accounts", "--format", "json").stdout)
        self.assertIn("production", [each["connection"] for each in accounts])
        self.aws.process.terminate()  # names show without AWS
        self.aws.process.wait(30)
        self.assertEqual(json.loads(self.farthing("accounts", "--format", "json").stdout), accounts)
        self.assertNotEqual(self.farthing("accounts", "--refresh", check=False).returncode, 0)

    def test_tags(self):
        listed = json.loads(self.farthing("tags", "production", "--format", "json").stdout)
        key = listed[0]["key"]
        self.farthing("tags", "production", "deactivate", key)
        now = {each["key"]: each["status"] for each in json.loads(self.farthing("tags", "production", "--format", "json").stdout)}
        self.assertEqual(now[key], "Inactive")
        self.farthing("tags", "production", "activate", key)
        self.farthing("tags", "production", "backfill", "--from", f"{rehearsal.CLOCK:%Y-%m}")
        again = self.farthing("tags", "production", "backfill", "--from", f"{rehearsal.CLOCK:%Y-%m}", check=False)
        self.assertEqual(again.returncode, 5)
        self.assertIn("24 hours", again.stderr)


if __name__ == "__main__":
    unittest.main()
