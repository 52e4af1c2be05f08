"""Fixtures of the crash tests."""
import pytest

import powercut


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return powercut.build(tmp_path_factory.mktemp("shim"))
