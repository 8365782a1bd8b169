"""What happens to a bucket that is not AWS's doing: emptied, thinned out by a lifecycle rule, moved."""

import json
import subprocess
import unittest

import storage
from storage import harness


class Bucket(storage.Case):
    def setUp(self):
        super().setUp()
        self.put_month(self.month_of_bill())
        self.connect()
        self.assertIn("loaded", self.collect())
        self.old = self.lake.state()

    def collect(self):
        return self.succeeds(self.lake.run("collect", env=self.environment)).stdout

    def remove(self, words):
        for key in [key for key in self.storage.objects if words in key]:
            del self.storage.objects[key]

    def test_an_emptied_bucket_is_said_and_what_was_collected_stays(self):
        kept = dict(self.storage.objects)
        self.remove("p/")
        self.assertIn("note: nothing is delivered below s3://bills/p/bill/ any more", self.collect())
        done = self.lake.run("collect", "--format", "json", env=self.environment)
        self.assertIn("any more", self.succeeds(done).stderr)
        self.assertEqual(json.loads(done.stdout), [])
        self.assertEqual(self.lake.state(), self.old)
        self.storage.objects = kept
        self.assertNotIn("note:", self.collect())
        self.assertEqual(self.lake.state(), self.old)

    def test_files_that_a_lifecycle_rule_removed_are_no_fault_of_a_bill_that_is_there(self):
        self.remove("/data/")
        self.assertIn("nothing new", self.collect())
        self.assertEqual(self.lake.state(), self.old)

    def test_a_manifest_before_its_files_is_incomplete_until_they_come(self):
        self.put_month(self.month_of_bill(), 1000)
        late = {key: value for key, value in self.storage.objects.items() if "/data/" in key}
        self.remove("/data/")
        done = self.lake.run("collect", env=self.environment)
        self.fails(done, 8, "its reason stands in its line above")
        self.assertIn("names a file that is not in the bucket", done.stdout)
        self.assertEqual(self.lake.state(), self.old)
        self.storage.objects.update(late)
        self.collect()

    def test_a_torn_manifest_says_that_it_is_tried_again(self):
        manifest = next(key for key in self.storage.objects if "Manifest" in key)
        whole = self.storage.objects[manifest]
        self.storage.put(manifest, whole[3][:40], at=storage.MANIFEST_AT)
        done = self.lake.run("collect", env=self.environment)
        self.fails(done, 8)
        self.assertIn("tried again with the next collection", done.stdout)
        self.storage.objects[manifest] = whole
        self.collect()
        self.assertEqual(self.lake.state()["total"], self.old["total"])

    def test_a_watch_writes_a_line_for_each_delivery(self):
        for number, form in enumerate(["json", "csv"], 1):
            self.put_month(self.month_of_bill(), 10 * number)
            watch = subprocess.Popen(
                [harness.BINARY, "--data", self.lake.directory, "collect", "--watch", "--every", "0.001", "--format", form],
                env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.addCleanup(watch.stdout.close)
            self.addCleanup(watch.wait, 60)
            self.addCleanup(watch.terminate)
            first = watch.stdout.readline()
            if form == "csv":
                self.assertTrue(first.startswith("connection,period,outcome,"), first)
                self.assertIn(self.month_of_bill(), watch.stdout.readline())
            else:
                self.assertEqual(json.loads(first)["period"], self.month_of_bill())
            self.put_month(self.month_of_bill(), 10 * number + 5)
            line = watch.stdout.readline()
            found = json.loads(line)["period"] if form == "json" else line.split(",")[1]
            self.assertEqual(found, self.month_of_bill(), line)
            watch.terminate()
            self.assertEqual(watch.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
