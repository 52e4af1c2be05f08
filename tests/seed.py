"""Documents as the seed's application wrote them, and its indexes: what adoption finds.

    seed = Seed(database)
    seed.indexes()
    seed.conversion("c1", "6", amount=100.0, status="approved", metadata={"postbackSuccess": True})
    seed.flush()
"""
import datetime

BEGIN = datetime.datetime(2024, 1, 1)  # UTC, as pymongo gives it back


class Seed:
    def __init__(self, database):
        self.database, self.made, self.waiting = database, 0, {}

    def indexes(self):
        """As its createIndexes() does at every start."""
        d = self.database
        d.contacts.create_index("email")
        d.contacts.create_index("sub1")
        d.contacts.create_index([("createdAt", -1)])
        d.postbacks.create_index([("click_id", 1), ("goal", 1)], unique=True)
        d.ftds.create_index("click_id", unique=True)
        d.admins.create_index("email", unique=True)
        d.conversions.create_index([("click_id", 1), ("goal_id", 1)], unique=True)
        d.conversions.create_index("affiliate_id")
        d.conversions.create_index("goal_type")
        d.conversions.create_index([("createdAt", -1)])

    def put(self, collection, **fields):
        """-> the document, with an `_id`; written by flush()."""
        from bson import ObjectId
        self.made += 1
        at = BEGIN + datetime.timedelta(seconds=self.made)
        document = {"_id": ObjectId(), **fields}
        document.setdefault("createdAt", at)
        document.setdefault("updatedAt", at)
        self.waiting.setdefault(collection, []).append({k: v for k, v in document.items() if v is not ...})
        return document

    def flush(self):
        for collection, documents in self.waiting.items():
            self.database[collection].insert_many(documents)
        self.waiting.clear()

    def conversion(self, click, goal, **more):
        kind = {"5": "registration", "6": "deposit"}.get(str(goal), "other")
        return self.put("conversions", **{
            "click_id": click, "affiliate_id": "7", "goal_id": goal, "goal_type": kind, "offer_id": "2",
            "amount": 0, "sale_amount": None, "status": "pending", "sub1": click, "sub2": None, **more})

    def accepted(self, click, goal, amount=0.0, **more):
        """What its contact form wrote after the network had accepted the postback."""
        metadata = {"name": "Ann", "email": f"{click}@example.com", "company": "C", "user_type": "affiliate",
                    "postbackResponse": "{\"ok\":true}", "postbackSuccess": True}
        return self.conversion(click, goal, amount=amount, status="approved", hash=f"h{click}", metadata=metadata, **more)

    def postback(self, click, goal, **more):
        return self.put("postbacks", **{"click_id": click, "affiliate_id": "7", "goal": goal, "status": "pending", **more})

    def ftd(self, click, amount, **more):
        return self.put("ftds", **{"click_id": click, "affiliate_id": "7", "offer_id": None, "amount": amount,
                                   "sale_amount": None, "status": "approved", **more})

    def contact(self, email, **more):
        return self.put("contacts", **{
            "name": "Ann", "email": email, "company": "C", "type": "affiliate", "messenger": None, "sub1": None,
            "tracking_source": "contact_form", "status": "new", "affiliate_status": "pending",
            "affiliateRegistered": False, "ftd": False, **more})

    def ghost(self, sub1):
        """What its routes 5 and 6 upserted for a click that no contact has."""
        return self.put("contacts", sub1=sub1, ftd=True, ftd_amount=10, createdAt=...)

    def admin(self, email):
        return self.put("admins", email=email, password="5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
                        name="Admin", role="admin", updatedAt=...)

    def many(self, clicks):
        """A database of its kind: most in order, one in ten with something to adopt."""
        for n in range(clicks):
            click = f"{n:08x}" * 4
            if n % 10 == 1:  # route 7 with numbers, then the forms with text
                self.conversion(n, "6", amount=float(n), status="approved")
                self.conversion(str(n), "6", amount=0, sub2="s")
            elif n % 10 == 2:
                self.conversion(n, 6, amount=5)
                self.postback(n, "deposit", amount=5.0, status="approved", sub3="x")
            elif n % 10 == 3:
                self.conversion(click, "6", amount=100.0, status="approved")
                self.ftd(click, 250.5)
            elif n % 10 == 4:
                self.postback(click, "registration")
                self.ftd(click, 30)
            elif n % 10 == 5:
                self.accepted(click, "5")
                self.accepted(click, "6", 100.0)
                self.contact(f"{click}@Example.com")
            elif n % 10 == 6:
                self.contact(f"same{n // 20}@example.com", sub1=click, affiliate_id="7", ftd=True, ftd_amount=1)
                self.conversion(click, "5", status="approved")
            elif n % 10 == 7:
                self.ghost(click)
            elif n % 10 == 9:
                self.conversion(str(n), "5", amount=1, sub4="a")
            else:
                self.conversion(click, "5" if n % 2 else "6", amount=n / 4)
        for n in range(9, clicks, 10):  # far from its first one
            self.conversion(n, 5, amount=2.5, status="rejected" if n % 3 else "approved")


def seeded(mongo, database, name, clicks):
    """Two databases with the same documents of the seed."""
    seed = Seed(database)
    seed.indexes()
    seed.many(clicks)
    seed.admin("boss@example.com")
    other = mongo.database(name)
    Seed(other).indexes()
    for collection, documents in seed.waiting.items():
        other[collection].insert_many([dict(d) for d in documents])
    seed.flush()
    return other


def everything(database, but=("settings",)):
    """Every document, without what depends on when a run was."""
    def timeless(value):
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if not (k == "at" or (k == "createdAt" and "pending" in value))}
        if isinstance(value, list):
            return [timeless(v) for v in value]
        return value
    return {name: sorted((timeless(d) for d in database[name].find()), key=lambda d: str(d["_id"]))
            for name in sorted(database.list_collection_names()) if name not in but}


def difference(one, other):
    """Of two such collections of documents: how many are only in the first, are there more than once, or differ."""
    lost = doubled = wrong = 0
    for name in one.keys() | other.keys():
        left, right = one.get(name, []), other.get(name, [])
        there = {repr(d["_id"]): d for d in right}
        lost += sum(repr(d["_id"]) not in there for d in left)
        doubled += len(right) - len(there)
        known = {repr(d["_id"]): d for d in left}
        wrong += sum(known.get(id) != d for id, d in there.items())
    return lost, doubled, wrong
