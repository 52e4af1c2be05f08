// The second factor: taken by scanning and showing a first code, given up by showing one more.
import { useMutation, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { profileChanged } from "../../frame/session";
import { Ask } from "../../parts/Ask";
import { Dialog } from "../../parts/Dialog";
import { Bones } from "../../parts/Empty";
import { Field } from "../../parts/Field";
import { Copy } from "../../parts/Id";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { wrongBy } from "../networks/NetworkForm";

const Qr = lazy(() => import("./Qr"));
const device = "/api/admin/auth/totp/device";

export function FactorOn({ close }: { close(): void }) {
  const [code, setCode] = useState("");
  // A secret is made when the dialog opens, and kept nowhere once it is closed.
  const secret = useQuery({ queryKey: ["totp-device"], queryFn: () => take(api.POST(device)), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });
  const confirming = useMutation({
    mutationFn: () => take(api.POST("/api/admin/auth/totp/confirm", { body: { code: code.replace(/\s/g, "") } })),
    onSuccess: () => profileChanged(),
    gcTime: 0,
  });
  if (confirming.data) return <Recovery codes={confirming.data.data.recovery} close={close} />;
  const wrong = wrongBy(confirming.error)("code");
  const footer = (
    <>
      <button type="button" className="b" onClick={close}>
        {w.keys.notNow}
      </button>
      <button className="b primary" disabled={confirming.isPending || !secret.data}>
        {w.account.confirm}
      </button>
    </>
  );
  return (
    <Dialog title={w.account.factor} close={close} submit={() => confirming.mutate()} footer={footer}>
      {secret.error && <TroubleNotice error={secret.error} />}
      {!secret.data && !secret.error && <Bones lines={4} />}
      {secret.data && (
        <>
          <p>{w.account.scan}</p>
          <Suspense fallback={<span className="qr" />}>
            <Qr text={secret.data.data.uri} label={w.account.qr} />
          </Suspense>
          <div className="code wrap" data-secret>
            <span>{secret.data.data.secret.replace(/(.{4})(?=.)/g, "$1 ")}</span> <Copy text={secret.data.data.secret} label={w.account.secret} />
          </div>
          <Field label={w.account.code} required inputMode="numeric" autoComplete="one-time-code" hint={w.account.codeHint} value={code} wrong={wrong} onChange={(event) => setCode(event.target.value)} />
        </>
      )}
      {confirming.error instanceof Trouble && !wrong && <TroubleNotice error={confirming.error} />}
    </Dialog>
  );
}

function Recovery({ codes, close }: { codes: readonly string[]; close(): void }) {
  return (
    <Dialog title={w.account.recoveryTitle} close={close} submit={close} footer={<button className="b primary">{w.account.kept}</button>}>
      <Notice tone="wait" what={w.account.recoveryMeans} />
      <ul className="code recovery" data-secret>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <p>
        <Copy text={codes.join("\n")} label={w.account.copyCodes} /> {w.account.copyCodes}
      </p>
    </Dialog>
  );
}

/** Six digits are a code, anything longer is a recovery code. */
const shownBy = (text: string) => (/^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recovery: text });

export function FactorOff({ close }: { close(): void }) {
  const [text, setText] = useState("");
  const drop = () => take(api.DELETE(device, { body: shownBy(text) }));
  const done = () => {
    say(w.account.off);
    close();
    void profileChanged();
  };
  return (
    <Ask title={w.account.turnOff} go={w.account.turnOffGo} no={w.keys.notNow} act={drop} done={done} close={close}>
      <p>{w.account.turnOffMeans}</p>
      <Field label={w.account.codeOrRecovery} required autoComplete="one-time-code" value={text} onChange={(event) => setText(event.target.value)} />
    </Ask>
  );
}
