"""Sums the JUnit files of a test run: tally.py RESULTS STEPS_PASSED STEPS_FAILED.

Prints the closing line `N passed, N failed`; a step that failed without a failed case of its own
(a crash, a timeout, a check) counts as one. NAME-again.xml holds cases of NAME.xml that were run once
more: each counts as it ended then, and is named.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def ends(path):
    """{case: "passed" | "failed" | "skipped"}"""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except ElementTree.ParseError:  # its process was killed while it wrote
        return {}
    found = {}
    for i, case in enumerate(cases):
        end = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            end = "failed"
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            end = "skipped"
        key = (case.get("classname", ""), case.get("name", ""))
        found[key if key not in found else (*key, i)] = end
    return found


def main():
    results, steps_passed, steps_failed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    again = {str(path).replace("-again.xml", ".xml"): ends(path) for path in results.rglob("*-again.xml")}
    passed = failed = skipped = 0
    for path in sorted(results.rglob("*.xml")):
        if path.name.endswith("-again.xml"):
            continue
        for case, end in ends(path).items():
            last = again.get(str(path), {}).get(case, end)
            if last != end:
                print(f"failed beside others, {last} alone: {'.'.join(case[:2])}")
            passed += last == "passed"
            failed += last == "failed"
            skipped += last == "skipped"
    failed = max(failed, steps_failed)
    tail = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{tail} ({steps_passed} steps passed, {steps_failed} failed)")
    return 1 if failed else 0


sys.exit(main())
