import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { useMay } from "../../frame/may";
import { RoleLine } from "../../frame/RoleNote";
import { Bones, useLate } from "../../parts/Empty";
import { FactList, type Fact } from "../../parts/FactList";
import { Copy, Id } from "../../parts/Id";
import { Icon } from "../../parts/Icon";
import { Money } from "../../parts/Money";
import { TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { DecisionDialog, EraseDialog, type Question } from "./ContactDialogs";
import { Registered } from "./Contacts";
import { Notes } from "./Notes";
import { Timeline } from "./Timeline";
import type { Contact } from "./list";

interface ContactPanelProps {
  id: string;
  close: string;
  statuses: readonly string[];
}

/** All of one contact: who it is, what the network knows, what became of it. */
export function ContactPanel({ id, close, statuses }: ContactPanelProps) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["contacts", "one", id],
    queryFn: () => take(api.GET("/api/admin/contacts/{id}", { params: { path: { id } } })),
  });
  const late = useLate(isPending);
  const [question, ask] = useState<Question | null>(null);
  const contact = data?.data;
  return (
    <aside className="panel" aria-label={contact?.name ?? w.nav.contacts}>
      <header>
        <div className="row">
          <span className="small muted">
            {w.contacts.contact} <Id value={id} /> <Copy text={id} label={w.panel.copyId} />
          </span>
          <Link className="b small icon quiet push" href={close} aria-label={w.panel.close} data-key="esc">
            <Icon name="x" />
          </Link>
        </div>
        {contact && <Head contact={contact} />}
      </header>
      {late && (
        <section>
          <Bones lines={6} />
        </section>
      )}
      {error && (
        <section>
          <TroubleNotice error={error} again={() => void refetch()} />
        </section>
      )}
      {contact && (
        <>
          <ContactFacts contact={contact} />
          <Timeline id={id} />
          <Notes contact={contact} statuses={statuses} />
          <Actions contact={contact} ask={ask} />
        </>
      )}
      {contact && question === "erase" && <EraseDialog contact={contact} back={close} close={() => ask(null)} />}
      {contact && (question === "approve" || question === "reject") && <DecisionDialog decision={question} contact={contact} close={() => ask(null)} />}
    </aside>
  );
}

function Head({ contact }: { contact: Contact }) {
  return (
    <div className="head contact-head">
      <span className="sum cut">
        <bdi>{contact.name || contact.email}</bdi>
      </span>
      {contact.affiliate_status && <State name={contact.affiliate_status} />}
      <span className="soft">
        <bdi>{[contact.type, contact.company].filter(Boolean).join(" · ")}</bdi>
      </span>
    </div>
  );
}

function ContactFacts({ contact }: { contact: Contact }) {
  const text = (value: string | undefined) => value && <bdi>{value}</bdi>;
  const mono = (value: string | undefined) =>
    value && (
      <span className="mono">
        <bdi>{value}</bdi> <Copy text={value} label={w.panel.copyId} />
      </span>
    );
  const facts: Fact[] = [
    [w.contacts.came, <When at={contact.createdAt} exact />],
    [w.signIn.email, mono(contact.email)],
    [w.contacts.messenger, text([contact.messenger, contact.username].filter(Boolean).join(": "))],
    [w.conversions.affiliate, contact.affiliate_id && <Link href={`/conversions?${new URLSearchParams({ affiliate_id: contact.affiliate_id })}`}>{text(contact.affiliate_id)}</Link>],
    [w.contacts.reason, text(contact.affiliate_reason)],
    [w.contacts.network, <Registered row={contact} />],
    [w.contacts.error, text(contact.affiliateError && said(contact.affiliateError))],
    [w.contacts.ftd, contact.ftd && <Money value={contact.ftd_amount} currency={contact.ftd_currency} />],
    [w.contacts.ftdDate, contact.ftd_date && <When at={contact.ftd_date} exact />],
    [w.conversions.click, contact.click_id && <Link href={`/conversions?${new URLSearchParams({ search: contact.click_id })}`}>{text(contact.click_id)}</Link>],
    [w.contacts.campaign, text(contact.campaign_id)],
    [w.conversions.source, text(contact.tracking_source)],
    ["sub1", mono(contact.sub1)],
    ["sub2", mono(contact.sub2)],
    ["sub3", mono(contact.sub3)],
    [w.contacts.trackingLink, mono(contact.tracking_link)],
    [w.contacts.step, contact.flow && `${w.contacts.steps[contact.flow.step]}${contact.flow.last_error ? `: ${said(contact.flow.last_error)}` : ""}`],
    [w.contacts.message, contact.message && <span className="text">{contact.message}</span>],
  ];
  return (
    <section>
      <h2 className="sr">{w.panel.facts}</h2>
      <FactList facts={facts} />
    </section>
  );
}

function Actions({ contact, ask }: { contact: Contact; ask(question: Question): void }) {
  if (!useMay("contacts")) {
    return (
      <div className="actions">
        <RoleLine of="contacts" />
      </div>
    );
  }
  return (
    <div className="actions">
      {contact.affiliate_status !== "approved" && (
        <button type="button" className="b primary" onClick={() => ask("approve")}>
          {w.contacts.approve}
        </button>
      )}
      {contact.affiliate_status !== "rejected" && (
        <button type="button" className="b danger" onClick={() => ask("reject")}>
          {w.contacts.reject}
        </button>
      )}
      <button type="button" className="b danger push" onClick={() => ask("erase")}>
        {w.contacts.erase}
      </button>
    </div>
  );
}
