import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { RoleNote } from "../../frame/RoleNote";
import { PageBar } from "../../frame/Shell";
import { Bones, useLate } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import { GoalDialog } from "./GoalDialog";
import { OfferDialog } from "./OfferDialog";

export type Goal = Schemas["Goal"];
export type Offer = Schemas["Offer"];

export default function Goals() {
  const goals = useQuery({ queryKey: ["goals"], queryFn: () => take(api.GET("/api/admin/goals")) });
  const offers = useQuery({ queryKey: ["offers"], queryFn: () => take(api.GET("/api/admin/offers")) });
  const late = useLate(goals.isPending || offers.isPending);
  const [goal, editGoal] = useState<Goal | "new" | null>(null);
  const [offer, editOffer] = useState<Offer | "new" | null>(null);
  const known = goals.data?.data ?? [];
  const sets = useMay("goals");
  return (
    <>
      <PageBar title={w.nav.goals} sub={w.goals.sub} />
      <div className="page">
        <RoleNote of="goals" />
        {late && <Bones lines={6} />}
        {goals.error && <TroubleNotice error={goals.error} again={() => void goals.refetch()} />}
        {offers.error && <TroubleNotice error={offers.error} again={() => void offers.refetch()} />}
        {goals.data && <GoalTable goals={known} edit={sets ? editGoal : null} />}
        {offers.data && <OfferTable offers={offers.data.data} edit={sets ? editOffer : null} />}
      </div>
      {goal && <GoalDialog goal={goal === "new" ? null : goal} goals={known} close={() => editGoal(null)} />}
      {offer && <OfferDialog offer={offer === "new" ? null : offer} goals={known} close={() => editOffer(null)} />}
    </>
  );
}

function GoalTable({ goals, edit }: { goals: readonly Goal[]; edit: ((goal: Goal | "new") => void) | null }) {
  return (
    <section className="card">
      <Bar title={w.goals.goals} add={w.goals.addGoal} onAdd={edit && (() => edit("new"))} />
      <div className="scroll">
        <table className="t cards">
          <caption className="sr">{w.goals.goals}</caption>
          <thead>
            <tr>
              <th scope="col">{w.goals.id}</th>
              <th scope="col">{w.goals.type}</th>
              <th scope="col">{w.goals.counts}</th>
              <th scope="col">{w.goals.rule}</th>
              <th scope="col">{w.goals.from}</th>
              <th className="more">
                <span className="sr">{w.goals.edit}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {goals.map((goal) => (
              <tr key={String(goal.id)}>
                <td className="key a1">
                  <bdi title={String(goal.id)}>{goal.id}</bdi>
                </td>
                <td className="b1">{w.goalType[goal.type]}</td>
                <td className="soft b2">{goal.repeatable ? w.goals.repeatable : w.goals.once}</td>
                <td className="soft pick-row c1">{ruleOf(goal)}</td>
                <td className="soft hide-s">{goal.builtIn ? w.goals.settings : w.goals.stored}</td>
                <td className="more a2">
                  {edit && <Edit label={w.goals.editGoal(String(goal.id))} edit={() => edit(goal)} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The chain rule in plain words. */
export function ruleOf({ then, then_amount, then_when }: Pick<Goal, "then" | "then_amount" | "then_when">): string {
  if (!then) return w.goals.noRule;
  return w.goals.ruleIs(then, String(then_amount ?? "0"), w.goals.when[then_when ?? "recorded"]);
}

function OfferTable({ offers, edit }: { offers: readonly Offer[]; edit: ((offer: Offer | "new") => void) | null }) {
  return (
    <section className="card">
      <Bar title={w.goals.offers} add={w.goals.addOffer} onAdd={edit && (() => edit("new"))} />
      <div className="scroll">
        <table className="t cards">
          <caption className="sr">{w.goals.offers}</caption>
          <thead>
            <tr>
              <th scope="col">{w.goals.id}</th>
              <th scope="col">{w.goals.offerTitle}</th>
              <th scope="col">{w.nav.networks}</th>
              <th scope="col">{w.goals.goals}</th>
              <th scope="col">{w.goals.from}</th>
              <th className="more">
                <span className="sr">{w.goals.edit}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {offers.map((offer) => (
              <tr key={String(offer.id)}>
                <td className="key a1">
                  <bdi title={String(offer.id)}>{offer.id}</bdi>
                </td>
                <td className="b1">
                  <bdi title={offer.title}>{offer.title || "–"}</bdi>
                </td>
                <td className="soft c1">
                  <bdi title={offer.networks.join(", ")}>{offer.networks.join(", ") || w.goals.everyNetwork}</bdi>
                </td>
                <td className="soft b2">
                  <bdi title={offer.goals.join(", ")}>{offer.goals.join(", ") || w.goals.everyGoal}</bdi>
                </td>
                <td className="soft hide-s">{offer.builtIn ? w.goals.settings : w.goals.stored}</td>
                <td className="more a2">
                  {edit && <Edit label={w.goals.editOffer(String(offer.id))} edit={() => edit(offer)} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Bar({ title, add, onAdd }: { title: string; add: string; onAdd: (() => void) | null }) {
  return (
    <header>
      <h2>{title}</h2>
      {onAdd && (
        <button type="button" className="b small push" onClick={onAdd}>
          <Icon name="plus" />
          {add}
        </button>
      )}
    </header>
  );
}

function Edit({ label, edit }: { label: string; edit(): void }) {
  return (
    <button type="button" className="b small icon quiet" aria-label={label} onClick={edit}>
      <Icon name="pen" />
    </button>
  );
}
