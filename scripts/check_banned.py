#!/usr/bin/env python3
"""Fails when a text appears outside the folders where it belongs.

Comments do not count; tests and generated files (whose source is schema/) are not looked at.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = ["base", "http", "engine", "billing", "aws", "lake", "ingest", "query", "connect", "sim", "cli"]

# (pattern, suffixes, path prefixes where it is allowed, what to do instead)
RULES = [
    (
        r"\bstd::(?:cout|cerr|clog)\b|\b(?:f?printf|f?puts|putchar|perror)\s*\(",
        {".h", ".cc"},
        # result.cc prints the last words of a broken invariant
        ("cli/", "base/result.cc"),
        "only cli/ talks to the terminal; return a Result",
    ),
    (
        r"\b(?:double|float)\b.*(?i:cost|price|amount)|(?i:cost|price|amount).*\b(?:double|float)\b",
        {".h", ".cc"},
        (),
        "money is never binary floating point; use base/decimal.h",
    ),
    (
        r"\bsystem_clock::now\b|\btime\((?:nullptr|NULL|0)\)",
        {".h", ".cc"},
        ("base/time.cc",),
        "only Now() in base/time.h reads the clock",
    ),
    (
        r"\b(?:std::)?getenv\s*\(",
        {".h", ".cc"},
        ("cli/",),
        "only cli/ reads the environment; take an option",
    ),
    (
        # line_item_type is also a word of ours: a dimension.
        r"\b(?:split_)?line_item_(?!type\b)(?=\w)|\bbill_(?:payer|billing|bill|invoice)_\w+|\bpricing_public_on_demand_"
        r"|\bsavings_plan_(?:savings|total|used|amortized)_|\breservation_(?:amortized|effective|unused|recurring)_"
        r"|\b(?:lineItem|splitLineItem|savingsPlan)/\w",
        {".h", ".cc", ".sql", ".md"},
        # discovery.cc judges the query of an AWS export, which is written in them.
        ("ingest/", "schema/", "sim/", "connect/exports/discovery.cc", "docs/formats/", "docs/reference/", "docs/decisions/"),
        "column names of bills stay in ingest/, schema/, sim/ and docs/formats/; use billing's words",
    ),
]


def without_comments(path, text):
    """Blanks C++ comments, keeping line numbers; strings stay."""
    if path.suffix not in {".h", ".cc"}:
        return text
    token = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    keep = lambda m: m.group() if m.group().startswith('"') else "\n" * m.group().count("\n")
    return token.sub(keep, text)


def main():
    bad = []
    for folder in MODULES + ["docs"]:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            rules = [rule for rule in RULES if path.suffix in rule[1] and not name.startswith(rule[2])]
            if not rules or path.stem.endswith(("_test", "_generated")):
                continue
            for number, line in enumerate(without_comments(path, path.read_text()).splitlines(), 1):
                for pattern, _, _, advice in rules:
                    found = re.search(pattern, line)
                    if found:
                        bad.append(f"{name}:{number}: \"{found.group()}\": {advice}")
    print("\n".join(bad) or f"{len(RULES)} rules, nothing out of place")
    sys.exit(bool(bad))


main()
