// The dialog in which a goal or an offer is edited: its fields, save, delete.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Trouble } from "../../api/trouble";
import { Dialog } from "../../parts/Dialog";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { wrongBy } from "../networks/NetworkForm";

interface EntityDialogProps {
  title: string;
  /** The list that shows it. */
  list: string;
  save(): Promise<unknown>;
  /** null: it is new, or of the settings. */
  remove: (() => Promise<unknown>) | null;
  close(): void;
  /** Fields that say themselves what is wrong with them. */
  fields: readonly string[];
  children(wrong: (field: string) => string | undefined): ReactNode;
}

export function EntityDialog({ title, list, save, remove, close, fields, children }: EntityDialogProps) {
  const queries = useQueryClient();
  const done = async (word: string) => {
    say(word);
    close();
    await queries.invalidateQueries({ queryKey: [list] });
  };
  const saving = useMutation({ mutationFn: save, onSuccess: () => done(w.done.saved) });
  const removing = useMutation({ mutationFn: async () => remove?.(), onSuccess: () => done(w.done.deleted) });
  const wrong = wrongBy(saving.error);
  const elsewhere = saving.error instanceof Trouble && !fields.some((field) => wrong(field)) ? saving.error : removing.error;
  return (
    <Dialog
      title={title}
      close={close}
      submit={() => saving.mutate()}
      footer={
        <>
          {remove && (
            <button type="button" className="b danger" disabled={removing.isPending} onClick={() => removing.mutate()}>
              {w.goals.remove}
            </button>
          )}
          <button type="button" className="b" onClick={close}>
            {w.goals.cancel}
          </button>
          <button className="b primary" disabled={saving.isPending}>
            {w.networks.save}
          </button>
        </>
      }
    >
      {children(wrong)}
      {elsewhere && <TroubleNotice error={elsewhere} />}
    </Dialog>
  );
}
