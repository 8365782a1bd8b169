#!/usr/bin/env python3
"""Times `farthing import` beside DuckDB's own plain copy of the same files to Parquet, in one run, turn by turn.

    import.py --farthing BIN --export DIR [--rounds N]

DuckDB's side is what a person would type first: COPY (SELECT * FROM read_csv or read_parquet) TO parquet. It neither
checks, converts, proves nor rolls up. Prints seconds, processor seconds and peak memory of every round, and the ratios of
the medians. Beside other work on the machine only the ratio of processor seconds says anything.
Needs the duckdb package of the Python it runs with; bench/run makes such an environment.
"""
import argparse
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

COPY = """
import duckdb, sys
source, target, spill, threads = sys.argv[1:5]
con = duckdb.connect()
con.execute(f"SET temp_directory='{spill}'")
if threads != "0":
    con.execute(f"SET threads={threads}")
con.execute(f"COPY (SELECT * FROM {source}) TO '{target}' (FORMAT parquet)")
"""


def data_files(export):
    """Data files of a bill with one delivery a month, as the generator writes it."""
    found = {}
    for kind in ("*.csv.gz", "*.parquet"):
        files = sorted(glob.glob(os.path.join(export, "**", kind), recursive=True))
        found[kind] = [f for f in files if "cost_and_usage_data_status" not in f]
    return found["*.csv.gz"], found["*.parquet"]


def run(command):
    """Returns seconds, processor seconds and the peak resident memory in MiB of a child."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)[:200]}\n{error.decode()[-2000:]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--farthing", required=True)
    p.add_argument("--export", required=True, help="folder that plays the bucket")
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    csv_files, parquet_files = data_files(a.export)
    if csv_files:
        source = f"read_csv({csv_files}, header=true, all_varchar=true, delim=',', quote='\"', escape='\"')"
    else:
        source = f"read_parquet({parquet_files}, hive_partitioning=false)"
    rounds = {"duckdb copy": [], "farthing import": []}
    work = tempfile.mkdtemp(prefix="farthing-bench-")
    try:
        for number in range(a.rounds):
            for name in rounds:
                target = os.path.join(work, name.replace(" ", "-"))
                shutil.rmtree(target, ignore_errors=True)
                os.makedirs(target)
                if name == "duckdb copy":
                    command = [sys.executable, "-c", COPY, source, os.path.join(target, "copy.parquet"), target, str(a.threads)]
                else:
                    command = [a.farthing, "import", a.export, "--data", target, "--threads", str(a.threads)]
                seconds, processor, mebibytes = run(command)
                rounds[name].append((seconds, processor))
                size = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(target) for f in fs)
                print(f"round {number + 1}  {name:16} {seconds:8.1f} s  {processor:8.1f} s processor  {mebibytes:7.0f} MiB peak  {size / 1e6:8.1f} MB written", flush=True)
        def ratio(figure):
            ours, theirs = (statistics.median(r[figure] for r in rounds[name]) for name in ("farthing import", "duckdb copy"))
            return ours / theirs

        print(f"ratio of medians: {ratio(0):.3f}   of processor seconds: {ratio(1):.3f}   load average {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
