import { useState } from "react";
import { Trouble } from "../../api/trouble";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import { Pick } from "../deliveries/JobDialog";
import { changeOf, formOf, type Form } from "./correction";
import { reasonMax } from "./DecideDialog";
import type { Conversion } from "./list";
import { ThereNow } from "./ThereNow";
import { useCorrection } from "./useCorrection";

const sums = ["amount", "sale_amount", "currency"] as const;

/** Sums and status as they should be; what is not touched is not sent. */
export function CorrectDialog({ conversion, close }: { conversion: Conversion; close(): void }) {
  const [opened] = useState(conversion);
  const [form, setForm] = useState(() => formOf(opened));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const correction = useCorrection(opened, close);
  const change = changeOf(form, opened);
  const changed = Object.keys(change).length;
  const missing = reason.trim() === "";
  const submit = () => {
    setTried(true);
    if (changed > 0 && !missing) correction.mutate({ change, reason: reason.trim() });
  };
  const { trouble } = correction;
  const wrong = (name: string) => (trouble instanceof Trouble && trouble.field === name ? trouble.message : undefined);
  const labels = { amount: w.conversions.amount, sale_amount: w.panel.saleAmount, currency: w.conversions.currency };
  return (
    <Dialog
      title={w.correct.title}
      close={close}
      submit={submit}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.bulk.leave}
          </button>
          <button className="b primary" disabled={changed === 0 || correction.isPending}>
            {correction.there ? w.correct.anyway : w.correct.go}
          </button>
        </>
      }
    >
      {correction.there && <ThereNow conversion={correction.there} />}
      <div className="fields">
        <Pick label={w.conversions.status} value={form.status} set={(status) => setForm({ ...form, status: status as Form["status"] })} options={["pending", "approved", "rejected"]} words={w.state} />
        {sums.map((name) => (
          <Field key={name} label={labels[name]} autoComplete="off" inputMode={name === "currency" ? "text" : "decimal"} value={form[name]} wrong={wrong(name)} onChange={(event) => setForm({ ...form, [name]: event.target.value })} />
        ))}
      </div>
      <Field label={w.contacts.reason} opt={w.bulk.reasonStays} maxLength={reasonMax} value={reason} wrong={tried && missing ? w.bulk.reasonMissing : undefined} onChange={(event) => setReason(event.target.value)} />
      {trouble && !sums.some((name) => wrong(name)) && <TroubleNotice error={trouble} />}
    </Dialog>
  );
}
