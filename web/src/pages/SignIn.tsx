import { useState, type FormEvent } from "react";
import { api, take } from "../api/client";
import { Trouble } from "../api/trouble";
import { sessionEnded, signedIn } from "../frame/session";
import { DoorFrame, useDoor } from "../parts/DoorFrame";
import { Field, Password as PasswordField } from "../parts/Field";
import { Notice, TroubleNotice } from "../parts/Notice";
import { w } from "../words/words";

interface Challenge {
  email: string;
  challenge: string;
}

/** The door. The address stays what it was, so that signing in goes on where somebody was. */
export function SignIn() {
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const [over, setOver] = useState(false);
  if (challenge) {
    const back = (late: boolean) => {
      setOver(late);
      setChallenge(null);
    };
    return <Code {...challenge} back={back} />;
  }
  return <Password asked={setChallenge} over={over} />;
}

function Password({ asked, over }: { asked(challenge: Challenge): void; over: boolean }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { error, busy, attempt } = useDoor();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt(async () => {
      const { data } = await take(api.POST("/api/admin/auth/login", { body: { email, password, cookie: true } }));
      if (data.challenge) asked({ email: data.email, challenge: data.challenge });
      else await signedIn();
    });
  };
  return (
    <DoorFrame>
      <form onSubmit={submit} aria-labelledby="sign-in">
        <div className="stack">
          <h1 id="sign-in">{w.signIn.title}</h1>
          <p className="soft">{w.signIn.to(location.host)}</p>
        </div>
        {error === null && over && <Notice tone="wait" icon="clock" what={w.signIn.over} meaning={w.signIn.overMeans} />}
        {error === null && !over && sessionEnded && <Notice tone="wait" icon="clock" what={w.signIn.ended} meaning={w.signIn.endedMeans} />}
        {error !== null && <Refused error={error} wrong={w.signIn.wrong} />}
        <Field label={w.signIn.email} type="email" name="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />
        <PasswordField label={w.signIn.password} name="password" autoComplete="current-password" value={password} set={setPassword} />
        <button className="b primary" aria-busy={busy}>
          {busy ? w.signIn.going : w.signIn.go}
        </button>
        <p className="small muted">
          {w.signIn.forgotten}
          <br />
          <code>barracuda admin password --email …</code>
        </p>
      </form>
    </DoorFrame>
  );
}

const digits = 6;

function Code({ email, challenge, back }: Challenge & { back(late: boolean): void }) {
  const [code, setCode] = useState("");
  const [recovery, setRecovery] = useState("");
  const { error, busy, attempt } = useDoor();
  const show = (shown: { code: string } | { recovery: string }) =>
    attempt(async () => {
      try {
        await take(api.POST("/api/admin/auth/totp", { body: { challenge, ...shown, cookie: true } }));
      } catch (thrown) {
        setCode("");
        if (thrown instanceof Trouble && thrown.status === 401 && !thrown.message.startsWith("the code")) return back(true);
        throw thrown;
      }
      await signedIn();
    });
  const type = (text: string) => {
    const typed = text.replace(/\D/g, "").slice(0, digits);
    setCode(typed);
    if (typed.length === digits) show({ code: typed });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    show(recovery ? { recovery } : { code });
  };
  return (
    <DoorFrame>
      <form onSubmit={submit} aria-labelledby="code">
        <div className="stack">
          <h1 id="code">{w.signIn.code}</h1>
          <p className="soft">
            {w.signIn.codeOf}{" "}
            <b>
              <bdi>{email}</bdi>
            </b>
          </p>
        </div>
        {error !== null && <Refused error={error} wrong={w.signIn.codeWrong} />}
        <div className="f">
          <label className="sr" htmlFor="six-digits">
            {w.signIn.sixDigits}
          </label>
          <input
            id="six-digits"
            className="in-t code-in"
            inputMode="numeric"
            autoComplete="one-time-code"
            aria-describedby="six-digits-hint"
            autoFocus
            required={!recovery}
            value={code}
            onChange={(event) => type(event.target.value)}
          />
          <span className="hint" id="six-digits-hint">
            {w.signIn.codeHint}
          </span>
        </div>
        <button className="b primary" aria-busy={busy}>
          {busy ? w.signIn.going : w.signIn.title}
        </button>
        <details className="small">
          <summary className="link">{w.signIn.useRecovery}</summary>
          <Field label={w.signIn.recovery} mono autoComplete="off" spellCheck={false} placeholder="xxxx-xxxx-xxxx-xxxx-xxxx-xxxx" hint={w.signIn.recoveryHint} value={recovery} onChange={(event) => setRecovery(event.target.value)} />
        </details>
        <button type="button" className="link small" onClick={() => back(false)}>
          {w.signIn.other}
        </button>
      </form>
    </DoorFrame>
  );
}

function Refused({ error, wrong }: { error: unknown; wrong: string }) {
  const status = error instanceof Trouble ? error.status : 0;
  if (status === 401) return <Notice tone="bad" urgent what={wrong} meaning={w.signIn.wrongMeans} />;
  return <TroubleNotice error={error} />;
}
