"""Peak memory of collecting: a delivery of 300 MB, and a bucket of three years with a quarter of a million keys."""

import os
import subprocess
import unittest

import storage
from storage import harness


class Memory(storage.Case):
    def peak_of_collecting(self):
        """Peak resident memory in MiB, and what was printed."""
        with open(self.scratch / "said", "w+") as said:
            process = subprocess.Popen([harness.BINARY, "--data", self.lake.directory, "collect"], env=self.environment,
                                       stdout=said, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read()
        self.assertEqual(process.returncode, 0, text)
        return usage.ru_maxrss / 1024, text

    def test_a_large_object_is_not_held_in_memory(self):
        month = self.month_of_bill()
        self.put_month(month)
        self.connect()
        small, text = self.peak_of_collecting()
        self.assertIn("loaded", text)
        self.put_month(month, (300 << 20) // len(storage.EMPTY_BLOCK))
        large, text = self.peak_of_collecting()
        print(f"a small delivery: {small:.0f} MiB; one of 300 MiB: {large:.0f} MiB")
        self.assertLess(large, small + 100)

    def test_a_bucket_of_many_keys_takes_little_for_each(self):
        month = self.month_of_bill()
        self.put_month(month)
        self.connect()
        self.peak_of_collecting()
        few, text = self.peak_of_collecting()
        self.assertIn("nothing new", text)
        for number in range(36):
            for assembly in range(70):
                for part in range(100):
                    self.storage.put(f"p/bill/data/BILLING_PERIOD={2023 + number // 12}-{number % 12 + 1:02}/"
                                     f"2026-01-10T00:00:00.000Z-{assembly:08}-aaaa-bbbb-cccc/bill-{part:05}.csv.gz", b"x")
        many, text = self.peak_of_collecting()
        keys = len(self.storage.objects)
        print(f"{keys} keys: {many:.0f} MiB, {few:.0f} MiB without them")
        self.assertIn("nothing new", text)
        self.assertLess((many - few) * (1 << 20) / keys, 600)


if __name__ == "__main__":
    unittest.main()
