"""Peak memory of importing a large bill.  Takes a while: run by `ctest -C bench`, not by default.

FARTHING_LINES chooses the size, default one million.
"""

import csv
import gzip
import os
import resource
import unittest

import harness

LIMIT_KIB = 1536 * 1024
# What the rollups of a resource for each line may take: as much as those of an ordinary bill.
UNIQUE_LIMIT_KIB = 1024 * 1024


class Memory(harness.Case):
    def test_import_stays_below_the_limit(self):
        lines = int(os.environ.get("FARTHING_LINES", "1000000"))
        for formats in ("cur1-csv", "cur2-parquet"):
            harness.simulate(self.scratch / formats, lines=lines, formats=formats)
        # The simulator's own peak would hide the import's: each import is measured in a child of ours.
        for formats in ("cur1-csv", "cur2-parquet"):
            with self.subTest(formats):
                peak, text = self.peak_of_import(formats)
                print(f"{formats}: {lines} lines, peak {peak // 1024} MiB\n{text}")
                self.assertLess(peak, LIMIT_KIB)

    def test_a_resource_for_each_line_takes_no_more(self):
        lines = int(os.environ.get("FARTHING_LINES", "1200000"))
        harness.simulate(self.scratch / "bill", lines=lines, formats="cur1-csv")
        (self.scratch / "unique").mkdir()
        for number, source in enumerate(sorted((self.scratch / "bill").rglob("*.csv.gz"))):
            self.make_unique(source, self.scratch / "unique" / f"bill-{number}.csv.gz")
        peak, text = self.peak_of_import("unique")
        print(f"a resource for each line: {lines} lines, peak {peak // 1024} MiB\n{text}")
        self.assertLess(peak, UNIQUE_LIMIT_KIB)

    def make_unique(self, source, target):
        with gzip.open(source, "rt", newline="") as read, gzip.open(target, "wt", 1, newline="") as written:
            rows, out = csv.reader(read), csv.writer(written)
            header = next(rows)
            out.writerow(header)
            column = header.index("lineItem/ResourceId")
            for number, row in enumerate(rows):
                row[column] = f"i-{target.name}-{number:017x}"
                out.writerow(row)

    def peak_of_import(self, formats):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            done = harness.run("--data", self.scratch / f"data-{formats}", "import", self.scratch / formats)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            os.write(writer, f"{done.returncode} {peak} {done.stdout}".encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            code, peak, text = pipe.read().split(" ", 2)
        os.waitpid(child, 0)
        self.assertEqual(code, "0", text)
        return int(peak), text


if __name__ == "__main__":
    unittest.main()
