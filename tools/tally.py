"""Sums the JUnit files of a test run: tally.py RESULTS STEPS_PASSED STEPS_FAILED.

Prints the closing line `N passed, N failed`; a step that failed without a failed case of its own
(a crash, a timeout, a check) counts as one.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main():
    results, steps_passed, steps_failed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    passed = failed = skipped = 0
    for path in sorted(results.rglob("*.xml")):
        try:
            cases = list(ElementTree.parse(path).iter("testcase"))
        except ElementTree.ParseError:  # its process was killed while it wrote
            continue
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                skipped += 1
            else:
                passed += 1
    failed = max(failed, steps_failed)
    tail = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{tail} ({steps_passed} steps passed, {steps_failed} failed)")
    return 1 if failed else 0


sys.exit(main())
