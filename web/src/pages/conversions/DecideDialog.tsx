import { useState } from "react";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import type { Conversion } from "./list";
import { ThereNow } from "./ThereNow";
import { useCorrection } from "./useCorrection";

export const reasonMax = 1000; // bytes, as the API has it

interface DecideDialogProps {
  decision: "approve" | "reject";
  conversion: Conversion;
  close(): void;
}

/** A reason is wanted for a no, and offered for a yes. */
export function DecideDialog({ decision, conversion, close }: DecideDialogProps) {
  const [opened] = useState(conversion);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const correction = useCorrection(opened, close);
  const approves = decision === "approve";
  const missing = !approves && reason.trim() === "";
  const submit = () => {
    setTried(true);
    if (!missing) correction.mutate({ change: { status: approves ? "approved" : "rejected" }, reason: reason.trim() });
  };
  return (
    <Dialog
      title={w.bulk.title[decision](1, "1")}
      close={close}
      submit={submit}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.bulk.leave}
          </button>
          <button className={approves ? "b primary" : "b danger fill"} disabled={correction.isPending}>
            {correction.there ? w.correct.anyway : w.bulk.go[decision]("")}
          </button>
        </>
      }
    >
      <p className="soft">{w.bulk.means[decision]}</p>
      {correction.there && <ThereNow conversion={correction.there} />}
      <Field label={w.contacts.reason} opt={approves ? w.conversions.optional : w.bulk.reasonStays} maxLength={reasonMax} autoFocus value={reason} wrong={tried && missing ? w.bulk.reasonMissing : undefined} onChange={(event) => setReason(event.target.value)} />
      {correction.trouble && <TroubleNotice error={correction.trouble} />}
    </Dialog>
  );
}
