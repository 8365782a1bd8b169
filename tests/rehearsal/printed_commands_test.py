"""What a person is told to type: every `farthing …` and `aws …` line arrives at the program as it is meant, whatever the
connection is called, and every printed `farthing templates …` works as it stands."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import rehearsal

rehearsal.use_installed_clients()

NAME = "O'Brien & Co (prod)"
PREFIX = "it's (a) path/cur"
# A word in capitals stands for what a person alone can know; the test is that person.
BLANKS = {"BUCKET": "example-billing-exports", "EXPORT": "bills", "ARN": "arn:aws:iam::112233445566:user/farthing"}


def commands(text):
    """Each command of the text, up to the end of its line or clause."""
    found = []
    for match in re.finditer(r"(?:^|(?<=[\s(]))(?:farthing|aws) (?=[a-z])", text):
        quoted, at = False, match.end()
        if found and match.start() < found[-1][0]:
            continue
        while at < len(text):
            if text[at] == "'":
                quoted = not quoted
            elif not quoted and text[at] == "\\":
                at += 1
            elif not quoted and (text[at] in ";\n)#" or text.startswith(", ", at)):
                break
            at += 1
        found.append((at, text[match.start():at].strip()))
    return [command for _, command in found]


class PrintedCommandsTest(unittest.TestCase):
    def setUp(self):
        self.aws = rehearsal.Rehearsal("--exports", "none")
        self.addCleanup(self.aws.__exit__)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="farthing-printed-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self.tried = set()

    def run_farthing(self, *words):
        clean = {name: value for name, value in self.aws.environment(self.aws.facts["platform"]).items()
                 if not name.startswith(("FARTHING_", "XDG_"))}
        return subprocess.run([rehearsal.BINARY, "--data", str(self.data / "lake"), *words], text=True, cwd=self.data,
                              capture_output=True, env={**clean, "HOME": str(self.data)}, timeout=120, check=False)

    def farthing(self, *words, code=0):
        """Runs it, tries what it tells, and returns that."""
        done = self.run_farthing(*words)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        self.try_all(done.stdout + done.stderr)
        return done.stdout

    def try_all(self, text):
        named = 0
        for command in commands(text):
            with self.subTest(command):
                read = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
                self.assertEqual(read.returncode, 0, read.stderr)
                words = shlex.split(command)
                named += words.count(NAME)
                for word in words:
                    if "Brien" in word or "(prod)" in word:
                        self.assertEqual(word, NAME, command)
                    if "it's" in word or "path/cur" in word:
                        self.assertEqual(word, PREFIX, command)
                if words[:2] == ["farthing", "templates"] and "--kind" in words:
                    self.works_as_printed(words[1:], text)
        return named

    def works_as_printed(self, words, text):
        for at, word in enumerate(words):
            if word in BLANKS and words[at - 1].startswith("--"):
                self.assertIn(f" for {word}", text, f"nothing says what {word} is")
                words[at] = BLANKS[word]
        if tuple(words) in self.tried:
            return
        self.tried.add(tuple(words))
        done = self.run_farthing(*words)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
        if "steps" in words:
            self.try_all(done.stdout)

    def report(self, code):
        done = self.run_farthing("check", NAME, "--format", "json")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        text = done.stdout
        fixes = {each["id"]: each["fix"] for each in json.loads(text)["results"]}
        for fix in fixes.values():
            self.assertEqual(fix.count("Brien"), self.try_all(fix), fix)
        return fixes

    def role(self, policy):
        """The role as the printed trust policy has it, with another policy."""
        iam = self.aws.client("iam")
        trust = self.run_farthing("templates", "--connection", NAME, "--export", "bills", "--kind", "trust", "--principal",
                                  self.aws.facts["platform"]["arn"])
        iam.create_role(RoleName="farthing", AssumeRolePolicyDocument=trust.stdout)
        iam.put_role_policy(RoleName="farthing", PolicyName="billing", PolicyDocument=policy)

    def connect(self, *more):
        self.farthing("connect", "--name", NAME, "--account", self.aws.payer, "--role-name", "farthing", *more)

    def test_from_a_draft_to_its_end(self):
        self.connect("--with", "read-billing,manage-export,cost-explorer")
        for way in ["by-hand", "cloudformation", "terraform", "cli"]:
            self.farthing("templates", "--connection", NAME, "--export", "bills", "--kind", "steps", "--way", way)
        self.assertIn("--kind trust", self.report(3)["identity"])
        self.role(rehearsal.allow(["sts:GetCallerIdentity", "iam:GetRole"]))
        denied = self.report(3)
        self.assertIn("--bucket BUCKET", denied["report-definition"], "no bucket is known yet")
        self.assertIn("--export EXPORT", denied["report-definition"], "nor is the export")
        self.aws.client("iam").put_role_policy(RoleName="farthing", PolicyName="billing", PolicyDocument=rehearsal.allow("*"))
        self.assertIn("--new-export", self.report(3)["export"])
        self.farthing("discover", NAME)
        self.farthing("discover", NAME, "--create", "cur2", "--name", "bills", "--bucket", "example-billing-exports",
                      "--prefix", PREFIX, "--yes")
        self.farthing("discover", NAME, "--create", "cur2", "--name", "bills", "--bucket", "example-billing-exports",
                      "--prefix", PREFIX, "--yes", code=5)
        self.report(0)
        self.farthing("tags", NAME, "activate", code=2)
        self.farthing("tags", NAME, "backfill", code=2)
        self.farthing("connections", "edit", NAME, "--prefix", "elsewhere", code=2)
        self.farthing("backfill", NAME, "--from", "2026-01")
        self.farthing("reconcile", NAME, code=4)
        told = self.farthing("disconnect", NAME, "--yes")
        self.assertIn("aws iam delete-role --role-name farthing", told)
        self.assertGreater(len(self.tried), 8)

    def test_without_a_connection_the_flags_are_repeated(self):
        flags = ["--account", self.aws.payer, "--prefix", PREFIX, "--principal", self.aws.facts["platform"]["arn"]]
        for more in [[], ["--bucket", "my-bills"], ["--new-export", "cur2"], ["--audit"], ["--members", "r-exam"],
                     ["--type", "payer-keys"], ["--external-id", "an-id-of-ours"]]:
            for way in ["by-hand", "cloudformation", "terraform", "cli"]:
                with self.subTest(more=more, way=way):
                    self.farthing("templates", *flags, *more, "--kind", "steps", "--way", way)


if __name__ == "__main__":
    unittest.main()
