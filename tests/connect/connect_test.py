"""From nothing to a cost report through the program, with AWS's own command line as the administrator's tool, against
`farthing simulate aws`; and secrets that the program tells nobody."""
import datetime
import decimal
import json
import os
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


class ConnectTest(unittest.TestCase):
    def setUp(self):
        self.aws = rehearsal.Rehearsal()
        self.addCleanup(self.aws.__exit__)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="farthing-connect-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.told = ""

    def environment(self):
        clean = {name: value for name, value in self.aws.environment(self.aws.facts["platform"]).items()
                 if not name.startswith(("FARTHING_", "XDG_"))}
        return {**clean, "HOME": str(self.data)}

    def farthing(self, *words, code=0, **options):
        done = subprocess.run([rehearsal.BINARY, "--data", str(self.data / "lake"), *map(str, words)], text=True,
                              capture_output=True, env=self.environment(), timeout=120, check=False, **options)
        self.told += done.stdout + done.stderr
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.farthing(*words, "--format", "json", **options))

    def id_of_deleted(self):
        with sqlite3.connect(self.data / "lake" / "farthing.db") as database:
            return database.execute("SELECT connection_id FROM connection_events WHERE kind = 'deleted'").fetchone()[0]

    def create_stack(self, connection, *more):
        template = self.data / "template.json"
        template.write_text(self.farthing("templates", "--connection", connection, "--kind", "cloudformation",
                                          "--principal", self.aws.facts["platform"]["arn"], "--format", "json"))
        self.aws.cli("cloudformation", "create-stack", "--stack-name", connection, "--template-body", f"file://{template}",
                     "--capabilities", "CAPABILITY_NAMED_IAM", *more)
        return self.aws.cli("cloudformation", "describe-stacks", "--stack-name", connection)["Stacks"][0]

    def test_from_nothing_to_a_cost_report(self):
        self.farthing("connect", "--name", "production", "--account", self.aws.payer, "--role-name", "farthing",
                      "--with", "read-billing,organization,cost-explorer")
        before = self.json("check", "production", code=3)
        failed = [each for each in before["results"] if each["status"] == "fail"]
        self.assertEqual([each["connector_code"] for each in failed], ["FailedToAssumeRole"])
        self.assertIn("farthing templates --connection production", failed[0]["fix"])
        stack = self.create_stack("production", "--parameters", "ParameterKey=BillingBucket,ParameterValue=example-billing-exports")
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE", stack)
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self.assertIn(f"arn:aws:iam::{self.aws.payer}:role/farthing", outputs.values())
        # Nobody knew the prefix when the template was made: the role may read the whole bucket, and that is told.
        found = self.json("check", "production")
        self.assertEqual((found["fail"], found["warning"]), (0, 1), found)
        grants = next(each for each in found["results"] if each["id"] == "granted-permissions")
        self.assertIn("s3:GetObject on arn:aws:s3:::example-billing-exports/*", grants["cause"])
        for name in self.aws.cli("iam", "list-role-policies", "--role-name", "farthing")["PolicyNames"]:
            self.aws.cli("iam", "put-role-policy", "--role-name", "farthing", "--policy-name", name, "--policy-document",
                         grants["fix"][grants["fix"].index("{"):])
        after = self.json("check", "production")
        worse = [each for each in after["results"] if each["status"] != "pass" and each["id"] != "drift"]
        self.assertEqual(worse, [])
        self.assertIn("bill data of production is ready", self.farthing("collect"))
        self.assertIn("nothing new", self.farthing("collect"))
        self.assertEqual(self.json("connections", "show", "production")["state"], "connected")
        month = min(each["period"] for each in self.json("versions"))
        after_it = (datetime.date.fromisoformat(month + "-01") + datetime.timedelta(days=32)).replace(day=1)
        ours = self.json("cost", "--from", f"{month}-01", "--to", after_it, "--by", "service")
        answer = self.aws.client("ce").get_cost_and_usage(
            TimePeriod={"Start": f"{month}-01", "End": str(after_it)}, Granularity="MONTHLY", Metrics=["UnblendedCost"])
        amounts = [each["Total"]["UnblendedCost"]["Amount"] for each in answer["ResultsByTime"]]
        self.assertEqual(sum(decimal.Decimal(row["unblended_cost"]) for row in ours["rows"]), decimal.Decimal(amounts[0]))
        history = self.farthing("connections", "history", "production")
        for words in ["verifying → draft: identity", "verifying → waiting", "collecting → connected"]:
            self.assertIn(words, history)

    def test_keys_are_told_nobody(self):
        iam = self.aws.client("iam")
        iam.create_user(UserName="farthing")
        iam.put_user_policy(UserName="farthing", PolicyName="farthing", PolicyDocument=self.farthing(
            "templates", "--type", "payer-keys", "--account", self.aws.payer, "--bucket", "example-billing-exports",
            "--prefix", "billing", "--export-kind", "cur2", "--with", "read-billing,organization", "--kind", "policy"))
        key = iam.create_access_key(UserName="farthing")["AccessKey"]
        secret = key["SecretAccessKey"]
        self.farthing("connect", "--name", "payer", "--type", "payer-keys", "--account", self.aws.payer, "--access-key-id",
                      key["AccessKeyId"], "--secret-file", "-", "--export-kind", "cur2", input=secret)
        report = self.json("check", "payer")
        self.assertEqual((report["fail"], report["warning"]), (0, 0), report)
        self.farthing("collect", "--connection", "payer")
        self.json("connections", "show", "payer")
        self.farthing("connections", "edit", "payer", "--secret-file", "-", code=2, input="x" + secret[1:])
        self.farthing("connections", "rotate-key")
        self.farthing("check", "payer")
        watching = subprocess.Popen([rehearsal.BINARY, "--data", str(self.data / "lake"), "collect", "--watch"],
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment())
        try:
            self.told += watching.stdout.readline()
            time.sleep(0.2)
            limits = pathlib.Path(f"/proc/{watching.pid}/limits").read_text()
            core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
            self.assertEqual(core.split()[4:6], ["0", "0"])
        finally:
            watching.terminate()
            self.told += watching.communicate(timeout=30)[0]
        self.farthing("disconnect", "payer", "--yes")
        self.assertNotIn(secret, self.told)
        self.assertNotIn(secret[1:], self.told)
        files = [each for each in self.data.rglob("*") if each.is_file()]
        self.assertGreater(len(files), 3)
        for file in files:
            self.assertNotIn(secret.encode(), file.read_bytes(), file)
        self.assertEqual(os.stat(self.data / "lake" / "secret.key").st_mode & 0o777, 0o600)

        goes = self.json("connections", "delete", "payer", "--dry-run")
        self.assertEqual({each["what"] for each in goes if each["fate"] == "deleted"}, {"connection", "bills"})
        self.farthing("connections", "delete", "payer", code=2)
        self.assertNotEqual(self.json("exports"), [], "nothing is deleted unless it is meant")
        self.assertIn("aws iam delete-access-key", self.farthing("connections", "delete", "payer", "--yes"))
        self.assertEqual((self.json("connections"), self.json("exports")), ([], []))
        self.assertIn("deleted by hand", self.farthing("connections", "history", self.id_of_deleted()))


if __name__ == "__main__":
    unittest.main()
