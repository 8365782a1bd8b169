"""What bad input gets: a clear reason with file, row, column and fix; nothing half loaded.

Every test takes a lake with delivery 1, spoils delivery 2 in one way and imports it: the delivery is
quarantined, the old version stays.  Then the good delivery arrives and takes over.
"""

import csv
import gzip
import io
import json
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unittest
import zipfile
from decimal import Decimal

import harness
import parquet

PERIOD = "20260101-20260201"
GOOD_ROW = {  # the least a line of a bill needs
    "identity/LineItemId": "a", "bill/BillingPeriodStartDate": "2026-01-01T00:00:00Z",
    "bill/PayerAccountId": "111122223333", "lineItem/UsageAccountId": "111122223333",
    "lineItem/LineItemType": "Usage", "lineItem/UsageStartDate": "2026-01-02T00:00:00Z",
    "lineItem/UsageEndDate": "2026-01-02T01:00:00Z", "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageAmount": "1", "lineItem/CurrencyCode": "USD", "lineItem/UnblendedCost": "0.25",
}


def rows_of(*changes):
    """CSV text of one line per change, each the good row but for the change."""
    lines = [",".join(GOOD_ROW)]
    lines += [",".join({**GOOD_ROW, **change}.values()) for change in changes]
    return "\n".join(lines) + "\n"


