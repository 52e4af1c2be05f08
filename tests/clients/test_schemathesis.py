"""The description is linted, and schemathesis finds no answer of the program that it does not describe.

Left out are its guesses at what must be taken or refused (`positive_data_acceptance`, `negative_data_rejection`): no schema can say
that a macro is no id, that two fields contradict each other or that an empty value and a null are absent ones. Those rules
have tests of their own (tests/e2e).

SCAN_EXAMPLES and SCAN_SEED: how many examples of each operation, and from where they are drawn (`./dev scan`)."""
import os

import pytest

from harness import Server
from test_clients import BIN, SPEC, TOOLS, run

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "missing_required_header", "ignored_auth", "use_after_free",
          "ensure_resource_availability")

EXAMPLES, SEED = int(os.environ.get("SCAN_EXAMPLES", "2")), os.environ.get("SCAN_SEED", "7")

pytestmark = pytest.mark.bounded(600 + 80 * EXAMPLES)


def test_the_description_is_valid():
    assert "OK" in run(BIN / "openapi-spec-validator", SPEC, cwd=TOOLS)


def test_schemathesis_finds_nothing(net, tmp_path):
    env = {"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0", "BARRACUDA_DELIVERY_INLINE_WAIT": "1s"}
    with Server(tmp_path / "api", net, ingest="key", env=env) as api:
        run(BIN / "schemathesis", "run", SPEC, "--url", f"http://127.0.0.1:{api.port}", "-H", f"Authorization: Bearer {api.admin_key}",
            "--exclude-path", "/api/admin/events",  # a stream has no end (tests/e2e/test_events.py)
            "--exclude-path", "/api/v1/conversions/batch",  # it makes no lines of JSON (tests/e2e/routes/test_batch.py)
            "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", SEED,
            "--generation-database", "none", "--request-timeout", "20", "--no-color", cwd=tmp_path, seconds=500 + 75 * EXAMPLES)
