"""What `farthing templates` prints, judged by those who did not write it: cfn-lint, terraform, bash, shellcheck, and the
AWS CLI against moto.  A judge that is not installed is skipped and says so.
"""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("FARTHING_CACHE") or pathlib.Path.home() / ".cache" / "farthing")
CFN_LINT = CACHE / "cfn-lint-1.58.0" / "bin" / "cfn-lint"
AWS = CACHE / "awscli-1.46.2" / "bin" / "aws"
# terraform's providers come from a mirror on disk only: tests download nothing.
PROVIDERS = [os.environ.get("FARTHING_TERRAFORM_PLUGINS", ""), "/opt/tf-plugins",
             str(pathlib.Path.home() / ".terraform.d" / "plugins"), "/usr/share/terraform/plugins"]

ACCOUNT = "123456789012"
BASE = ["--account", ACCOUNT, "--principal", "arn:aws:iam::210987654321:role/farthing", "--external-id", "far-1+2=3,4.5@6:7/8_9"]
ALL = "read-billing,manage-export,cost-explorer,organization,cloudwatch,resources,recommendations,tag-activation"
PLACE = ["--bucket", "my-bills", "--prefix", "it's (a) path!/cur"]
KEY = ["--kms-key", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/abcd-1234"]
SHAPES = {
    "existing": ["--bucket", "my-bills"],
    "existing-all": [*PLACE, *KEY, "--with", ALL, "--export", "main", "--simulation", "--role", "my=role,a.b@c"],
    "foreign": [*PLACE, "--bucket-owner", "999999999999", "--role", f"arn:aws:iam::{ACCOUNT}:role/team/farthing"],
    "cur2": ["--new-export", "cur2"],
    "cur2-all": ["--new-export", "cur2", "--with", ALL, *PLACE],
    "focus": ["--new-export", "focus", "--with", "read-billing,manage-export"],
    "focus-1.0": ["--new-export", "focus-1.0"],
    "keys-open": ["--type", "payer-keys", "--bucket", "my-bills"],
    "legacy": ["--new-export", "legacy-cur", "--export", "main.(1)"],
    "legacy-all": ["--new-export", "legacy-cur", "--with", ALL],
    "members": ["--members", "r-abcd"],
    "members-all": ["--members", "ou-abcd-12345678,ou-abcd-87654321", "--with", ALL],
    "audit": ["--audit", *PLACE, "--with", ALL, "--export", "main"],
    "signs": ["--bucket", "my-bills", "--prefix", "a*b/$c?"],
    "legacy-signs": ["--new-export", "legacy-cur", "--export", "main*", "--prefix", "a*b", "--with", ALL],
    "keys": ["--type", "payer-keys", *PLACE],
    "keys-legacy": ["--type", "payer-keys", "--new-export", "legacy-cur", "--with", ALL],
}
GENERIC = ["existing", "cur2", "legacy", "members"]


def template(shape, kind, *more):
    done = harness.run("templates", *BASE, *SHAPES[shape], "--kind", kind, *more)
    if done.returncode != 0:
        raise AssertionError(f"{shape} {kind}: {done.stderr}")
    return done.stdout


def text(process):
    return process.stdout + process.stderr


class Printed(unittest.TestCase):
    def test_policies_parse_and_fit(self):
        for shape in SHAPES:
            with self.subTest(shape):
                policy = json.loads(template(shape, "policy", "--format", "json"))
                self.assertEqual(policy["Version"], "2012-10-17")
                compact = len(json.dumps(policy, separators=(",", ":")))
                self.assertLess(compact, 6144, "a managed policy holds no more")
                if not shape.startswith("keys"):
                    trust = json.loads(template(shape, "trust"))
                    self.assertEqual(trust["Statement"][0]["Condition"],
                                     {"StringEquals": {"sts:ExternalId": "far-1+2=3,4.5@6:7/8_9"}})
                    self.assertNotIn("Mfa", json.dumps(trust))

    def test_the_actions_are_those_of_the_policy(self):
        for shape in SHAPES:
            with self.subTest(shape):
                policy = json.loads(template(shape, "policy"))
                listed = json.loads(template(shape, "actions", "--format", "json"))
                granted = {action for s in policy["Statement"] for action in s["Action"]}
                self.assertEqual(granted, {row["action"] for row in listed})
                self.assertTrue(all(row["reason"] and row["needed_by"] for row in listed))

    def test_json_and_yaml_stacks_are_the_same(self):
        for shape in SHAPES:
            stack = json.loads(template(shape, "cloudformation", "--format", "json"))
            self.assertLess(len(template(shape, "cloudformation")), 51200, "CloudFormation takes no more inline")
            self.assertNotIn("NoEcho", json.dumps(stack))
            self.assertIn("RightAccount", stack["Rules"])

    def test_mistakes_say_what_to_do(self):
        for arguments in (["--account", "12", "--bucket", "b"], ["--account", ACCOUNT, "--kind", "policy"],
                          ["--account", ACCOUNT, "--bucket", "b", "--prefix", "a\"b", "--kind", "policy"],
                          ["--account", ACCOUNT, "--bucket", "bb", "--kind", "trust"],
                          ["--account", ACCOUNT, "--bucket", "bb", "--kind", "link"],
                          ["--account", ACCOUNT, "--bucket", "bb", "--external-id", "a b"],
                          ["--account", ACCOUNT, "--bucket", "bb", "--with", "everything"],
                          ["--account", ACCOUNT, "--bucket", "bb", "--kind", "cli", "--format", "csv"]):
            with self.subTest(arguments):
                done = harness.run("templates", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("fix: ", done.stderr)

    def test_what_a_change_of_sets_does(self):
        rows = json.loads(template("existing", "policy", "--diff", "read-billing,cost-explorer", "--format", "json"))
        self.assertEqual([(r["change"], r["action"]) for r in rows],
                         [("add", "ce:GetCostAndUsage"), ("add", "ce:ListCostAllocationTags")])

    def test_out_writes_a_script_that_can_be_run(self):
        with harness.tempfile.TemporaryDirectory() as scratch:
            script = pathlib.Path(scratch) / "setup.sh"
            template("cur2", "cli", "--out", script)
            self.assertTrue(os.access(script, os.X_OK))


class Judged(unittest.TestCase):
    def setUp(self):
        scratch = harness.tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def test_cfn_lint(self):
        if not CFN_LINT.exists():
            self.skipTest("cfn-lint is not installed: scripts/install_services cfnlint")
        files = []
        for shape in SHAPES:
            for suffix in ("yaml", "json"):
                for generic in ([], ["--generic"])[:2 if shape in GENERIC else 1]:
                    files.append(self.scratch / f"{shape}{''.join(generic)}.{suffix}")
                    files[-1].write_text(template(shape, "cloudformation", "--format", suffix, *generic))
            if shape.startswith("members"):
                stack = json.loads(files[-1].read_text())
                body = stack["Resources"]["Members"]["Properties"]["TemplateBody"]
                files.append(self.scratch / f"{shape}-body.json")
                files[-1].write_text(body)
        done = subprocess.run([CFN_LINT, "-r", "us-east-1", "--", *files], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, text(done))

    def scripts(self):
        for shape in SHAPES:
            script = self.scratch / f"{shape}.sh"
            script.write_text(template(shape, "cli"))
            yield script

    def test_bash(self):
        for script in self.scripts():
            done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, text(done))

    def test_shellcheck(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed: scripts/install_deps test")
        done = subprocess.run(["shellcheck", *self.scripts()], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, text(done))


class Terraform(unittest.TestCase):
    def setUp(self):
        if not shutil.which("terraform"):
            self.skipTest("terraform is not installed, and no package registry has it")
        scratch = harness.tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def terraform(self, directory, *arguments, **env):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "AWS_"))}
        return subprocess.run(["terraform", *arguments], cwd=directory, capture_output=True, text=True, check=False,
                              env={**environment, "CHECKPOINT_DISABLE": "1", **env}, timeout=harness.SECONDS)

    def test_format(self):
        for shape in SHAPES:
            with self.subTest(shape):
                (self.scratch / "main.tf").write_text(template(shape, "terraform"))
                done = self.terraform(self.scratch, "fmt", "-check", "-diff")
                self.assertEqual(done.returncode, 0, text(done))

    def prepared(self, shape):
        """A directory with the shape's configuration, initialised with the provider of a mirror on disk."""
        mirror = next((p for p in PROVIDERS if p and any(pathlib.Path(p).glob("*/hashicorp/aws/*"))), None)
        if mirror is None:
            self.skipTest("no directory with the hashicorp/aws provider: FARTHING_TERRAFORM_PLUGINS")
        directory = self.scratch / shape
        directory.mkdir()
        (directory / "main.tf").write_text(template(shape, "terraform"))
        done = self.terraform(directory, "init", f"-plugin-dir={mirror}", "-no-color")
        self.assertEqual(done.returncode, 0, text(done))
        return directory

    def test_validate(self):
        for shape in ("existing-all", "cur2", "legacy", "members", "keys"):
            with self.subTest(shape):
                done = self.terraform(self.prepared(shape), "validate", "-no-color")
                self.assertEqual(done.returncode, 0, text(done))

    def test_plan_in_the_right_account_only(self):
        with Moto(self) as moto:
            directory = self.prepared("cur2-all")
            plan = self.terraform(directory, "plan", "-no-color", "-input=false", **moto.environment)
            self.assertEqual(plan.returncode, 0, text(plan))
            self.assertIn("Plan: 6 to add", plan.stdout)
            wrong = self.terraform(directory, "plan", "-no-color", "-input=false", "-var", "account_id=999999999999",
                                   **moto.environment)
            self.assertNotEqual(wrong.returncode, 0)
            self.assertIn("not allowed", text(wrong))


