"""A legacy report whose compression is changed from ZIP to GZIP and back amid a month: it stays one export, and each
delivery takes the place of the last, though the file of the other compression is left behind."""

import datetime
import decimal
import gzip
import io
import json
import unittest
import zipfile

import storage
from storage import harness


def zipped(name, content):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as entries:
        entries.writestr(name, content)
    return archive.getvalue()


class Compression(storage.Case):
    def deliver(self, number, compression):
        """Lays the month's delivery of that number into the bucket; returns its exact unblended cost."""
        folder = self.scratch / f"delivery-{number}"
        expected = harness.simulate(folder, number, 600, "cur1-csv")
        source = next(folder.rglob("*-Manifest.json"))
        content = gzip.decompress(next(folder.rglob("*.csv.gz")).read_bytes())
        ending = "zip" if compression == "ZIP" else "gz"
        dates = f"p/bill/{source.parent.name}"
        key = f"{dates}/bill-00001.csv.{ending}"
        manifest = json.loads(source.read_text())
        manifest.update(reportName="bill", reportId="f" * 64, compression=compression, bucket=storage.BUCKET,
                        reportKeys=[key])
        at = storage.DATA_AT + datetime.timedelta(minutes=10 * number)
        data = zipped("bill-00001.csv", content) if compression == "ZIP" else gzip.compress(content)
        self.storage.put(key, data, at=at)
        text = json.dumps(manifest, indent=number)  # the storage tells content by its size
        self.storage.put(f"{dates}/bill-Manifest.json", text.encode(), at=at + datetime.timedelta(minutes=1))
        return next(iter(expected["months"].values()))["all"]

    def test_one_export_whose_newest_delivery_counts(self):
        for number, compression in enumerate(["ZIP", "GZIP", "ZIP", "GZIP"], 1):
            with self.subTest(compression=compression, delivery=number):
                expected = self.deliver(number, compression)
                if number == 1:
                    self.connect()
                told = self.succeeds(self.lake.run("collect", env=self.environment)).stdout
                self.assertIn("loaded", told)
                state = self.lake.state()
                self.assertEqual(state["proven"], True)
                self.assertEqual(len(state["active"]), 1)
                self.assertEqual(decimal.Decimal(state["total"][1]), decimal.Decimal(expected["unblended"]))
                self.assertEqual({name for name, _, _ in self.lake.versions()}, {"bill"})
                self.assertEqual(len(self.lake.versions()), number)
                self.assertIn("nothing new", self.succeeds(self.lake.run("collect", env=self.environment)).stdout)


if __name__ == "__main__":
    unittest.main()
