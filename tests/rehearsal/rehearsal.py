"""Starts `farthing simulate aws` and makes clients for it.  Runs under the Python that has boto3."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

CACHE = pathlib.Path(os.environ.get("FARTHING_CACHE") or pathlib.Path.home() / ".cache/farthing")
TOOLS = CACHE / "awscli-1.46.2"
# The rehearsal's time at the start: amid a month, whenever the tests run.
CLOCK = datetime.datetime(2026, 11, 20, 8, tzinfo=datetime.timezone.utc)
BINARY = os.environ.get("FARTHING_BINARY", "build/dev/farthing")


def use_installed_clients():
    """Starts this script again under the Python that scripts/install_services has made; 77 where it has not."""
    if not (TOOLS / "complete").exists():
        print("skipped: the AWS CLI and boto3 are not installed; run scripts/install_services awscli")
        sys.exit(77)
    if pathlib.Path(sys.prefix) != TOOLS:
        os.execv(TOOLS / "bin/python", [str(TOOLS / "bin/python"), *sys.argv])


class Rehearsal:
    """A rehearsal AWS of its own; `with` ends it."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [BINARY, "simulate", "aws", "--format", "json", "--lines", "600", "--months", "1",
             "--clock", CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ"), *flags],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"farthing simulate aws ended with {self.process.wait()}")
        self.facts = json.loads(line)
        self.endpoint = self.facts["endpoint"]
        self.payer = self.facts["payer"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def command(self, name, **arguments):
        request = urllib.request.Request(f"{self.endpoint}/_rehearsal/{name}", json.dumps(arguments).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def client(self, service, keys=None, region="us-east-1", token=None, **config):
        import boto3
        from botocore.config import Config

        keys = keys or self.facts["admin"]
        return boto3.client(
            service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"], aws_session_token=token,
            config=Config(retries={"max_attempts": 1}, read_timeout=30, **config))

    def session_client(self, service, credentials, **config):
        keys = {"access_key_id": credentials["AccessKeyId"], "secret_access_key": credentials["SecretAccessKey"]}
        return self.client(service, keys, token=credentials["SessionToken"], **config)

    def environment(self, keys=None):
        keys = keys or self.facts["admin"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**clean, "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": keys["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"], "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "",
                "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}

    def cli(self, *words, keys=None, check=True):
        """Runs `aws WORDS`; returns its JSON, or the process where check is off."""
        done = subprocess.run([TOOLS / "bin/python", TOOLS / "bin/aws", *words, "--output", "json"], text=True,
                              capture_output=True, env=self.environment(keys), timeout=120)
        if not check:
            return done
        if done.returncode != 0:
            raise AssertionError(f"aws {' '.join(map(str, words))}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout


def trust(principal, external_id=None):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(actions, resources="*"):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