class Moto:
    """moto on a port of its own; its account is 123456789012."""

    def __init__(self, test):
        self.test = test

    def __enter__(self):
        self.process = subprocess.Popen([ROOT / "scripts/services/start_moto", "0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        if not words:
            self.process.wait()
            self.process.stdout.close()
            self.test.skipTest("moto is not installed: scripts/install_services moto")
        url = next(word for word in words if word.startswith("http"))
        self.environment = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
                            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Script(unittest.TestCase):
    """The script run by the AWS CLI against moto, which knows IAM and S3 but no exports."""

    def setUp(self):
        if not AWS.exists():
            self.skipTest("the AWS CLI is not installed: scripts/install_services awscli")
        scratch = harness.tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        (self.scratch / "bin").mkdir()
        # moto has no exports: this stands in for their two services and passes the rest on.
        wrapper = self.scratch / "bin" / "aws"
        wrapper.write_text(f"""#!/bin/sh
case "$1 $2" in
  "cur describe-report-definitions"|"bcm-data-exports list-exports") cat "{self.scratch}/exports" 2>/dev/null || true ;;
  "cur put-report-definition"|"bcm-data-exports create-export") echo "$EXPORT_NAME_EXPECTED" >>"{self.scratch}/exports" ;;
  *) exec "{AWS}" "$@" ;;
esac
""")
        wrapper.chmod(0o755)

    def environment(self, moto, **more):
        path = f"{self.scratch / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, **moto.environment, "PATH": path, **more}

    def run_script(self, moto, shape, **env):
        script = template(shape, "cli")
        return subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False,
                              env=self.environment(moto, **env), timeout=harness.SECONDS)

    def aws(self, moto, *arguments):
        done = subprocess.run([AWS, *arguments, "--output", "json"], capture_output=True, text=True, check=False,
                              env=self.environment(moto))
        self.assertEqual(done.returncode, 0, text(done))
        return json.loads(done.stdout or "{}")

    def test_a_role_twice(self):
        with Moto(self) as moto:
            for _ in range(2):
                done = self.run_script(moto, "existing")
                self.assertEqual(done.returncode, 0, text(done))
                self.assertIn(f"role arn:aws:iam::{ACCOUNT}:role/farthing", done.stdout)
            stored = self.aws(moto, "iam", "get-role-policy", "--role-name", "farthing", "--policy-name", "farthing")
            self.assertEqual(stored["PolicyDocument"], json.loads(template("existing", "policy")))
            role = self.aws(moto, "iam", "get-role", "--role-name", "farthing")["Role"]
            self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(template("existing", "trust")))

    def test_a_new_export_twice(self):
        with Moto(self) as moto:
            for turn in range(2):
                done = self.run_script(moto, "cur2-all", EXPORT_NAME_EXPECTED="farthing-cur2")
                self.assertEqual(done.returncode, 0, text(done))
                self.assertEqual("left as it is" in done.stdout, turn == 1)
            policy = self.aws(moto, "s3api", "get-bucket-policy", "--bucket", "my-bills")["Policy"]
            self.assertEqual(json.loads(policy), json.loads(template("cur2-all", "bucket-policy")))

    def test_a_bucket_in_use_keeps_its_policy_and_events(self):
        with Moto(self) as moto:
            self.aws(moto, "s3api", "create-bucket", "--bucket", "my-bills")
            topic = self.aws(moto, "sns", "create-topic", "--name", "theirs")["TopicArn"]
            events = {"TopicConfigurations": [{"Id": "theirs", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
            own = {"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Deny", "Principal": "*",
                   "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::my-bills/*"}]}
            self.aws(moto, "s3api", "put-bucket-notification-configuration", "--bucket", "my-bills",
                     "--notification-configuration", json.dumps(events))
            self.aws(moto, "s3api", "put-bucket-policy", "--bucket", "my-bills", "--policy", json.dumps(own))
            done = self.run_script(moto, "cur2-all")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("event notifications; they stay", done.stdout)
            self.assertIn("FarthingDeliver", done.stdout)
            self.assertIn("is not overwritten", done.stderr)
            kept = self.aws(moto, "s3api", "get-bucket-policy", "--bucket", "my-bills")["Policy"]
            self.assertEqual(json.loads(kept), own)
            after = self.aws(moto, "s3api", "get-bucket-notification-configuration", "--bucket", "my-bills")
            self.assertEqual(after, events)

    def test_a_user_of_keys_many_times(self):
        with Moto(self) as moto:
            for _ in range(7):  # IAM keeps five versions of a policy
                done = self.run_script(moto, "keys")
                self.assertEqual(done.returncode, 0, text(done))
            self.assertIn("create-access-key --user-name farthing", done.stdout)

    def test_the_wrong_account(self):
        with Moto(self) as moto:
            script = template("existing", "cli").replace(f"ACCOUNT_ID={ACCOUNT}", "ACCOUNT_ID=999999999999")
            done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False,
                                  env=self.environment(moto), timeout=harness.SECONDS)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("you are signed in to account 123456789012", done.stderr)


if __name__ == "__main__":
    unittest.main()
