import { useState } from "react";
import { Likings } from "../../frame/Me";
import { PageBar } from "../../frame/Shell";
import { useProfile, type Person } from "../../frame/session";
import { FactList } from "../../parts/FactList";
import { Bare } from "../../parts/State";
import { count } from "../../format";
import { w } from "../../words/words";
import { FactorOff, FactorOn } from "./Factor";
import { PasswordDialog } from "./PasswordDialog";
import { Sessions } from "./Sessions";

/** Who is signed in and by what; where else; and how this browser shows the desk. */
export default function Account() {
  const { data: person } = useProfile();
  return (
    <>
      <PageBar title={w.nav.account} sub={w.account.sub} />
      <div className="page">
        <div className="halves">
          {person && <You person={person} />}
          <section className="card">
            <header>
              <h2>{w.account.browser}</h2>
            </header>
            <div className="in">
              <Likings place="account" />
            </div>
          </section>
        </div>
        <Sessions />
      </div>
    </>
  );
}

function You({ person }: { person: Person }) {
  const [open, setOpen] = useState<"password" | "on" | "off" | null>(null);
  const close = () => setOpen(null);
  const { totp, recoveryLeft } = person;
  return (
    <section className="card">
      <header>
        <h2>{w.account.you}</h2>
      </header>
      <div className="in stack gap">
        <FactList
          facts={[
            [w.account.name, <bdi>{person.name}</bdi>],
            [w.signIn.email, <bdi>{person.email}</bdi>],
            [w.account.role, <span title={w.roleMeans[person.role]}>{w.role[person.role]}</span>],
            [w.account.factor, totp ? <Bare tone="good" icon="check">{w.account.on}</Bare> : w.account.off],
          ]}
        />
        <p className="soft small">{totp ? w.account.recoveryLeft(count(recoveryLeft)) : w.account.factorOffMeans}</p>
        <div className="row wrap">
          <button type="button" className={totp ? "b" : "b primary"} onClick={() => setOpen(totp ? "off" : "on")}>
            {totp ? w.account.turnOff : w.account.turnOn}
          </button>
          <button type="button" className="b" onClick={() => setOpen("password")}>
            {w.account.changePassword}
          </button>
        </div>
      </div>
      {open === "password" && <PasswordDialog close={close} />}
      {open === "on" && <FactorOn close={close} />}
      {open === "off" && <FactorOff close={close} />}
    </section>
  );
}
