#!/usr/bin/env python3
"""Fails when a file includes what its module may not.

- A module may include itself and the modules its CMakeLists.txt names in DEPENDS, and DEPENDS may
  name only modules that stand before it in the root CMakeLists.txt.
- Of a module with FOLDERS, lowest first, a folder may include itself and those before it.
- `x_internal.h` is for its own module only.
- Each third party has a home (HOMES); its headers appear nowhere else.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# header pattern -> folders that may include it
HOMES = {
    r"duckdb\.h": {"engine", "ingest"},
    r"sqlite3\.h": {"engine"},
    r"isa-l.*|zip\.h|xxhash\.h": {"base", "ingest"},
    r"zlib\.h": {"sim"},
    r"openssl/.*": {"base", "aws", "sim"},
    r"curl/.*|boost/(?:asio|beast).*": {"http"},
    r"pugixml\.hpp": {"aws", "sim"},
    r"sodium\.h": {"connect"},
    r"CLI/.*": {"cli"},
}
TEST_ONLY = r"gtest/.*|gmock/.*|rapidcheck.*"
INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^>"]+)[>"]')


def declared_modules():
    """Returns {module: modules it may include}, lowest first."""
    top = (ROOT / "CMakeLists.txt").read_text()
    order = re.search(r"foreach\(module IN ITEMS ([\w\s]+)\)", top).group(1).split()
    allowed = {}
    for position, module in enumerate(order):
        build_file = ROOT / module / "CMakeLists.txt"
        if not build_file.exists():
            continue
        found = re.search(r"\bDEPENDS\s+([a-z_\s]+)", build_file.read_text())
        wanted = set(found.group(1).split()) if found else set()
        upward = wanted - set(order[:position])
        if upward:
            sys.exit(f"{module} depends on {sorted(upward)}, which is not above it in CMakeLists.txt")
        allowed[module] = wanted | {module}
    return order, allowed


def folders_of(module):
    """Returns the folders of a module, lowest first; "." are the files of no folder."""
    found = re.search(r"\bFOLDERS\s+([a-z_. ]+)", (ROOT / module / "CMakeLists.txt").read_text())
    return found.group(1).split() if found else []


def is_upward(path, module, header):
    """True where a file of a module's folder includes one of a higher folder."""
    folders = folders_of(module)
    if not folders or path.stem.endswith("_test"):
        return False

    def height(parts):
        return folders.index(parts[1] if len(parts) > 2 else ".")

    return height(header.split("/")) > height(path.relative_to(ROOT).parts)


def why_not(path, module, quote, header, order, allowed):
    """Returns why `path` may not include `header`, or nothing."""
    target = header.split("/")[0]
    if quote == '"' and target in order:
        if target not in allowed[module]:
            return f"{module}/ may not include {target}/; see DEPENDS in {module}/CMakeLists.txt"
        if header.endswith("_internal.h") and target != module:
            return f"{header} is private to {target}/"
        if target == module and is_upward(path, module, header):
            return f"{header} stands above it; see FOLDERS in {module}/CMakeLists.txt"
        return None
    if re.fullmatch(TEST_ONLY, header) and not path.stem.endswith("_test"):
        return f"{header} is for tests"
    for pattern, homes in HOMES.items():
        if re.fullmatch(pattern, header) and module not in homes:
            return f"{header} belongs to {', '.join(sorted(homes))}"
    return None


def main():
    order, allowed = declared_modules()
    bad = []
    for module in allowed:
        for path in sorted((ROOT / module).rglob("*")):
            if path.suffix not in {".h", ".cc"}:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                include = INCLUDE.match(line)
                reason = include and why_not(path, module, *include.groups(), order, allowed)
                if reason:
                    bad.append(f"{path.relative_to(ROOT)}:{number}: {reason}")
    print("\n".join(bad) or f"{len(allowed)} modules, every include declared")
    sys.exit(bool(bad))


main()
