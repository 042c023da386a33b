"""Adds up a results folder: gtest's XML files by test case, everything else by ctest test.

Prints "N passed, N failed, N skipped" as its last line; exits 1 if anything failed or nothing ran.
"""
import pathlib
import sys
import xml.etree.ElementTree as ET


def outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.get("status") in ("notrun", "disabled") or case.get("result") in ("skipped", "suppressed"):
        return "skipped"
    if case.get("status") == "fail":
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ET.parse(folder / "ctest.xml").getroot().iter("testcase"):
        cases = [case]
        gtest = folder / (case.get("name") + ".xml")
        if gtest.exists():
            cases = list(ET.parse(gtest).getroot().iter("testcase"))
            # A crash leaves no or a shorter list: the whole binary then counts as a failure too.
            if outcome(case) == "failed" and all(outcome(c) != "failed" for c in cases):
                cases.append(case)
        for each in cases:
            result = outcome(each)
            counts[result] += 1
            if result != "passed":
                name = f'{each.get("classname") or ""} {each.get("name")}'.strip()
                print(f"{result}: {name}")
    print(f'{counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
