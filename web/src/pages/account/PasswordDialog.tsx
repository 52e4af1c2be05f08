import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { Dialog } from "../../parts/Dialog";
import { Password, passwordMin } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { wrongBy } from "../networks/NetworkForm";
import { sessionsKey } from "./Sessions";

/** A new password; the answer's cookie is the session that goes on. */
export function PasswordDialog({ close }: { close(): void }) {
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const changing = useMutation({
    mutationFn: () => take(api.POST("/api/admin/auth/password", { body: { old, new: next } })),
    onSuccess: () => {
      say(w.account.passwordChanged);
      close();
      void queries.invalidateQueries({ queryKey: sessionsKey });
    },
    gcTime: 0,
  });
  const wrong = wrongBy(changing.error);
  const elsewhere = changing.error instanceof Trouble && !wrong("old") && !wrong("new");
  const footer = (
    <>
      <button type="button" className="b" onClick={close}>
        {w.keys.notNow}
      </button>
      <button className="b primary" disabled={changing.isPending}>
        {w.account.passwordGo}
      </button>
    </>
  );
  return (
    <Dialog title={w.account.password} close={close} submit={() => changing.mutate()} footer={footer}>
      <p className="soft">{w.account.passwordMeans}</p>
      <Password label={w.account.old} autoComplete="current-password" value={old} set={setOld} wrong={wrong("old")} />
      <Password label={w.account.next} opt={w.setup.passwordHint} autoComplete="new-password" minLength={passwordMin} value={next} set={setNext} wrong={wrong("new")} />
      {elsewhere && <TroubleNotice error={changing.error} />}
    </Dialog>
  );
}
