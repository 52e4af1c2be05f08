"""Fixtures of the crash tests."""
import pytest

import faults
import powercut


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return powercut.build(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return faults.build(tmp_path_factory.mktemp("failing"))
