"""Collecting by a process that is killed at any moment, against a rehearsal AWS in a process of its own."""

import json
import os
import signal
import subprocess
import time
import unittest
import urllib.request

import harness

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EXTERNAL_ID = "rehearsal-external-id"


class Collecting(harness.Case):
    def setUp(self):
        super().setUp()
        policy = self.scratch / "policy.json"
        policy.write_text(json.dumps(POLICY))
        self.aws = subprocess.Popen(
            [harness.BINARY, "simulate", "aws", "--format", "json", "--lines", "3000", "--months", "2", "--exports",
             "cur2-csv", "--clock", "2026-11-20T08:00:00Z", "--policy", policy, "--external-id", EXTERNAL_ID],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.aws.stdout.close)
        self.addCleanup(self.aws.wait, 30)
        self.addCleanup(self.aws.terminate)
        self.facts = json.loads(self.aws.stdout.readline())
        keys = self.facts["platform"]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FARTHING_"))}
        self.environment = {**clean, "AWS_ENDPOINT_URL": self.facts["endpoint"], "AWS_REGION": "us-east-1",
                            "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.scratch),
                            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
                            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"]}

    def control(self, command, **arguments):
        request = urllib.request.Request(f"{self.facts['endpoint']}/_rehearsal/{command}", json.dumps(arguments).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def connected(self, name):
        lake = harness.Lake(self.scratch / name)
        self.succeeds(lake.run("connect", "--name", "production", "--role-arn", self.facts["role"]["arn"],
                               "--external-id", EXTERNAL_ID, "--check", env=self.environment))
        return lake

    def test_goes_on_after_a_kill_at_any_moment(self):
        whole = self.connected("whole")
        self.succeeds(whole.run("collect", env=self.environment))
        killed = self.connected("killed")
        self.control("fault", kind="slow", service="s3", action="GetObject", amount=150)
        deaths = 0
        for step in range(24):
            process = subprocess.Popen([harness.BINARY, "--data", killed.directory, "collect", "--format", "json"],
                                       env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.05 * (step + 1))
            process.send_signal(signal.SIGKILL)
            deaths += process.wait() == -signal.SIGKILL
            state = killed.state() if killed.versions() else None
            self.assertTrue(state is None or state["proven"])
        self.assertGreater(deaths, 3)
        self.control("clear-faults")
        self.succeeds(killed.run("collect", env=self.environment))
        self.assertEqual(killed.state()["total"], whole.state()["total"])
        self.assertTrue(killed.state()["proven"])
        self.assertEqual([version for _, _, version in killed.versions()], [1, 1, 1])
        self.assertEqual(killed.leftovers(), [])
        left = [p for p in (killed.directory / "downloads").rglob("*") if p.is_file() and p.name != "lock"]
        self.assertEqual(left, [])

    def test_the_import_policy_is_said_where_bills_are_listed(self):
        lake = self.connected("some")
        self.succeeds(lake.run("connections", "edit", "production", "--import", "connected-accounts", env=self.environment))
        done = self.succeeds(lake.run("collect", env=self.environment))
        self.assertIn("left out, as their accounts are not connected: ", done.stdout)
        for row in lake.json("deliveries"):
            self.assertIn("left out", row["reason"])
        self.assertIn("left out", lake.run("explain", "--period", "2026-10", "--lines", "0").stdout)
        self.assertTrue(lake.state()["proven"])


if __name__ == "__main__":
    unittest.main()
