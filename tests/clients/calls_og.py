"""The seven routes and the admin lists through the Python client of OpenAPI Generator. Environment: URL, INGEST, ADMIN, RUN."""
import os

from og_client import ApiClient, Configuration
from og_client import models as m
from og_client.api import (ContactsApi, ConversionsApi, DeliveriesApi, FormsApi, GoalsApi, LogsApi, NetworksApi, OffersApi,
                           ReplaysApi, ReportsApi)
from og_client.exceptions import BadRequestException


def client(key):
    return ApiClient(Configuration(host=os.environ["URL"], access_token=key))


ingest, admin = client(os.environ["INGEST"]), client(os.environ["ADMIN"])
click = f"og-{os.environ['RUN']}"
reports, forms, conversions = ReportsApi(ingest), FormsApi(client(None)), ConversionsApi(admin)

reports.post_private_conversion(m.PrivateReport(click_hash=m.Id(click), goal_type_id=m.Id(5)))
forms.post_contact(m.ContactForm(email=f"a-{click}@example.com", type="user"))
forms.post_register(m.RegisterForm(name="N", email=f"b-{click}@example.com", company="C", type="user"))
first = reports.post_ftd(m.FtdReport(click_id=m.Id(click), affiliate_id=m.Id(7), amount=m.Sum("9.5")))
assert first.verdict == "recorded" and first.is_duplicate is False and first.data.amount == 9.5, first
again = reports.get_postback(click_id=click, affiliate_id="7", goal="deposit")
assert again.verdict == "duplicate" and again.is_duplicate is True, again
reports.post_goals_postback(m.GoalReport(click_id=m.Id(click), affiliate_id=m.Id("7"), goal_type="registration"))
reports.post_ftd(m.FtdReport(click_id=m.Id(click + "e"), affiliate_id=m.Id("7"), amount=m.Sum(3.0), currency="EUR"))
conversions.post_admin_conversion(m.AdminReport(click_id=m.Id(click + "e"), affiliate_id=m.Id("7"), goal_id=m.Id("6"),
                                                goal_type="deposit", amount=m.Sum(12.0)))
page = conversions.list_conversions(search=click, limit=10)
assert page.pagination.total == len(page.data) == 3 and page.complete is None, page
kept = [one for one in page.data if one.click_id == click + "e"][0]
assert (kept.currency, kept.status, kept.amount) == ("EUR", "approved", 12), kept
conversions.conversion_stats()
assert ContactsApi(admin).list_contacts(search=click).pagination.total == 2
ContactsApi(admin).contact_stats()
owed = DeliveriesApi(admin).list_deliveries(click_id=click)
DeliveriesApi(admin).get_delivery(owed.data[0].ref)
for lists in (LogsApi(admin).list_attempts, LogsApi(admin).list_received, NetworksApi(admin).list_networks,
              GoalsApi(admin).list_goals, OffersApi(admin).list_offers, ReplaysApi(admin).list_replays):
    lists()
try:
    NetworksApi(admin).post_network(m.NetworkInput(kind="template"))
    raise SystemExit("a network without a name was taken")
except BadRequestException as refused:
    assert refused.data.message, refused
