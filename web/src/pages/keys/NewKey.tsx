import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { Once } from "../../parts/Once";
import { w } from "../../words/words";
import { Pick } from "../deliveries/JobDialog";
import { wrongBy } from "../networks/NetworkForm";

type Scope = Schemas["KeyInput"]["scope"];
const fields = ["name", "scope", "affiliate"];

/** A new key: what it may do, and then the key itself, once. */
export function NewKey({ made, close }: { made(): void; close(): void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("ingest");
  const [affiliate, setAffiliate] = useState("");
  const bound = scope === "ingest" && affiliate !== "" ? { affiliate } : {};
  const making = useMutation({ mutationFn: () => take(api.POST("/api/admin/keys", { body: { name, scope, ...bound } })), onSuccess: made, gcTime: 0 });
  if (making.data) {
    return <Once title={w.keys.shown} means={w.keys.shownMeans} text={making.data.data.key} copy={w.keys.copy} done={w.keys.done} close={close} />;
  }
  const wrong = wrongBy(making.error);
  const elsewhere = making.error instanceof Trouble && !fields.some((field) => wrong(field));
  const footer = (
    <>
      <button type="button" className="b" onClick={close}>
        {w.keys.notNow}
      </button>
      <button className="b primary" disabled={making.isPending}>
        {w.keys.add}
      </button>
    </>
  );
  return (
    <Dialog title={w.keys.add} close={close} submit={() => making.mutate()} footer={footer}>
      <Field label={w.keys.name} required maxLength={64} hint={w.keys.nameHint} value={name} wrong={wrong("name")} onChange={(event) => setName(event.target.value)} />
      <Pick label={w.keys.scope} value={scope} set={(value) => setScope(value as Scope)} options={["ingest", "admin"]} words={w.keys.scopeMeans} />
      {scope === "ingest" && <Field label={w.keys.affiliate} hint={w.keys.affiliateHint} value={affiliate} wrong={wrong("affiliate")} onChange={(event) => setAffiliate(event.target.value)} />}
      {elsewhere && <TroubleNotice error={making.error} />}
    </Dialog>
  );
}
