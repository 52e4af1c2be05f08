"""Data of human shape for the desk's tests and pictures: networks that answer, refuse and hang, conversions of some days' look,
contacts, refused requests. Nothing in it is anybody's."""
import random

from harness import wait_until

ADMIN = {"email": "owner@desk.example", "name": "Olive Norton", "password": "a quiet river at dawn"}
SECRET = "BARRACUDA_SECRET_NORTH"
AFFILIATES = ["204", "31", "7", "118", "96", "412", "55", "260"]
COUNTRIES = ["PT", "DE", "BR", "PL", "NG", "IN"]


def add_admin(server, person=ADMIN, role="owner"):
    server.command("admin", "create", "--email", person["email"], "--name", person["name"], "--role", role, "--password-stdin",
                   stdin=person["password"])


def click(rng):
    """Ids as different trackers make them."""
    shape = rng.randrange(4)
    if shape == 0:
        return "clk_" + "".join(rng.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))
    if shape == 1:
        return f"{rng.randrange(16**16):016x}"
    if shape == 2:
        return str(rng.randrange(318000000, 318999999))
    return "-".join(f"{rng.randrange(16**n):0{2 * n // 2}x}" for n in (8, 4, 4, 4, 12))


def networks(server, tracker):
    """One that answers, one that refuses for good, one that is stopped; `tracker` is a test receiver's base URL."""
    made = {
        "tracker-north": f"{tracker}/in?cid={{click_id}}&goal={{goal_type}}&payout={{amount}}&cur={{currency}}&d={{delivery_id}}",
        "hub-east": f"{tracker}/refused?cid={{click_id}}&sum={{amount}}",
        "old-partner": f"{tracker}/old?id={{click_id}}",
    }
    for name, url in made.items():
        body = {"name": name, "kind": "template", "postback": {"method": "GET", "url": url}, "statuses": ["approved"]}
        answer = server.admin("POST", "/api/admin/networks", json_body=body)
        assert answer.status == 200, answer
    assert server.admin("POST", "/api/admin/networks/old-partner/stop").status == 200


def reports(server, count, rng):
    for _ in range(count):
        one, affiliate = click(rng), rng.choice(AFFILIATES)
        about = {"click_id": one, "affiliate_id": affiliate, "offer_id": rng.choice(["2", "14", "27"]), "country": rng.choice(COUNTRIES),
                 "sub1": f"nl-{rng.randrange(1000, 2000)}", "device_type": rng.choice(["mobile", "desktop"])}
        assert server.get("/api/postback", goal="registration", status="approved", **about).status == 200
        if rng.random() < 0.6:
            amount = rng.choice(["60", "75.50", "100", "180", "250", "1250"])
            status = rng.choice(["approved", "approved", "approved", "pending", "rejected"])
            deposit = {"goal": "deposit", "amount": amount, "status": status, "currency": rng.choice(["USD", "USD", "EUR"]), **about}
            assert server.get("/api/postback", **deposit).status == 200
            if rng.random() < 0.3:  # told again, now and then with another amount
                server.get("/api/postback", **{**deposit, "amount": rng.choice([amount, "300"])})


def refusals(server):
    for _ in range(3):
        server.get("/api/postback", click_id="{click_id}", affiliate_id="7", goal="registration")
    server.get("/api/postback", click_id="k0x91ffa2", affiliate_id="7", goal="sale")
    server.post("/api/ftd", {"click_id": "c1", "affiliate_id": "7", "amount": "-3"})


def team(server):
    for name, role in (("Tom Reis", "operator"), ("Una Berg", "read_only")):
        invited = {"email": f"{name.split()[0].lower()}@desk.example", "name": name, "role": role}
        assert server.admin("POST", "/api/admin/admins", json_body=invited).status == 200
    for name, affiliate in (("tracker-north", "204"), ("hub-east", ""), ("old-partner", "")):
        made = server.admin("POST", "/api/admin/keys", json_body={"name": name, "scope": "ingest", "affiliate": affiliate})
        assert made.status == 200, made
    assert server.admin("DELETE", f"/api/admin/keys/{made.data['id']}").status == 200


def contacts(server):
    people = [("Ana Prata", "ana@north.example", "North Media", "affiliate"), ("Ben Okafor", "ben@hub.example", "Hub East", "publisher"),
              ("Clara Weiss", "clara@weiss.example", "Weiss Verlag", "advertiser"), ("Dev Rao", "dev@rao.example", "Rao Traffic", "media_buyer")]
    for name, email, company, kind in people:
        body = {"name": name, "email": email, "company": company, "type": kind, "messenger": "telegram", "username": name.split()[0].lower(),
                "message": "We have traffic in four countries.", "trackingSource": "landing"}
        assert server.post("/api/contact", body).status == 200


def fill(server, tracker, count=60):
    rng = random.Random(12)
    networks(server, tracker)
    contacts(server)
    team(server)
    reports(server, count, rng)
    refusals(server)
    wait_until(lambda: server.admin("GET", "/api/admin/deliveries", query={"state": "dead", "limit": 1}).data, 20, "a dead delivery")
