"""A rehearsal AWS in a process of its own and connections to it, for suites that drive the built binary."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import harness

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EXTERNAL_ID = "rehearsal-external-id"


class Case(harness.Case):
    FLAGS = ["--lines", "600", "--months", "1", "--exports", "cur2-csv"]

    def setUp(self):
        super().setUp()
        policy = self.scratch / "policy.json"
        policy.write_text(json.dumps(POLICY))
        self.log = self.scratch / "requests"
        with open(self.log, "w") as log:
            self.aws = subprocess.Popen(
                [harness.BINARY, "simulate", "aws", "--format", "json", "--log", "--policy", policy, "--external-id",
                 EXTERNAL_ID, *self.FLAGS], stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(self.aws.stdout.close)
        self.addCleanup(self.aws.wait, 30)
        self.addCleanup(self.aws.terminate)
        self.facts = json.loads(self.aws.stdout.readline())
        keys = self.facts["platform"]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FARTHING_", "XDG_"))}
        self.environment = {**clean, "AWS_ENDPOINT_URL": self.facts["endpoint"], "AWS_REGION": "us-east-1",
                            "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.scratch),
                            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
                            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"]}

    def control(self, command, **arguments):
        request = urllib.request.Request(f"{self.facts['endpoint']}/_rehearsal/{command}", json.dumps(arguments).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def asked(self, action):
        """How often AWS was asked for that."""
        return sum(f":{action} " in line for line in self.log.read_text().splitlines())

    def connect(self, directory, *flags):
        lake = harness.Lake(directory)
        self.succeeds(lake.run("connect", "--name", "production", "--role-arn", self.facts["role"]["arn"],
                               "--external-id", EXTERNAL_ID, *flags, env=self.environment))
        return lake

    def farthing(self, lake, *words):
        return self.succeeds(lake.run(*words, env=self.environment)).stdout
