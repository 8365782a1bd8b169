#!/usr/bin/env python3
"""Times our downloader beside curl on the same server, turn by turn: one large object, and many small ones.

    download.py --tool BIN [--large BYTES] [--small COUNT] [--rounds N]

The server is versitygw of scripts/install_services, on loopback. curl signs with --aws-sigv4 and fetches the small
objects over one kept connection, and again with as many at once as we use. Prints every round and the ratio of the
medians; the target is at least 0.7 of curl's rate for the large object and more than 1 for the small.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIGN = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "AKIDROOT:rootsecretrootsecret",
        "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
PARALLEL = 8


def timed(command):
    """Returns seconds, seconds of processor and peak memory in MiB of a child."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)[:300]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(name, ours, others, scratch, size, rounds):
    """Commands are functions of the directory to fill: a fresh one each time, which goes again, for memory that runs
    short slows everybody down."""
    seconds = {label: [] for label in ["farthing", *others]}
    for _ in range(rounds):
        for label, command in [("farthing", ours), *others.items()]:
            out = tempfile.mkdtemp(dir=scratch)
            took, processor, memory = timed(command(out))
            shutil.rmtree(out)
            seconds[label].append(took)
            print(f"{name:6} {label:16} {took:8.3f} s {size / took / 1e6:9.0f} MB/s "
                  f"{processor:8.3f} s processor {memory:6.0f} MiB", flush=True)
    mine = statistics.median(seconds["farthing"])
    for label in others:
        print(f"{name:6} rate against {label}: {statistics.median(seconds[label]) / mine:.2f}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tool", required=True, help="build/bench/bench/download_tool")
    p.add_argument("--large", type=int, default=1 << 30)
    p.add_argument("--small", type=int, default=3000)
    p.add_argument("--small-bytes", type=int, default=20000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--directory", default="/dev/shm", help="where files go; by default memory, to leave out the disk")
    a = p.parse_args()
    server = subprocess.Popen([os.path.join(ROOT, "scripts/services/start_s3"), "0"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    scratch = tempfile.mkdtemp(dir=a.directory)
    try:
        ready = server.stdout.readline().split()
        if not ready:
            sys.exit("no server: run scripts/install_services")
        url = ready[2]
        subprocess.run([a.tool, url, "bench", "fill", str(a.large), str(a.small), str(a.small_bytes)], check=True)
        get = lambda prefix: lambda out: [a.tool, url, "bench", "get", prefix, out, str(PARALLEL)]
        curl = ["curl", "-sSf", "--no-progress-meter", *SIGN]
        large = lambda out: [*curl, "-o", out + "/object", f"{url}/bench/large/object"]

        def small(out, *options):
            listed = out + ".urls"
            with open(listed, "w") as f:
                for i in range(a.small):
                    f.write(f'url = "{url}/bench/small/{i}"\noutput = "{out}/{i}"\n')
            return [*curl, *options, "-K", listed]

        compare("large", get("large/"), {"curl": large}, scratch, a.large, a.rounds)
        compare("small", get("small/"), {
            "curl": small, f"curl -Z {PARALLEL}": lambda out: small(out, "-Z", "--parallel-max", str(PARALLEL))},
                scratch, a.small * a.small_bytes, a.rounds)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(scratch, ignore_errors=True)


main()
