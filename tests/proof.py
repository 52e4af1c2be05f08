"""What the proofs of `./dev prove` have found, and how each is held against what was acknowledged.

    verdict = judge(srv.conversions(), acked, maybe)      # acked, maybe: anything with .click and .goal_id
    tried("kill -9 at a random moment", 20, verdict, acknowledged=len(acked))
    control("kill -9 at a random moment", lost, "the store set back by a second")

The second is the same look at a store that has lost something: a proof whose control finds nothing proves nothing. Where
PROOF_RECORD names a file both write a line of JSON into it, of which tests/prove.py makes docs/proof.md.
"""
import collections
import contextlib
import json
import os
import shutil

Verdict = collections.namedtuple("Verdict", "lost doubled wrong")
SOUND = Verdict(0, 0, 0)


def judge(stored, acked, maybe=()):
    """Stored conversions against what was promised -> how many of the acknowledged are not there, are there twice, and how many
    are there that nobody sent, or with another sum or affiliate than was sent. `maybe`: sent, and not acknowledged."""
    promised = {(one.click, one.goal_id) for one in acked}
    known = promised | {(one.click, one.goal_id) for one in maybe}
    found = collections.Counter((c["click_id"], c["goal_id"]) for c in stored)
    wrong = sum(not as_sent(c) or (c["click_id"], c["goal_id"]) not in known for c in stored)
    return Verdict(len(promised - set(found)), sum(n - 1 for n in found.values()), wrong)


def as_sent(conversion):
    """The reports of load.py are all of affiliate 7 and a sum of 10, but route 1's, which name neither."""
    return conversion["amount"] in (None, 0, 10) and conversion["affiliate_id"] in (None, "", "7")


def added(*verdicts):
    return Verdict(*(sum(column) for column in zip(*verdicts))) if verdicts else SOUND


def twice_told(net, reports):
    """How many of route 6's reports the network heard of under more than one delivery id: each of them is one too many. (The
    same id may come again where a crash left it unknown whether it had arrived.)"""
    ids = collections.defaultdict(set)
    wanted = {one.click for one in reports if one.route == "6"}
    for call in net.goals():
        if call.query.get("click_id") in wanted:
            ids[call.query["click_id"]].add(call.delivery)
    return sum(len(of_one) - 1 for of_one in ids.values())


@contextlib.contextmanager
def set_back(srv, directory):
    """The harm that no store can see: its whole directory as it was before what happens inside. The server stands still at both
    ends."""
    assert not srv.alive()
    older = directory / "older"
    shutil.copytree(srv.data, older, ignore=shutil.ignore_patterns("control.sock"))
    yield
    assert not srv.alive()
    shutil.rmtree(srv.data)
    shutil.move(older, srv.data)


def write(line):
    path = os.environ.get("PROOF_RECORD")
    if path:
        with open(path, "a") as file:  # one write: many processes write into it
            file.write(json.dumps(line) + "\n")


def tried(fault, times, verdict, acknowledged=None, note=""):
    """Prints the proof's line. -> the verdict, which the caller asserts to be SOUND."""
    write({"fault": fault, "tried": times, "acknowledged": acknowledged, "lost": verdict.lost, "doubled": verdict.doubled,
           "wrong": verdict.wrong, "note": note})
    promised = "" if acknowledged is None else f", {acknowledged} acknowledged"
    print(f"\n{fault}: {times} tried{promised}, {verdict.lost} lost, {verdict.doubled} doubled, {verdict.wrong} wrong answers"
          + (f"; {note}" if note else ""))
    return verdict


def control(fault, found, how):
    write({"fault": fault, "control": found, "how": how})
    print(f"\n{fault}, negative control ({how}): {found} found")
    assert found > 0, f"{fault}: the control found nothing: this proof is blind"
