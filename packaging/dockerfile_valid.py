"""Has hadolint look at the Dockerfile, and sees that it can find something: `dockerfile_valid.py HADOLINT DOCKERFILE`."""
import json
import subprocess
import sys
from pathlib import Path


def findings(hadolint, text):
    """-> {rule: what it says}"""
    done = subprocess.run([hadolint, "--no-fail", "--format", "json", "-"], input=text, capture_output=True, text=True, check=True, timeout=60)
    return {one["code"]: f"{one['line']}: {one['message']} ({one['code']})" for one in json.loads(done.stdout)}


# Each is the file with one thing made wrong.
BROKEN = {
    "DL3006": ("FROM debian:bookworm-slim", "FROM debian"),
    "DL3002": ("USER 990:990", "USER root"),
    "DL3014": ("apt-get install -y", "apt-get install"),
    "DL3015": (" --no-install-recommends", ""),
    "DL3025": ('ENTRYPOINT ["barracuda"]', "ENTRYPOINT barracuda"),
    "DL1000": ("EXPOSE 8080", "EXPOSE at 8080"),
}


def main():
    hadolint, text = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")
    wrong = list(findings(hadolint, text).values())
    for rule, (right, broken) in BROKEN.items():
        if right not in text or rule not in findings(hadolint, text.replace(right, broken)):
            wrong.append(f"{rule} is not found where {broken!r} stands for {right!r}")
    print("\n".join(wrong) if wrong else f"Dockerfile: nothing found, and {len(BROKEN)} faults are")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
