"""More payers than one: two organisations side by side, each a connection of one Farthing, and an account that is in none."""
import datetime
import decimal
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import rehearsal

rehearsal.use_installed_clients()


class PayersTest(unittest.TestCase):
    def setUp(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="farthing-payers-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def start(self, *flags):
        aws = rehearsal.Rehearsal(*flags)
        self.addCleanup(aws.__exit__)
        return aws

    def farthing(self, aws, *words):
        clean = {name: value for name, value in aws.environment(aws.facts["platform"]).items()
                 if not name.startswith(("FARTHING_", "XDG_"))}
        done = subprocess.run([rehearsal.BINARY, "--data", str(self.data / "lake"), *words], text=True, check=False,
                              capture_output=True, env={**clean, "HOME": str(self.data)}, timeout=120)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def collect(self, aws, name):
        """Onboards the payer with a generous role, collects its bill, and returns what its checks said."""
        self.farthing(aws, "connect", "--name", name, "--account", aws.payer, "--role-name", "farthing", "--with",
                      "read-billing,organization,cost-explorer")
        trust = self.farthing(aws, "templates", "--connection", name, "--kind", "trust", "--principal",
                              aws.facts["platform"]["arn"])
        iam = aws.client("iam")
        iam.create_role(RoleName="farthing", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName="farthing", PolicyName="all", PolicyDocument=rehearsal.allow("*"))
        report = json.loads(self.farthing(aws, "check", name, "--format", "json"))
        self.assertIn("is ready", self.farthing(aws, "collect", "--connection", name))
        return {each["id"]: each for each in report["results"]}

    def month(self, aws):
        """The month before the current one, as Cost Explorer and its accounts have it."""
        last = rehearsal.CLOCK.date().replace(day=1)
        first = (last - datetime.timedelta(days=1)).replace(day=1)
        answer = aws.client("ce").get_cost_and_usage(
            TimePeriod={"Start": str(first), "End": str(last)}, Granularity="MONTHLY", Metrics=["UnblendedCost"],
            GroupBy=[{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}])
        return {group["Keys"][0]: decimal.Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
                for group in answer["ResultsByTime"][0]["Groups"]}

    def billed(self, aws):
        answer = json.loads(self.farthing(aws, "cost", "--from", "2026-10-01", "--to", "2026-11-01", "--by", "account",
                                          "--limit", "100", "--format", "json"))
        return {row["account"]: decimal.Decimal(row["unblended_cost"]) for row in answer["rows"]}

    def test_two_organisations_add_up(self):
        first, second = self.start(), self.start("--organization", "2", "--seed", "2")
        self.assertNotEqual(first.payer, second.payer)
        for aws, name in [(first, "first"), (second, "second")]:
            self.assertEqual(self.collect(aws, name)["organization"]["status"], "pass")
        expected = {**self.month(first), **self.month(second)}
        self.assertEqual(len(expected), len(self.month(first)) + len(self.month(second)), "no account is in both")
        self.assertEqual(self.billed(first), expected)

    def test_the_same_seed_is_still_another_bill(self):
        first, second = self.start(), self.start("--organization", "9")
        for aws, name in [(first, "first"), (second, "second")]:
            self.collect(aws, name)
        self.assertEqual(sum(self.billed(first).values()), 2 * sum(self.month(first).values()))

    def test_an_account_in_no_organisation_has_all_of_its_bill(self):
        aws = self.start("--no-organization")
        with self.assertRaises(Exception) as refused:
            aws.client("organizations").describe_organization()
        self.assertEqual(refused.exception.response["Error"]["Code"], "AWSOrganizationsNotInUseException")
        found = self.collect(aws, "alone")
        self.assertEqual(found["organization"]["status"], "warning", found["organization"])
        self.assertEqual(set(self.month(aws)), {aws.payer})
        self.assertEqual(self.billed(aws), self.month(aws))


if __name__ == "__main__":
    unittest.main()
