import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { useMay } from "../../frame/may";
import { RoleNote } from "../../frame/RoleNote";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { changesOf, draftOf, inputOf, newDraft, type Draft, type Network } from "./draft";
import { NetworkHealth } from "./NetworkHealth";
import { Limits, WhatIsSent, WhoIsTold, wrongBy } from "./NetworkForm";
import { Preview } from "./Preview";

/** One network, or a new one: its form, and beside it what it would send. */
export function NetworkEditor({ network }: { network: Network | null }) {
  const before = useMemo(() => (network ? draftOf(network) : newDraft), [network?.name, network?.rev]);
  const [draft, setDraft] = useState(before);
  useEffect(() => setDraft(before), [before]);
  const form = useRef<HTMLFormElement>(null);
  const save = useSave(network, draft);
  const wrong = wrongBy(save.error);
  const change = (part: Partial<Draft>) => {
    save.reset(); // what was refused is not what stands there now
    setDraft((now) => ({ ...now, ...part }));
  };
  const changes = changesOf(draft, before);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const sets = useMay("networks");
  useSaveKey(form, sets);
  const elsewhere = save.error instanceof Trouble && !fieldsShown.some((name) => wrong(name)) ? save.error : null;
  return (
    <>
      <form ref={form} onSubmit={submit} noValidate>
        {network && <NetworkHealth network={network} />}
        <RoleNote of="networks" />
        <fieldset className="form-parts" disabled={!sets}>
          <WhatIsSent draft={draft} change={change} wrong={wrong} fresh={network === null} />
          <WhoIsTold draft={draft} change={change} wrong={wrong} />
          <Limits draft={draft} change={change} wrong={wrong} />
        </fieldset>
        {elsewhere && <TroubleNotice error={elsewhere} />}
        {sets && (
          <Save changes={changes} revision={network?.rev} saving={save.isPending} discard={() => setDraft(before)} />
        )}
      </form>
      <aside aria-label={w.networks.preview}>
        {draft.kind === "template" ? <Preview name={network?.name ?? ""} input={inputOf(draft, network)} /> : <p className="soft small">{w.networks.noPreview}</p>}
      </aside>
    </>
  );
}

interface SaveProps {
  changes: number;
  /** Of a network that is stored. */
  revision: number | undefined;
  saving: boolean;
  discard(): void;
}

function Save({ changes, revision, saving, discard }: SaveProps) {
  return (
    <div className="save">
      {changes > 0 ? (
        <span className="c wait">
          <Icon name="pen" />
          {w.networks.changes(changes)}
        </span>
      ) : (
        <span className="muted">{w.networks.noChanges}</span>
      )}
      {revision !== undefined && <span className="muted">{w.networks.revision(String(revision))}</span>}
      <span className="push row">
        <button className="b" type="button" disabled={changes === 0} onClick={discard}>
          {w.networks.discard}
        </button>
        <button className="b primary" disabled={saving}>
          {w.networks.save}
          <kbd className="wide-only">Ctrl S</kbd>
        </button>
      </span>
    </div>
  );
}

// Fields that show what is wrong with them beside themselves.
const fieldsShown = [
  "name", "postback.url", "postback.body", "postback.headers", "secrets", "statuses", "goals", "base_url", "private_api_url", "delivery_parameter", "private_secret",
  "limits.rate_per_second", "limits.concurrency", "limits.attempt_timeout_ms",
];

function useSave(network: Network | null, draft: Draft) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: () => {
      const body = inputOf(draft, network);
      if (network) return take(api.PUT("/api/admin/networks/{id}", { params: { path: { id: network.name } }, body }));
      return take(api.POST("/api/admin/networks", { body }));
    },
    onSuccess: async (answer) => {
      say(w.done.saved);
      await queries.invalidateQueries({ queryKey: ["networks"] });
      if (!network && answer.data) navigate(`/networks/${encodeURIComponent(answer.data.name)}`);
    },
  });
}

function useSaveKey(form: React.RefObject<HTMLFormElement | null>, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      form.current?.requestSubmit();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [form, on]);
}
