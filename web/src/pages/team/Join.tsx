// What an invitation's link opens: a password of one's own. The token stands behind the #, so that no server and no log sees it.
import { useState, type FormEvent } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { DoorFrame, useDoor } from "../../parts/DoorFrame";
import { Password, passwordMin } from "../../parts/Field";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { said } from "../../words/said";
import { w } from "../../words/words";

export default function Join() {
  const [token] = useState(() => location.hash.slice(1));
  const [password, setPassword] = useState("");
  const { error, busy, attempt } = useDoor();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt(async () => {
      await take(api.POST("/api/admin/auth/invitation", { body: { token, password, cookie: true } }));
      location.replace("/admin");
    });
  };
  const trouble = error instanceof Trouble ? error : null;
  const gone = trouble?.status === 401;
  const short = trouble?.field === "password" ? said(trouble.message) : undefined;
  return (
    <DoorFrame>
      <title>{`${w.team.join} · ${w.name}`}</title>
      <form onSubmit={submit} aria-labelledby="join">
        <div className="stack">
          <h1 id="join">{w.team.join}</h1>
          <p className="soft">{w.team.joinMeans}</p>
        </div>
        {gone && <Notice tone="bad" urgent what={w.team.joinVoid} meaning={w.team.joinVoidMeans} />}
        {error !== null && !gone && !short && <TroubleNotice error={error} />}
        <Password label={w.account.next} opt={w.setup.passwordHint} autoComplete="new-password" minLength={passwordMin} autoFocus value={password} set={setPassword} wrong={short} />
        <button className="b primary" aria-busy={busy}>
          {busy ? w.signIn.going : w.team.joinGo}
        </button>
      </form>
    </DoorFrame>
  );
}
