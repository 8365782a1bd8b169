"""docs/how-to/rehearse-failures.md: every command in it works as it is typed, and every fault is in it."""
import json
import os
import pathlib
import re
import subprocess
import unittest
import urllib.error

from rehearsal import Rehearsal

GUIDE = pathlib.Path(__file__).parents[2] / "docs/how-to/rehearse-failures.md"


def commands():
    blocks = re.findall(r"^```\n(.*?)^```", GUIDE.read_text(), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl ")]


class FailuresTest(unittest.TestCase):
    def refusal(self, aws, **fault):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            aws.command("fault", **fault)
        self.assertEqual(refused.exception.code, 400)
        answer = json.load(refused.exception)
        return answer["error"] + "; " + answer["hint"]

    def test_each_command_works_as_it_is_typed(self):
        self.assertGreater(len(commands()), 25)
        with Rehearsal() as aws:
            for command in commands():
                with self.subTest(command):
                    done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -fsS ", 1)], text=True,
                                          capture_output=True, env={**os.environ, "R": aws.endpoint + "/_rehearsal"})
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIsInstance(json.loads(done.stdout), dict)

    def test_each_fault_has_an_example(self):
        with Rehearsal() as aws:
            kinds = self.refusal(aws, kind="unknown").split("known are ")[1].split(", ")
        self.assertGreater(len(kinds), 10)
        examples = "\n".join(commands())
        for kind in kinds:
            self.assertIn(f'"kind":"{kind}"', examples)

    def test_a_fault_that_is_wrong_names_the_fields(self):
        with Rehearsal() as aws:
            for fault, wrong in [({"kind": "deny", "sevice": "s3"}, "sevice"), ({"kind": "deny", "count": "2"}, "count"),
                                 ({"kind": "deny", "service": 3}, "service"), ({"kind": "deny", "every": 0}, "every"),
                                 ({}, "kind")]:
                with self.subTest(fault):
                    said = self.refusal(aws, **fault)
                    self.assertIn(wrong, said)
                    for field in "kind service action resource count every skip amount text".split():
                        self.assertIn(field, said)
            self.assertEqual(aws.command("state")["faults"], [])

    def test_help_says_where_failures_are_told_and_the_least_lines(self):
        text = subprocess.run([os.environ.get("FARTHING_BINARY", "build/dev/farthing"), "simulate", "aws", "--help"],
                              text=True, capture_output=True, check=True).stdout
        self.assertIn("rehearse-failures.md", text)
        self.assertRegex(text, r"--lines[^\n]*\n?[^\n]*at least 500")


if __name__ == "__main__":
    unittest.main()
