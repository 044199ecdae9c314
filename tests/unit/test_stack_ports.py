"""Ports: a fixed one that is taken is named with its setting; a free one is off the kernel's own range."""

import socket

import pytest

from contracts.errors import ConfigurationError, ExitCode
from stack.ports import FIRST, LAST, LOOPBACK, claim, free_port, is_free, is_open


def test_a_taken_port_is_named_with_the_setting_that_frees_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert is_open(port)
        with pytest.raises(ConfigurationError) as refused:
            claim(port, "TRIPLINE_STACK_MAGE_PORT")
    assert refused.value.exit_code == ExitCode.CONFIGURATION
    assert refused.value.where == f"127.0.0.1:{port}"
    assert "TRIPLINE_STACK_MAGE_PORT=0" in refused.value.remedy


def test_a_fixed_port_that_is_free_is_taken_as_it_is() -> None:
    port = free_port()
    assert claim(port, "TRIPLINE_STACK_KAFKA_PORT") == port


def test_zero_takes_a_free_port_below_those_of_outgoing_connections() -> None:
    port = claim(0, "TRIPLINE_STACK_KAFKA_PORT")
    assert FIRST <= port < LAST < 32_768
    with socket.create_server((LOOPBACK, port)):
        assert is_open(port)
