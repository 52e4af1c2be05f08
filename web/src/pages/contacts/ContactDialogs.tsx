import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { said } from "../../words/said";
import { w } from "../../words/words";
import type { Contact } from "./list";

export type Question = "approve" | "reject" | "erase";

interface DecisionDialogProps {
  decision: "approve" | "reject";
  contact: Contact;
  close(): void;
}

/** A reason is wanted for a no, and offered for a yes. */
export function DecisionDialog({ decision, contact, close }: DecisionDialogProps) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const options = { params: { path: { id: contact.id } }, body: { reason } };
  const decide = useMutation({
    mutationFn: () =>
      take(decision === "approve" ? api.POST("/api/admin/contacts/{id}/approve-affiliate", options) : api.POST("/api/admin/contacts/{id}/reject-affiliate", options)),
    onSuccess: () => {
      say(w.done.saved);
      void queries.invalidateQueries({ queryKey: ["contacts"] });
      close();
    },
  });
  const submit = () => {
    if (decision === "reject" && reason.trim() === "") return setMissing(true);
    decide.mutate();
  };
  const words = w.contacts.decision[decision];
  return (
    <Dialog
      title={words.title(contact.name || contact.email)}
      close={close}
      submit={submit}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.goals.cancel}
          </button>
          <button className={decision === "approve" ? "b primary" : "b danger fill"} disabled={decide.isPending}>
            {words.go}
          </button>
        </>
      }
    >
      <Field label={w.contacts.reason} opt={words.reasonHint} maxLength={4096} autoFocus value={reason} wrong={missing && reason.trim() === "" ? w.contacts.reasonMissing : undefined} onChange={(event) => setReason(event.target.value)} />
      {decide.error && <TroubleNotice error={decide.error} />}
    </Dialog>
  );
}

export function EraseDialog({ contact, back, close }: { contact: Contact; back: string; close(): void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const erase = useMutation({
    mutationFn: () => take(api.DELETE("/api/admin/contacts/{id}", { params: { path: { id: contact.id } } })),
    onSuccess: async (answer) => {
      say(said(answer.message));
      navigate(back);
      // The one that is gone is asked for no more.
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[2] !== contact.id });
    },
  });
  const sure = typed.trim() === contact.email;
  return (
    <Dialog
      title={w.contacts.eraseTitle(contact.name || contact.email)}
      close={close}
      submit={() => sure && erase.mutate()}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.networks.keep}
          </button>
          <button className="b danger fill" disabled={!sure || erase.isPending}>
            {w.contacts.eraseGo}
          </button>
        </>
      }
    >
      <p className="soft">{w.contacts.eraseMeans}</p>
      <Field label={w.contacts.eraseType} hint={contact.email} autoComplete="off" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
      {erase.error && <TroubleNotice error={erase.error} />}
    </Dialog>
  );
}
