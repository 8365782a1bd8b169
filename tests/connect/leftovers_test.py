"""What disconnecting tells people to delete in AWS, run as it is printed with AWS's own CLI: whichever way the connection
was set up, nothing that it made remains."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rehearsal"))

import rehearsal  # noqa: E402

rehearsal.use_installed_clients()

# What the lines after each comment are for; those before the first are for all.
SECTIONS = {"# made with CloudFormation": "stack", "# made with Terraform": "terraform", "# made by the script": "hand",
            "# the export": "export"}  # which served others before


class LeftoversTest(unittest.TestCase):
    def setUp(self):
        self.aws = rehearsal.Rehearsal()
        self.addCleanup(self.aws.__exit__)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="farthing-leftovers-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        tools = self.data / "bin"
        tools.mkdir()
        (tools / "aws").write_text(f'#!/bin/sh\nexec "{rehearsal.TOOLS}/bin/python" "{rehearsal.TOOLS}/bin/aws" "$@"\n')
        (tools / "aws").chmod(0o755)
        self.iam = self.aws.client("iam")
        self.before = self.made()

    def made(self):
        iam = self.iam
        return {"roles": [each["RoleName"] for each in iam.list_roles()["Roles"]],
                "users": [each["UserName"] for each in iam.list_users()["Users"]],
                "policies": [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]],
                "exports": [each["ExportName"] for each in self.aws.client("bcm-data-exports").list_exports()["Exports"]]}

    def farthing(self, *words, **options):
        clean = {name: value for name, value in self.aws.environment(self.aws.facts["platform"]).items()
                 if not name.startswith(("FARTHING_", "XDG_"))}
        done = subprocess.run([rehearsal.BINARY, "--data", str(self.data / "lake"), *map(str, words)], text=True,
                              capture_output=True, env={**clean, "HOME": str(self.data)}, timeout=120, check=False, **options)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def template(self, name, kind, *more):
        return self.farthing("templates", "--connection", name, "--kind", kind, "--principal",
                             self.aws.facts["platform"]["arn"], "--bucket", "example-billing-exports", "--prefix", "billing", *more)

    def shell(self, script):
        """As an administrator types it."""
        environment = {**self.aws.environment(), "PATH": f"{self.data}/bin:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], text=True, capture_output=True, env=environment,
                              cwd=self.data, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def connect_role(self, name, *more):
        self.farthing("connect", "--name", name, "--account", self.aws.payer, "--role-name", "farthing", "--with",
                      "read-billing,organization", *more)

    def connect_keys(self, name):
        key = self.iam.create_access_key(UserName="farthing")["AccessKey"]
        self.farthing("connect", "--name", name, "--type", "payer-keys", "--account", self.aws.payer, "--access-key-id",
                      key["AccessKeyId"], "--secret-file", "-", "--with", "read-billing,organization",
                      input=key["SecretAccessKey"])

    def keys_template(self, kind):
        return self.farthing("templates", "--type", "payer-keys", "--account", self.aws.payer, "--bucket",
                             "example-billing-exports", "--prefix", "billing", "--with", "read-billing,organization",
                             "--kind", kind, *(["--format", "json"] if kind == "cloudformation" else []))

    def create_stack(self, body):
        (self.data / "template.json").write_text(body)
        self.aws.cli("cloudformation", "create-stack", "--stack-name", "by-a-person", "--template-body",
                     f"file://{self.data}/template.json", "--capabilities", "CAPABILITY_NAMED_IAM")
        stack = self.aws.cli("cloudformation", "describe-stacks", "--stack-name", "by-a-person")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE", stack)

    def ended(self, name, *ways):
        """Verifies, disconnects, and runs what is printed for these ways."""
        self.farthing("check", name)
        self.assertNotEqual(self.made(), self.before)
        told = json.loads(self.farthing("disconnect", name, "--yes", "--format", "json"))
        section, script = "", []
        for line in (each["aws_command"] for each in told):
            if line.startswith("#"):
                section = next(what for words, what in SECTIONS.items() if line.startswith(words))
            elif section in ("", *ways):
                script.append(line.replace("--stack-name STACK", "--stack-name by-a-person"))
        self.shell("\n".join(script))
        self.assertEqual(self.made(), self.before, told)

    def test_a_role_by_hand(self):
        self.connect_role("hand")
        policy = self.template("hand", "policy")
        arn = self.iam.create_policy(PolicyName="farthing", PolicyDocument=policy)["Policy"]["Arn"]
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy, SetAsDefault=True)
        self.iam.create_role(RoleName="farthing", AssumeRolePolicyDocument=self.template("hand", "trust"))
        self.iam.attach_role_policy(RoleName="farthing", PolicyArn=arn)
        self.ended("hand", "hand")

    def test_a_role_by_the_script(self):
        self.connect_role("script")
        self.shell(self.template("script", "cli"))
        self.ended("script", "hand")

    def test_a_role_by_a_stack(self):
        self.connect_role("stack")
        self.create_stack(self.template("stack", "cloudformation", "--format", "json"))
        self.ended("stack", "stack")

    def test_an_export_by_the_script(self):
        self.connect_role("bills")
        self.shell(self.farthing("templates", "--connection", "bills", "--kind", "cli", "--new-export", "cur2", "--export",
                                 "ours", "--bucket", "bucket-of-ours", "--prefix", "bills", "--principal",
                                 self.aws.facts["platform"]["arn"]))
        self.farthing("connections", "edit", "bills", "--export", "ours", "--export-kind", "cur2")
        self.aws.command("deliver")
        self.ended("bills", "hand", "export")

    def test_a_policy_that_serves_others_stays(self):
        self.connect_role("hand")
        arn = self.iam.create_policy(PolicyName="farthing", PolicyDocument=self.template("hand", "policy"))["Policy"]["Arn"]
        self.iam.create_role(RoleName="other", AssumeRolePolicyDocument=self.template("hand", "trust"))
        self.iam.attach_role_policy(RoleName="other", PolicyArn=arn)
        self.before = self.made()
        self.iam.create_role(RoleName="farthing", AssumeRolePolicyDocument=self.template("hand", "trust"))
        self.iam.attach_role_policy(RoleName="farthing", PolicyArn=arn)
        self.ended("hand", "hand")

    def test_keys_by_the_script(self):
        self.shell(self.keys_template("cli"))
        self.shell(self.keys_template("cli"))  # once more: the policy has two versions
        self.connect_keys("keys")
        self.ended("keys", "hand")

    def test_keys_by_a_stack(self):
        self.create_stack(self.keys_template("cloudformation"))
        self.connect_keys("keys")
        self.ended("keys", "stack")


if __name__ == "__main__":
    unittest.main()
