#!/usr/bin/env python3
"""Fails when a document cites a test that does not exist.

A citation is `Suite.Case` or `Suite.*` in backquotes, or the name of a quirk's test (`Q07_…`).  Tests are
looked up in the sources, so that the check needs no build.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
CITED = re.compile(r"`((?:\w+/)?(\w+Test)(?:\.(\w+|\*))?)`|`(Q\d\d_\w+)`")


def known_tests():
    tests = {}
    for path in ROOT.glob("*/**/*_test.cc"):
        if path.relative_to(ROOT).parts[0] == "build":
            continue
        for suite, case in CODE.findall(path.read_text()):
            tests.setdefault(suite, set()).add(case)
    return tests


def main():
    tests = known_tests()
    cases = set().union(*tests.values())
    problems = []
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name, suite, case, quirk in CITED.findall(line):
                if quirk:
                    exists = quirk in cases
                else:
                    exists = suite in tests and (case in ("", "*") or case in tests[suite])
                if not exists:
                    problems.append(f"{path.relative_to(ROOT)}:{number}: no such test: {name or quirk}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
