// What the one-time link opens: the first admin. Opening it uses nothing up.
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { signedIn } from "../../frame/session";
import { DoorFrame, useDoor } from "../../parts/DoorFrame";
import { Field, passwordMin } from "../../parts/Field";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";

export function Setup({ token, done }: { token: string; done(): void }) {
  const link = useQuery({
    queryKey: ["setup", token],
    queryFn: () => take(api.GET("/setup", { params: { query: { token } }, headers: { Accept: "text/plain" }, parseAs: "text" })),
    retry: false,
    staleTime: Infinity,
  });
  return (
    <DoorFrame>
      {link.error ? (
        <form aria-labelledby="setup">
          <h1 id="setup">{w.setup.title}</h1>
          <Notice tone="bad" urgent what={w.setup.void} meaning={link.error instanceof Trouble ? link.error.message : String(link.error)} />
          <a className="b" href="/admin">
            {w.signIn.title}
          </a>
        </form>
      ) : (
        <FirstAdmin token={token} done={done} />
      )}
    </DoorFrame>
  );
}

function FirstAdmin({ token, done }: { token: string; done(): void }) {
  const [form, setForm] = useState({ name: "", email: "", password: "" });
  const { error, busy, attempt } = useDoor();
  const wrong = (field: string) => (error instanceof Trouble && error.field === field ? error.message : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt(async () => {
      await take(api.POST("/api/admin/auth/setup", { body: { token, ...form, cookie: true } }));
      await signedIn();
      done();
    });
  };
  const set = (name: keyof typeof form) => ({ value: form[name], onChange: (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value }) });
  const elsewhere = error !== null && !["name", "email", "password"].some((field) => wrong(field));
  return (
    <form onSubmit={submit} aria-labelledby="setup">
      <div className="stack">
        <h1 id="setup">{w.setup.title}</h1>
        <p className="soft">{w.setup.sub}</p>
      </div>
      {elsewhere && <TroubleNotice error={error} />}
      <Field label={w.account.name} required autoFocus autoComplete="name" wrong={wrong("name")} {...set("name")} />
      <Field label={w.signIn.email} type="email" required autoComplete="username" wrong={wrong("email")} {...set("email")} />
      <Field label={w.signIn.password} type="password" required minLength={passwordMin} autoComplete="new-password" hint={w.setup.passwordHint} wrong={wrong("password")} {...set("password")} />
      <button className="b primary" aria-busy={busy}>
        {busy ? w.signIn.going : w.setup.go}
      </button>
    </form>
  );
}
