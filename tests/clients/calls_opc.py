"""The seven routes and the admin lists through the client of openapi-python-client. Environment: URL, INGEST, ADMIN, RUN."""
import os

from opc import AuthenticatedClient, Client
from opc.api.contacts import contact_stats, list_contacts
from opc.api.conversions import conversion_stats, list_conversions, post_admin_conversion
from opc.api.deliveries import get_delivery, list_deliveries
from opc.api.forms import post_contact, post_register
from opc.api.goals import list_goals
from opc.api.logs import list_attempts, list_received
from opc.api.networks import list_networks, post_network
from opc.api.offers import list_offers
from opc.api.replays import list_replays
from opc.api.reports import get_postback, post_ftd, post_goals_postback, post_private_conversion
from opc.models import (AdminReport, ContactForm, ContactType, FtdReport, GoalReport, GoalType, NetworkInputKind, NetworkInput,
                        PrivateReport, RegisterForm, RouteGoal, Verdict)

url, run = os.environ["URL"], os.environ["RUN"]
ingest = AuthenticatedClient(base_url=url, token=os.environ["INGEST"])
admin = AuthenticatedClient(base_url=url, token=os.environ["ADMIN"])
nobody = Client(base_url=url)
click = f"opc-{run}"


def called(module, client, **parts):
    answer = module.sync_detailed(client=client, **parts)
    assert answer.status_code == 200 and answer.parsed is not None, (module.__name__, answer)
    return answer.parsed


called(post_private_conversion, ingest, body=PrivateReport(click_hash=click, goal_type_id=5))
called(post_contact, nobody, body=ContactForm(email=f"a-{click}@example.com", type_=ContactType.USER))
called(post_register, nobody, body=RegisterForm(name="N", email=f"b-{click}@example.com", company="C", type_=ContactType.USER))
first = called(post_ftd, ingest, body=FtdReport(click_id=click, affiliate_id=7, amount="9.5"))
assert first.verdict == Verdict.RECORDED and first.is_duplicate is False and first.data.amount == 9.5, first
again = called(get_postback, ingest, click_id=click, affiliate_id="7", goal=RouteGoal.DEPOSIT)
assert again.verdict == Verdict.DUPLICATE and again.is_duplicate is True, again
called(post_goals_postback, ingest, body=GoalReport(click_id=click, affiliate_id="7", goal_type=RouteGoal.REGISTRATION))
# What is left out stays as it is: no client makes USD of it, or an approved one pending.
called(post_ftd, ingest, body=FtdReport(click_id=click + "e", affiliate_id="7", amount=3, currency="EUR"))
stated = AdminReport(click_id=click + "e", affiliate_id="7", goal_id="6", goal_type=GoalType.DEPOSIT, amount=12)
called(post_admin_conversion, admin, body=stated)
page = called(list_conversions, admin, search=click, limit=10)
assert page.pagination.total == len(page.data) == 3 and not page.complete, page
kept = [one for one in page.data if one.click_id == click + "e"][0]
assert (kept.currency, kept.status.value, kept.amount) == ("EUR", "approved", 12), kept
called(conversion_stats, admin)
assert called(list_contacts, admin, search=click).pagination.total == 2
called(contact_stats, admin)
owed = called(list_deliveries, admin, click_id=click)
called(get_delivery, admin, id=owed.data[0].ref)
for module in (list_attempts, list_received, list_networks, list_goals, list_offers, list_replays):
    called(module, admin)
refused = post_network.sync_detailed(client=admin, body=NetworkInput(kind=NetworkInputKind.TEMPLATE))
assert refused.status_code == 400 and refused.parsed.message, refused
