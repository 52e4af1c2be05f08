import { useState } from "react";
import { api, take } from "../../api/client";
import { Field } from "../../parts/Field";
import { w } from "../../words/words";
import { useNetworks } from "../deliveries/NetworkCards";
import { Ticks } from "../networks/NetworkForm";
import { EntityDialog } from "./EntityDialog";
import type { Goal, Offer } from "./Goals";

interface OfferDialogProps {
  offer: Offer | null;
  goals: readonly Goal[];
  close(): void;
}

export function OfferDialog({ offer, goals, close }: OfferDialogProps) {
  const [id, setId] = useState(String(offer?.id ?? ""));
  const [title, setTitle] = useState(offer?.title ?? "");
  const [networks, setNetworks] = useState<readonly string[]>(offer?.networks ?? []);
  const [ofGoals, setGoals] = useState<readonly string[]>(offer?.goals ?? []);
  const known = useNetworks().data?.data.map(({ name }) => ({ value: name, label: name })) ?? [];
  const body = { title, networks: [...networks], goals: [...ofGoals], ...(offer ? { rev: offer.rev } : { id }) };
  const path = { path: { id } };
  const save = () => (offer ? take(api.PUT("/api/admin/offers/{id}", { params: path, body })) : take(api.POST("/api/admin/offers", { body })));
  const remove = offer && !offer.builtIn ? () => take(api.DELETE("/api/admin/offers/{id}", { params: path })) : null;
  return (
    <EntityDialog title={offer ? w.goals.editOffer(id) : w.goals.addOffer} list="offers" save={save} remove={remove} close={close} fields={["id", "title", "networks", "goals"]}>
      {(wrong) => (
        <>
          {!offer && <Field label={w.goals.id} required value={id} wrong={wrong("id")} onChange={(event) => setId(event.target.value)} />}
          <Field label={w.goals.offerTitle} maxLength={256} value={title} wrong={wrong("title")} onChange={(event) => setTitle(event.target.value)} />
          <Ticks label={w.nav.networks} chosen={networks} set={setNetworks} options={known} wrong={wrong("networks")} hint={w.goals.allNetworks} />
          <Ticks label={w.goals.goals} chosen={ofGoals} set={setGoals} options={goals.map((one) => ({ value: String(one.id), label: `${one.id} ${w.goalType[one.type]}` }))} wrong={wrong("goals")} hint={w.goals.allGoals} />
        </>
      )}
    </EntityDialog>
  );
}
