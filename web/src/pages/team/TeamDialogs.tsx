// Inviting somebody; another name or role; removing.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { exactTime } from "../../format";
import { profileChanged } from "../../frame/session";
import { Ask } from "../../parts/Ask";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { Once } from "../../parts/Once";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { wrongBy } from "../networks/NetworkForm";
import { teamKey, type Admin, type Role } from "./Team";

const fields = ["email", "name", "role"];
const roles: readonly Role[] = ["owner", "operator", "read_only"];

const invitationLink = (token: string) => `${location.origin}/admin/join#${token}`;

export function Invite({ close }: { close(): void }) {
  const queries = useQueryClient();
  const [form, setForm] = useState<{ email: string; name: string; role: Role }>({ email: "", name: "", role: "operator" });
  const inviting = useMutation({
    mutationFn: () => take(api.POST("/api/admin/admins", { body: form })),
    onSuccess: () => queries.invalidateQueries({ queryKey: teamKey }),
    gcTime: 0,
  });
  if (inviting.data) {
    const { token, name, invitedUntil } = inviting.data.data;
    const means = w.team.linkMeans(name, exactTime(new Date(invitedUntil ?? 0)));
    return <Once title={w.team.link} means={means} text={invitationLink(token)} copy={w.team.copy} done={w.team.done} close={close} />;
  }
  const wrong = wrongBy(inviting.error);
  return (
    <Dialog title={w.team.add} close={close} submit={() => inviting.mutate()} footer={<Buttons go={w.team.invite} busy={inviting.isPending} close={close} />}>
      <Field label={w.signIn.email} type="email" required value={form.email} wrong={wrong("email")} onChange={(event) => setForm({ ...form, email: event.target.value })} />
      <Field label={w.team.name} required maxLength={64} value={form.name} wrong={wrong("name")} onChange={(event) => setForm({ ...form, name: event.target.value })} />
      <RoleChoice value={form.role} set={(role) => setForm({ ...form, role })} />
      {elsewhere(inviting.error) && <TroubleNotice error={inviting.error} />}
    </Dialog>
  );
}

export function EditAdmin({ admin, close }: { admin: Admin; close(): void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(admin.name);
  const [role, setRole] = useState<Role>(admin.role);
  const [drop, setDrop] = useState(false);
  const [removing, setRemoving] = useState(false);
  const path = { path: { id: admin.id } };
  const done = (word: string) => {
    say(word);
    close();
    void queries.invalidateQueries({ queryKey: teamKey });
    void profileChanged();
  };
  const body = { name, role, ...(drop ? { totp: false } : {}) };
  const saving = useMutation({ mutationFn: () => take(api.PUT("/api/admin/admins/{id}", { params: path, body })), onSuccess: () => done(w.done.saved) });
  if (removing) {
    const remove = () => take(api.DELETE("/api/admin/admins/{id}", { params: path }));
    return (
      <Ask title={w.team.removeTitle(admin.name || admin.email)} go={w.team.removeGo} no={w.team.notNow} act={remove} done={() => done(w.team.removed)} close={close}>
        <p>{w.team.removeMeans}</p>
      </Ask>
    );
  }
  const wrong = wrongBy(saving.error);
  const remove = (
    <button type="button" className="b danger" onClick={() => setRemoving(true)}>
      {w.team.remove}
    </button>
  );
  return (
    <Dialog title={w.team.edit(admin.name || admin.email)} close={close} submit={() => saving.mutate()} footer={<Buttons go={w.networks.save} busy={saving.isPending} close={close} more={remove} />}>
      <Field label={w.team.name} required maxLength={64} value={name} wrong={wrong("name")} onChange={(event) => setName(event.target.value)} />
      <RoleChoice value={role} set={setRole} />
      {admin.totp && (
        <label className="check">
          <input type="checkbox" checked={drop} onChange={(event) => setDrop(event.target.checked)} /> {w.team.dropFactor}
        </label>
      )}
      {elsewhere(saving.error) && <TroubleNotice error={saving.error} />}
    </Dialog>
  );
}

const elsewhere = (error: unknown): boolean => error !== null && !(error instanceof Trouble && fields.includes(error.field ?? ""));

function Buttons({ go, busy, close, more }: { go: string; busy: boolean; close(): void; more?: React.ReactNode }) {
  return (
    <>
      {more}
      <button type="button" className="b" onClick={close}>
        {w.team.notNow}
      </button>
      <button className="b primary" disabled={busy}>
        {go}
      </button>
    </>
  );
}

/** Each role with what it means: nobody guesses. */
function RoleChoice({ value, set }: { value: Role; set(role: Role): void }) {
  return (
    <fieldset className="f roles">
      <legend>{w.team.role}</legend>
      {roles.map((role) => (
        <label className="check" key={role}>
          <input type="radio" name="role" checked={value === role} onChange={() => set(role)} />
          <span>
            <b>{w.role[role]}</b> <span className="soft">{w.roleMeans[role]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