class BadDelivery(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="farthing-bad-"))
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        harness.simulate(cls.root / "one")
        harness.simulate(cls.root / "two", 2, 500, "cur1-csv", 1, "--lines-per-file", 200)
        done = harness.Lake(cls.root / "data").run("import", cls.root / "one")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.root / "data", self.scratch / "data")
        shutil.copytree(self.root / "two", self.scratch / "bucket")
        self.lake = harness.Lake(self.scratch / "data")
        self.bucket = self.scratch / "bucket"
        self.folder = self.bucket / "billing" / "cur1-csv" / PERIOD
        self.files = sorted(self.folder.glob("*.csv.gz"))
        self.manifest = next(self.folder.glob("*Manifest.json"))
        self.before = self.lake.state()

    def text(self, file=0):
        return gzip.decompress(self.files[file].read_bytes()).decode()

    def rewrite(self, change, file=0):
        """Changes the unpacked text of a data file; `change` maps text to text or bytes."""
        text = change(self.text(file))
        self.files[file].write_bytes(gzip.compress(text if isinstance(text, bytes) else text.encode()))

    def records(self, file=0):
        """The header and the rows of a data file, from 1; odd bytes as surrogates."""
        text = gzip.decompress(self.files[file].read_bytes()).decode(errors="surrogateescape")
        return list(csv.reader(io.StringIO(text, newline="")))

    def rewrite_row(self, row, change, file=0):
        """Changes one row; `change` maps its cells to other cells."""
        records = self.records(file)
        records[row] = change(records[row])
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(records)
        self.files[file].write_bytes(gzip.compress(out.getvalue().encode(errors="surrogateescape")))

    def cell(self, row, column, file=0):
        records = self.records(file)
        return records[row][records[0].index(column)]

    def set_cell(self, row, column, content, file=0):
        def change(cells):
            cells[self.records(file)[0].index(column)] = content
            return cells

        self.rewrite_row(row, change, file)

    def edit_manifest(self, change):
        manifest = json.loads(self.manifest.read_text())
        change(manifest)
        self.manifest.write_text(json.dumps(manifest))

    def assert_refused(self, *words, path=None, code=8, flags=()):
        done = self.lake.run("import", path or self.bucket, *flags)
        self.fails(done, code, "fix:", *words)
        self.assertEqual(self.lake.state(), self.before)
        self.assertTrue(self.before["proven"])
        self.assertEqual(self.lake.leftovers(), [])
        quarantined = [d for d in self.lake.json("deliveries") if d["status"] == "quarantined"]
        self.assertEqual(len(quarantined), 1 if code == 8 else 0)
        for delivery in quarantined:
            for word in words:
                self.assertIn(word, delivery["reason"])
        return done

    def assert_good_delivery_still_works(self):
        shutil.rmtree(self.bucket)
        shutil.copytree(self.root / "two", self.bucket)
        self.succeeds(self.lake.run("import", self.bucket))
        after = self.lake.state()
        expected = json.loads((self.root / "two" / "EXPECTED.json").read_text())
        total = re.search(r'"unblended_cost": *"([^"]+)"|"unblended": *"([^"]+)"', json.dumps(expected))
        self.assertEqual(Decimal(after["total"][1]), Decimal(total.group(1) or total.group(2)))
        self.assertTrue(after["proven"])
        self.assertEqual([number for _, _, number in self.lake.versions()], [1, 2])
        self.assertEqual({export for export, _, _ in self.lake.versions()}, {"cur1-csv"})

    def check(self, *words, **options):
        done = self.assert_refused(*words, **options)
        self.assert_good_delivery_still_works()
        return done

    def test_torn_manifest(self):
        self.manifest.write_text(self.manifest.read_text()[:-40])
        self.check(str(self.manifest), "not complete JSON", "copy the manifest again")
        self.assertEqual({d["export"] for d in self.lake.json("deliveries")}, {"cur1-csv"})

    def test_manifest_without_files(self):
        self.edit_manifest(lambda manifest: manifest.update(reportKeys=[]))
        self.check(str(self.manifest), "lists no files in reportKeys")

    def test_missing_file(self):
        self.files[1].unlink()
        self.check(self.files[1].name, "missing", "copy the bucket again")

    def test_surplus_file(self):
        shutil.copy(self.files[0], self.folder / "left-over.csv.gz")
        done = self.succeeds(self.lake.run("import", self.bucket))
        self.assertIn("surplus file", done.stderr)
        self.assertIn("left-over.csv.gz", done.stderr)
        self.assert_good_delivery_still_works()

    def test_full_disk(self):
        mount = self.scratch / "disk"
        mount.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("mounting a tmpfs needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        shutil.copytree(self.scratch / "data", mount / "data")
        self.lake = harness.Lake(mount / "data")
        filler = mount / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(mount).free - 128 * 1024))
        for _ in range(2):  # it is tried again, and told once
            done = self.lake.run("import", self.bucket)
            self.fails(done, 6, "No space left", str(mount / "data"), "fix: free space on that disk")
        filler.unlink()
        self.assertEqual(self.lake.state(), self.before)
        self.assertEqual(self.lake.leftovers(), [])
        refused = [d for d in self.lake.json("deliveries") if d["status"] == "quarantined"]
        self.assertEqual(len(refused), 1)
        self.assertIn("No space left", refused[0]["reason"])
        self.assertIn("fix: free space on that disk", refused[0]["reason"])
        self.assert_good_delivery_still_works()

    def test_truncated_gzip(self):
        packed = self.files[1].read_bytes()
        self.files[1].write_bytes(packed[: len(packed) // 2])
        self.check(self.files[1].name, "truncated", "copy the file again")

    def test_damaged_gzip(self):
        packed = bytearray(self.files[1].read_bytes())
        packed[len(packed) // 2] ^= 0xFF
        self.files[1].write_bytes(packed)
        self.check(self.files[1].name, "damaged gzip", "copy the file again")

    def test_empty_file(self):
        self.files[1].write_bytes(b"")
        self.check(self.files[1].name, "empty")

    def test_ragged_row(self):
        self.rewrite_row(17, lambda cells: cells[:-3], file=1)
        self.check(self.files[1].name, "row 17", "fields, the header", "--tolerate-bad-rows")

    def test_column_count_differs_from_header(self):
        self.rewrite(lambda text: text.replace(",", ",surplus/Column,", 1))
        self.check(self.files[0].name, "row 1:", "fields, the header")

    def test_unparsable_amount(self):
        self.set_cell(20, "lineItem/UsageAmount", "1.2.3")
        self.check(self.files[0].name, "row 20", "column line_item_usage_amount", "1.2.3")

    def test_amount_that_is_no_number(self):
        for text in ("NaN", "inf", "1,5", "0x10", "--1"):
            with self.subTest(text):
                self.set_cell(3, "lineItem/UsageAmount", text)
                done = self.lake.run("import", self.bucket)
                self.fails(done, 8, "row 3", "line_item_usage_amount", text)

    def test_amount_beyond_38_digits(self):
        self.set_cell(5, "lineItem/UsageAmount", "1" * 39)
        self.check(self.files[0].name, "row 5", "line_item_usage_amount", "38 digits")

    def test_amounts_that_fit_no_common_type(self):
        self.set_cell(5, "lineItem/UsageAmount", "1" * 30)
        self.set_cell(6, "lineItem/UsageAmount", "0." + "0" * 20 + "1")
        self.check("line_item_usage_amount", "38 digits")

    def test_wide_amounts_are_kept(self):
        for row in (5, 6, 7):
            self.set_cell(row, "lineItem/UsageAmount", "9" * 27 + ".0000000001")
        self.succeeds(self.lake.run("import", self.bucket))
        self.assertTrue(self.lake.state()["proven"])

    def test_unparsable_date(self):
        self.set_cell(9, "lineItem/UsageStartDate", "yesterday")
        self.check(self.files[0].name, "row 9", "line_item_usage_start_date", "yesterday")

    def test_header_only_file(self):
        for file in range(len(self.files)):
            self.rewrite(lambda text: text.split("\n")[0] + "\n", file)
        self.check(self.folder.name, "no line items, only a header")

    def test_file_of_another_month(self):
        for row in range(1, len(self.records(1))):
            self.set_cell(row, "bill/BillingPeriodStartDate", "2026-02-01T00:00:00Z", file=1)
        self.check(self.files[1].name, "row 1", "belongs to 2026-02", "the delivery is for 2026-01")

    def test_not_a_bill(self):
        self.rewrite(lambda text: "name,street\nx,y\n")
        self.check(self.files[0].name, "not a bill", "import an AWS Cost and Usage Report")

    def test_mandatory_column_missing_in_one_file(self):
        self.rewrite(lambda text: text.replace("lineItem/UnblendedCost", "lineItem/SomethingElse", 1), 1)
        self.check(self.files[1].name, "lacks the column line_item_unblended_cost")

    def zip_first_file(self, **options):
        path = self.files[0].with_suffix("").with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bill.csv", options.get("text", self.text()))
            for name in options.get("more", ()):
                archive.writestr(name, "x")
        self.files[0].unlink()
        self.edit_manifest(lambda manifest: manifest.update(
            reportKeys=[key.replace(self.files[0].name, path.name) for key in manifest["reportKeys"]]))
        return path

    def test_zip_is_read(self):
        self.zip_first_file()
        self.succeeds(self.lake.run("import", self.bucket))

    def test_encrypted_zip(self):
        path = self.zip_first_file()
        packed = bytearray(path.read_bytes())
        packed[6] |= 1  # the flag in the entry's own header
        packed[packed.rindex(b"PK\x01\x02") + 8] |= 1  # and in the directory
        path.write_bytes(packed)
        self.check(path.name, "encrypted", "decrypt it")

    def test_zip_of_several_entries(self):
        path = self.zip_first_file(more=["other.csv"])
        self.check(path.name, "2 files")

    def test_truncated_zip(self):
        path = self.zip_first_file()
        path.write_bytes(path.read_bytes()[:-30])
        self.check(path.name, "zip", "copy the file again")

    def test_manifest_key_that_climbs(self):
        outside = self.scratch / "outside.csv.gz"
        shutil.copy(self.files[1], outside)
        for climb in ("../../../../outside.csv.gz", "%2e%2e/%2e%2e/%2e%2e/%2E%2E/outside.csv.gz",
                      "%2e%2e%2F%2e%2e%2f%2e%2e/%2E%2E/outside.csv.gz"):
            with self.subTest(climb):
                self.edit_manifest(lambda manifest: manifest["reportKeys"].__setitem__(1, climb))
                self.fails(self.lake.run("import", self.bucket), 8, climb, "fix:")
                self.assertEqual(self.lake.state(), self.before)
        self.assert_good_delivery_still_works()

    def test_link_that_leaves_the_tree(self):
        outside = self.scratch / "outside.csv.gz"
        shutil.move(self.files[0], outside)
        self.files[0].symlink_to(outside)
        self.check(self.files[0].name, "outside the directory")

    def test_link_that_leaves_the_tree_below_a_manifest(self):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:
            outside = pathlib.Path(elsewhere) / "outside.csv.gz"
            shutil.move(self.files[0], outside)
            self.files[0].symlink_to(outside)
            self.check(self.files[0].name, "outside the directory", path=self.manifest)

    def assert_bomb_is_defused(self, *words):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        started = time.monotonic()
        self.assert_refused(*words)
        self.assertLess(time.monotonic() - started, 30)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(max(0, peak - before), 700_000, "kilobytes")
        self.assert_good_delivery_still_works()

    def write_bomb(self, path, head, filling):
        """Two gigabytes, in gzip members that are all alike but the first."""
        path.write_bytes(gzip.compress(head) + gzip.compress(filling * (16 << 20)) * 128)

    def test_bomb_of_zeros(self):
        self.write_bomb(self.files[0], b"", b"\0")
        self.assert_bomb_is_defused(self.files[0].name, "no end of record")

    def test_bomb_behind_a_good_header(self):
        header = self.text().split("\n")[0] + "\n"
        self.write_bomb(self.files[0], header.encode(), b"\n")
        self.assert_bomb_is_defused(self.files[0].name, "decompression bomb", "remove the file")

    def test_bomb_in_a_zip(self):
        header = self.text().split("\n")[0] + "\n"
        path = self.zip_first_file()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("bill.csv", "w", force_zip64=True) as out:
                out.write(header.encode())
                for _ in range(68):
                    out.write(b"\n" * (16 << 20))
        self.assert_bomb_is_defused(path.name, "decompression bomb")

    def test_quote_that_never_closes(self):
        self.rewrite(lambda text: text.replace(",Usage,", ',"Usage,', 1))
        self.check(self.files[0].name, "row")

    def test_invalid_utf8(self):
        self.rewrite(lambda text: text.encode().replace(b"AmazonEC2", b"Amazon\xff\xfe", 1), 1)
        self.check(self.files[1].name, "row ", "not UTF-8")

    def test_invalid_utf8_in_the_header(self):
        self.rewrite(lambda text: text.encode().replace(b"lineItem/Operation", b"lineItem/\xff", 1), 1)
        self.check(self.files[1].name, "header", "not UTF-8")

    def test_same_bad_delivery_again_is_listed_once(self):
        self.files[1].unlink()
        for _ in range(3):
            self.fails(self.lake.run("import", self.bucket), 8)
        quarantined = [d for d in self.lake.json("deliveries") if d["status"] == "quarantined"]
        self.assertEqual(len(quarantined), 1)

    def test_good_content_back_after_bad_content_is_unchanged(self):
        self.succeeds(self.lake.run("import", self.bucket))
        self.set_cell(9, "lineItem/UsageStartDate", "yesterday")
        self.fails(self.lake.run("import", self.bucket), 8)
        self.assert_good_delivery_still_works()  # checks that no third version appears

    def test_restatement_back_to_earlier_content_takes_over(self):
        self.succeeds(self.lake.run("import", self.bucket))
        shutil.rmtree(self.bucket)
        shutil.copytree(self.root / "one", self.bucket)
        self.edit_manifest(lambda manifest: manifest.update(assemblyId="third"))
        self.succeeds(self.lake.run("import", self.bucket))
        self.assertEqual(self.lake.state()["total"], self.before["total"])

    def test_tolerated_rows(self):
        column = "lineItem/UnblendedCost"
        lost = sum(Decimal(self.cell(row, column, file) or 0) for row, file in ((4, 0), (40, 0), (11, 1)))
        told = sum(Decimal(self.cell(row, column) or 0) for row in (4, 40))
        self.set_cell(4, "lineItem/UsageStartDate", "broken")
        self.set_cell(40, "lineItem/UsageAmount", "broken")
        self.rewrite_row(11, lambda cells: cells + ["surplus"], file=1)

        self.assert_refused("row 4, column", "line_item_usage_start_date",
                            "the first of more than the 2 bad rows tolerated",
                            flags=("--tolerate-bad-rows", 2))
        done = self.succeeds(self.lake.run("import", self.bucket, "--tolerate-bad-rows", 3))
        self.assertEqual(re.findall(r"set aside: .*?: row (\d+)", done.stderr), ["4", "40", "11"])
        self.assertIn(f"3 rows set aside; not in the lake: {told.normalize():f} USD and what 1 unreadable row",
                      done.stderr)
        for verb in ("deliveries", "exports"):
            listed = self.succeeds(self.lake.run(verb, "--format", "csv")).stdout
            self.assertIn("3 rows set aside; not in the lake: ", listed)
        self.assertIn(",no,yes,", listed)  # not complete, elected
        for word in ("row 4,", "row 40,", "row 11:", "line_item_usage_start_date",
                     "line_item_usage_amount", self.files[0].name, self.files[1].name):
            self.assertIn(word, done.stderr)
        spoiled = self.lake.state()
        self.assertTrue(spoiled["proven"])
        good = harness.Lake(self.scratch / "good")
        self.succeeds(good.run("import", self.root / "two"))
        rows, total = good.state()["total"]
        self.assertEqual(int(spoiled["total"][0]), int(rows) - 3)
        self.assertEqual(Decimal(spoiled["total"][1]), Decimal(total) - lost)

    def test_tolerated_bytes_that_are_not_utf8(self):
        for row in (3, 5, 8):
            self.set_cell(row, "lineItem/Operation", "Run\udcffInstances")
        self.assert_refused("not UTF-8", flags=("--tolerate-bad-rows", 2))
        done = self.succeeds(self.lake.run("import", self.bucket, "--tolerate-bad-rows", 3))
        for word in ("row 3", "row 5", "row 8"):
            self.assertRegex(done.stderr, f"kept with replaced bytes: .*{word}, column ")
        self.assertNotIn("set aside", done.stderr)
        self.assertEqual(self.lake.state()["total"][0], "500")  # only the bytes are lost


class BadBareFile(harness.Case):
    """Files without a manifest: each bad one is refused by itself."""

    def setUp(self):
        super().setUp()
        self.lake = harness.Lake(self.scratch / "data")
        self.bills = self.scratch / "bills"
        self.bills.mkdir()

    def refuse(self, name, content, *words, code=8):
        file = self.bills / name
        if isinstance(content, dict):
            parquet.write(file, content)
        else:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = self.fails(self.lake.run("import", file), code, "fix:", *words)
        self.assertEqual(self.lake.json("versions"), [])
        self.assertEqual(self.lake.leftovers(), [])
        return done

    def parquet_rows(self, **changes):
        columns = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("/", "_").lower(): [text] * 3
                   for name, text in GOOD_ROW.items()}
        columns["line_item_unblended_cost"] = [0.25] * 3
        columns["line_item_usage_amount"] = [1.0] * 3
        for name, content in changes.items():
            columns[name] = columns[name][:1] + [content] + columns[name][2:]
        return columns

    def test_good_rows_are_read(self):
        (self.bills / "good.csv").write_text(rows_of({}, {}))
        parquet.write(self.bills / "good.parquet", self.parquet_rows())
        for name, rows in (("good.csv", 2), ("good.parquet", 3)):
            done = self.succeeds(self.lake.run("import", self.bills / name))
            self.assertIn(f"{rows} lines", done.stdout)
            self.assertIn("completeness unknown", done.stderr)

    def test_currencies_are_not_added_up_in_the_report(self):
        (self.bills / "two.csv").write_text(rows_of({"lineItem/CurrencyCode": "JPY"}, {}))
        done = self.succeeds(self.lake.run("import", self.bills / "two.csv"))
        self.assertRegex(done.stdout, "2 lines  amounts in JPY, USD\n$")
        (self.bills / "two.csv").write_text(rows_of({"lineItem/CurrencyCode": "EUR"}, {}))
        self.assertEqual(self.lake.json("import", self.bills / "two.csv")["outcomes"][0]["totals"], {})

    def test_lines_without_a_currency_are_not_added_to_the_others_in_the_report(self):
        (self.bills / "none.csv").write_text(rows_of({"lineItem/CurrencyCode": ""}, {}))
        done = self.succeeds(self.lake.run("import", self.bills / "none.csv"))
        self.assertRegex(done.stdout, "2 lines  amounts in USD, unknown\n$")
        (self.bills / "none.csv").write_text(rows_of({}, {"lineItem/CurrencyCode": ""}, {}))
        outcome = self.lake.json("import", self.bills / "none.csv")["outcomes"][0]
        self.assertEqual((outcome["totals"], outcome["currencies"]), ({}, ["USD", ""]))

    def test_decimals_of_more_than_38_digits_in_parquet(self):
        columns = self.parquet_rows()
        columns["line_item_unblended_cost"] = [Decimal("0.1")] * 3
        self.refuse("wide.parquet", columns, "wide.parquet", "line_item_unblended_cost",
                    "decimal of 50 digits")

    def test_nan_in_parquet(self):
        for value, text in ((float("nan"), "nan"), (float("inf"), "inf")):
            self.refuse("nan.parquet", self.parquet_rows(line_item_unblended_cost=value), "nan.parquet",
                        "row 2", "line_item_unblended_cost", text)

    def test_nan_in_a_text_column_of_parquet(self):
        columns = self.parquet_rows()
        columns["line_item_unblended_cost"] = ["1", "NaN", "2"]
        self.refuse("nan.parquet", columns, "nan.parquet", "row 2", "line_item_unblended_cost", "NaN")

    def test_huge_number_in_parquet(self):
        self.refuse("huge.parquet", self.parquet_rows(line_item_unblended_cost=1e300), "huge.parquet",
                    "line_item_unblended_cost")

    def test_unparsable_date_in_parquet(self):
        columns = self.parquet_rows(line_item_usage_start_date="yesterday")
        self.refuse("date.parquet", columns, "date.parquet", "row 2", "line_item_usage_start_date",
                    "yesterday")

    def test_truncated_parquet(self):
        good = self.bills / "good.parquet"
        parquet.write(good, self.parquet_rows())
        self.refuse("short.parquet", good.read_bytes()[:-50], "short.parquet", "Parquet")

    def test_damaged_parquet(self):
        good = self.bills / "good.parquet"
        parquet.write(good, self.parquet_rows())
        packed = bytearray(good.read_bytes())
        packed[4:40] = b"\xff" * 36
        self.refuse("damaged.parquet", bytes(packed), "damaged.parquet")

    def test_parquet_that_is_no_bill(self):
        self.refuse("other.parquet", {"name": ["x"], "size": [1.0]}, "other.parquet", "not a bill")

    def test_header_only(self):
        self.refuse("header.csv", ",".join(GOOD_ROW) + "\n", "header.csv: holds", "only a header", "import it again")

    def test_parquet_with_a_broken_footer(self):
        done = self.refuse("footer.parquet", b"PAR1" + b"\0" * 100 + b"PAR1", "footer.parquet",
                           "its footer is damaged or cut off", "copy the file again")
        self.assertNotIn("SELECT", done.stderr)

    def test_workbook(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("xl/workbook.xml", "<x/>")
        self.refuse("book.csv", packed.getvalue(), "book.csv", "an Excel workbook, not CSV")

    def test_empty_cost(self):
        self.refuse("empty.csv", rows_of({}, {"lineItem/UnblendedCost": ""}), "empty.csv: row 2",
                    "column line_item_unblended_cost: is empty", "--tolerate-bad-rows")

    def test_file_that_is_no_table(self):
        self.refuse("noise.csv", bytes(range(256)) * 100, "noise.csv")

    def test_bad_row(self):
        self.refuse("bad.csv", rows_of({}, {"lineItem/UnblendedCost": "12x"}), "bad.csv", "row 2",
                    "line_item_unblended_cost", "12x")

    def test_bad_billing_period(self):
        self.refuse("bad.csv", rows_of({}, {"bill/BillingPeriodStartDate": "soon"}), "bad.csv", "row 2",
                    "bill_billing_period_start_date", "soon")

    def test_account_id_that_a_spreadsheet_rounded(self):
        rows = rows_of({}, {"lineItem/UsageAccountId": "1.23457E+11"})
        self.refuse("saved.csv", rows, "saved.csv", "row 2", "column line_item_usage_account_id",
                    "1.23457E+11", "saved by a spreadsheet", "export it again")

    def test_field_beyond_the_limit(self):
        rows = rows_of({}, {"lineItem/ProductCode": '"' + "x" * (40 << 20) + '"'})
        self.refuse("long.csv", rows, "long.csv", "row 2, column lineItem/ProductCode", "32 MiB",
                    "longer than 32 MiB")

    def test_bytes_after_the_end_of_gzip(self):
        packed = gzip.compress(rows_of({}, {}).encode())
        self.refuse("tail.csv.gz", packed + b"\0" * 100 + b"x", "tail.csv.gz", "no gzip data follows")
        (self.bills / "tail.csv.gz").write_bytes(packed + b"\0" * 10_000)
        done = self.succeeds(self.lake.run("import", self.bills / "tail.csv.gz"))
        self.assertIn("10000 zero bytes after the end", done.stderr)

    def test_files_beside_a_bill_are_noted_only(self):
        (self.bills / "good.csv").write_text(rows_of({}, {}))
        for name in ("good.csv.sha256", "good.csv.md5", "invoice.pdf", "readme.txt", ".DS_Store",
                     "_SUCCESS", "good.parquet.crc", "desktop.ini", "other.json",
                     "bill-RedshiftCommands.sql", "create-table.sql"):
            (self.bills / name).write_text("no bill")
        done = self.succeeds(self.lake.run("import", self.bills))
        self.assertIn("2 lines", done.stdout)
        self.assertIn("no bills by their names, not read: ", done.stderr)
        self.assertRegex(done.stderr, r"not read: .* and \d more\n")
        self.assertEqual([d["status"] for d in self.lake.json("deliveries")], ["loaded"])

    def test_one_bad_file_does_not_stop_the_others(self):
        (self.bills / "good.csv").write_text(rows_of({}, {}))
        (self.bills / "other.csv").write_text("name,street\nx,y\n")
        done = self.lake.run("import", self.bills)
        self.fails(done, 8, "other.csv", "not a bill")
        self.assertIn("2 lines", done.stdout)
        self.assertEqual(len(self.lake.versions()), 1)

    def test_sum_beyond_what_fits(self):
        self.refuse("sum.csv", rows_of(*[{"lineItem/UnblendedCost": "9" * 38}] * 4), "sum.csv",
                    "line_item_unblended_cost", "38 digits")


if __name__ == "__main__":
    unittest.main()
