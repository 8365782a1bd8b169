#!/usr/bin/env python3
"""Answers the twelve questions of the shared yardstick with `farthing`, as its contract for products asks.

    answer.py --farthing BIN --data DIR --format cur2-parquet --last 2025-02 --prev 2025-01 --day 2025-02-10 --question q01
    answer.py … --serve          # one question id per line on stdin; CSV, then a line with a single dot

Every question is one or two `farthing cost` commands; this script only renames columns, splits hours from
timestamps and subtracts two months.
"""
import argparse
import csv
import datetime
import io
import shlex
import subprocess
import sys
from decimal import Decimal

CUR = {"cost": "unblended_cost", "net_cost": "net_unblended_cost", "amortized": "amortized_cost", "line_type": "line_item_type"}
FOCUS = {"cost": "billed_cost", "net_cost": "billed_cost", "amortized": "effective_cost", "line_type": "charge_category"}


class Questions:
    """Each method returns the arguments of `farthing cost` and how to name the columns of the answer."""

    def __init__(self, a):
        self.focus = a.format.startswith("focus")
        self.names = FOCUS if self.focus else CUR
        self.last, self.prev, self.day = a.last, a.prev, a.day

    def metric(self, *labels):
        return ["--metric", ",".join(f"{self.names[label]} as {label}" for label in labels)]

    def month(self):
        return ["--period", self.last]

    def q01(self):
        metrics = ",".join(["line_count as line_items"] + [f"{self.names[c]} as {c}" for c in ("cost", "net_cost", "amortized")])
        return ["--grain", "period", "--metric", metrics], {"period": "month"}

    def q02(self):
        return [*self.month(), "--by", "service_code", *self.metric("cost", "amortized")], {"service_code": "service"}

    def q03(self):
        return [*self.month(), "--grain", "day", "--by", "account", *self.metric("cost")], {"account": "account_id"}

    def q04(self):
        return [*self.month(), "--by", "resource", "--where", 'resource!=""', "--order-by", "cost desc,resource", "--limit", "50", *self.metric("cost")], {"resource": "resource_id"}

    def q05(self):
        return ["--by", "tag:CostCenter", *self.metric("cost", "amortized")], {"tag:CostCenter": "cost_center"}

    def q06(self):
        return [*self.month(), "--grain", "day", "--by", "service_code", *self.metric("amortized")], {"service_code": "service"}

    def q07(self):
        if self.focus:
            return ["--grain", "period", "--by", "commitment_discount_type,commitment_discount_status", "--where", 'commitment_discount_status!=""',
                    "--metric", "effective_cost as amortized,list_cost"], {"period": "month", "commitment_discount_type": "commitment_type", "commitment_discount_status": "commitment_status"}
        metrics = ["savings_plan_commitment as sp_commitment", "savings_plan_used_commitment as sp_used", "unblended_cost[line_item_type=SavingsPlanCoveredUsage] as sp_covered_on_demand",
                   'unblended_cost[line_item_type=Usage and usage_type like "%BoxUsage:%"] as uncovered_instances', "pricing_quantity[line_item_type=DiscountedUsage] as ri_hours_used",
                   "reservation_unused_quantity as ri_hours_unused"]
        return ["--grain", "period", "--metric", ",".join(metrics)], {"period": "month"}

    def q08(self):
        end = datetime.date.fromisoformat(self.day) + datetime.timedelta(days=1)
        return [*self.month(), "--grain", "hour", "--from", self.day, "--to", str(end), "--by", "service_code", *self.metric("cost")], {"service_code": "service"}

    def q09(self):
        previous = self.prev if self.prev != "none" else "0001-01"
        metrics = f'{self.names["cost"]}[period="{previous}"] as previous,{self.names["cost"]}[period="{self.last}"] as latest'
        months = self.last if self.prev == "none" else f"{self.prev}..{self.last}"
        return ["--period", months, "--by", "service_code", "--metric", metrics], {"service_code": "service"}

    def q10(self):
        where = 'charge_category=Credit or charge_class=Correction' if self.focus else "line_item_type in (Credit, Refund, BundledDiscount, EdpDiscount)"
        return ["--grain", "period", "--by", f'{self.names["line_type"]},account', "--where", where, *self.metric("cost")], {"period": "month", self.names["line_type"]: "line_type", "account": "account_id"}

    def q11(self):
        return [*self.month(), "--by", "usage_type", "--where", 'usage_type like "%-AWS-%-Bytes"', "--metric", f'pricing_quantity as gb,{self.names["cost"]} as cost'], {}

    def q12(self):
        return [*self.month(), "--by", "account", "--where", 'resource!=""', "--metric", "resource_count as resources"], {"account": "account_id"}


def reshape(question, text, renames):
    """Names the columns as questions.json does."""
    lines = text.split("\n", 1)
    header = [renames.get(name, name) for name in next(csv.reader([lines[0]]))]
    if question not in ("q08", "q09"):
        return ",".join(header) + "\n" + (lines[1] if len(lines) > 1 else "")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header + ["change"] if question == "q09" else header)
    for row in csv.reader(io.StringIO(lines[1])):
        if question == "q08":
            row[0] = str(int(row[0][11:13]))
        else:
            previous, latest = (Decimal(row[header.index(name)] or 0) for name in ("previous", "latest"))
            row = [format(v, "f") if isinstance(v, Decimal) else v for v in (row[0], previous, latest)] + [format(latest - previous, "f")]
        writer.writerow(row)
    return out.getvalue()


def main():
    p = argparse.ArgumentParser()
    for name in ("farthing", "data", "format", "last", "prev", "day"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--question")
    p.add_argument("--serve", action="store_true")
    a = p.parse_args()
    questions = Questions(a)
    if not a.serve:
        arguments, renames = getattr(questions, a.question)()
        done = subprocess.run([a.farthing, "cost", "--data", a.data, "--format", "csv", *arguments], stdout=subprocess.PIPE, text=True, check=True)
        sys.stdout.write(reshape(a.question, done.stdout, renames))
        return
    shell = subprocess.Popen([a.farthing, "shell", "--data", a.data, "--end-marker", "."], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in sys.stdin:
        question = line.strip()
        arguments, renames = getattr(questions, question)()
        shell.stdin.write(shlex.join(["cost", "--format", "csv", *arguments]) + "\n")
        shell.stdin.flush()
        answer = []
        for row in shell.stdout:
            if row == ".\n":
                break
            answer.append(row)
        sys.stdout.write(reshape(question, "".join(answer), renames) + ".\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
