import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState, type FormEvent } from "react";
import { api, take } from "../../api/client";
import { useMay } from "../../frame/may";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import type { Contact } from "./list";

/** What an operator writes of a contact: its status, and notes. */
export function Notes({ contact, statuses }: { contact: Contact; statuses: readonly string[] }) {
  const id = useId();
  const works = useMay("contacts");
  const queries = useQueryClient();
  const [status, setStatus] = useState(contact.status);
  const [notes, setNotes] = useState(contact.notes ?? "");
  useEffect(() => {
    setStatus(contact.status);
    setNotes(contact.notes ?? "");
  }, [contact.status, contact.notes]);
  const save = useMutation({
    mutationFn: () => take(api.PUT("/api/admin/contacts/{id}", { params: { path: { id: contact.id } }, body: { status, notes } })),
    onSuccess: () => {
      say(w.done.saved);
      void queries.invalidateQueries({ queryKey: ["contacts"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const changed = status !== contact.status || notes !== (contact.notes ?? "");
  return (
    <section>
      <h2>{w.contacts.work}</h2>
      <form className="stack gap" onSubmit={submit}>
        <div className="f">
          <label htmlFor={`${id}-status`}>{w.contacts.status}</label>
          <input id={`${id}-status`} className="in-t" list={`${id}-known`} maxLength={64} readOnly={!works} value={status} onChange={(event) => setStatus(event.target.value)} />
          <datalist id={`${id}-known`}>
            {statuses.map((known) => (
              <option key={known} value={known} />
            ))}
          </datalist>
        </div>
        <div className="f">
          <label htmlFor={`${id}-notes`}>{w.contacts.notes}</label>
          <textarea id={`${id}-notes`} className="in-t" rows={3} readOnly={!works} value={notes} onChange={(event) => setNotes(event.target.value)} />
        </div>
        {save.error && <TroubleNotice error={save.error} />}
        {works && (
          <div className="row">
            <button className="b" disabled={!changed || save.isPending}>
              {w.networks.save}
            </button>
          </div>
        )}
      </form>
    </section>
  );
}
