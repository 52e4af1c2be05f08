"""Ids digit for digit, sums exactly, whatever form they come in."""
import time
from decimal import Decimal

import pytest

from harness import new_id
from seven_routes import check, route4, route5


@pytest.mark.parametrize("digits", ["5000123", "12345678901234567890123", "0"])
def test_ids_as_number_or_string(srv, digits):
    unique = str(int(time.monotonic() * 1e6)) + digits
    check(route4(srv, int(unique), affiliate_id=7), verdict="recorded", duplicate=False)
    body = check(route4(srv, unique, affiliate_id="7"), verdict="duplicate", duplicate=True)
    assert body["data"]["click_id"] == unique
    assert srv.conversion(unique)["click_id"] == unique


def test_leading_zeros_are_kept(srv):
    click = "00" + str(int(time.monotonic() * 1e6))
    check(route4(srv, click), verdict="recorded")
    check(route4(srv, click[1:]), verdict="recorded")
    assert srv.conversion(click)["click_id"] == click


def test_empty_is_absent(srv):
    click = new_id()
    check(route5(srv, click, amount="", offer_id="", status=""), verdict="recorded")
    stored = srv.conversion(click)
    assert stored["amount"] == 0 and stored["status"] == "pending" and not stored.get("offer_id")


MONEY = [("0.1", "0.1"), ("12.345678", "12.345678"), ("1.0000005", "1"), ("1.0000015", "1.000002"), ("1.0000025", "1.000002"),
         ("1.00000250000001", "1.000003"), ("999999999999.999999", "999999999999.999999"), ("1000000000000", "1000000000000"),
         ("0.000001", "0.000001"), ("100.10", "100.1"), ("79228162514.264337", "79228162514.264337")]


@pytest.mark.parametrize("given,expected", MONEY)
@pytest.mark.parametrize("how", ["number", "string", "query"])
def test_money_is_exact(srv, given, expected, how):
    click = new_id()
    if how == "query":
        check(route5(srv, click, amount=given), verdict="recorded")
    else:
        answer = route4(srv, click, amount=Decimal(given) if how == "number" else given)
        assert check(answer, verdict="recorded")["data"]["amount"] == Decimal(expected)
    stored = srv.conversion(click)["amount"]
    assert not isinstance(stored, str) and stored == Decimal(expected)


def test_money_not_given_is_omitted_but_amount_is_there(srv):
    click = new_id()
    route5(srv, click)
    stored = srv.conversion(click)
    assert stored["amount"] == 0 and "sale_amount" not in stored


def test_json_without_a_content_type(srv):
    click = new_id()
    answer = srv.request("POST", "/api/ftd", body=f'{{"click_id":"{click}","affiliate_id":"7","amount":1}}')
    check(answer, verdict="recorded", duplicate=False)
