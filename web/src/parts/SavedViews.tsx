// Saved views of a list: its filters under a name, opened by it and given up again.
import { useMutation } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { Link } from "wouter";
import { useAddress } from "../frame/address";
import { keepViews, useProfile } from "../frame/session";
import { addressOf, faultOf, queryOf, withoutView, withView, type View } from "../frame/views";
import { w } from "../words/words";
import { Wrong } from "./Field";
import { Icon } from "./Icon";
import { TroubleNotice } from "./Notice";
import { Popover } from "./Popover";

export function SavedViews() {
  const { data: person } = useProfile();
  const { path, query } = useAddress();
  const all = person?.preferences.views ?? [];
  const here = all.filter(({ page }) => page === path);
  const shown = here.find((view) => view.query === queryOf(query));
  const button = (
    <>
      <Icon name="flag" small />
      <span className="cut chip-value">{shown ? <bdi>{shown.name}</bdi> : w.list.views}</span>
    </>
  );
  return (
    <span className="chip saved-views">
      <Popover button={button} buttonClass="chip-b" label={shown ? `${w.views.title}: ${shown.name}` : w.views.title} className="menu views">
        {(close) => (
          <>
            {here.map((view) => (
              <Saved key={view.name} view={view} current={view === shown} close={close} />
            ))}
            {here.length === 0 && <p className="small soft filter-form">{w.views.none}</p>}
            <Keep view={{ page: path, query: queryOf(query) }} all={all} />
          </>
        )}
      </Popover>
    </span>
  );
}

function Saved({ view, current, close }: { view: View; current: boolean; close(): void }) {
  const forget = useMutation({ mutationFn: () => keepViews((kept) => withoutView(kept, view)) });
  return (
    <>
      <div className="row view-row">
        <Link href={addressOf(view)} aria-current={current ? "true" : undefined} title={view.name} onClick={close}>
          <bdi className="cut">{view.name}</bdi>
          {current && <Icon name="check" small />}
        </Link>
        <button type="button" aria-label={w.views.forget(view.name)} disabled={forget.isPending} onClick={() => forget.mutate()}>
          <Icon name="x" small />
        </button>
      </div>
      {forget.error && <TroubleNotice error={forget.error} />}
    </>
  );
}

function Keep({ view, all }: { view: Omit<View, "name">; all: readonly View[] }) {
  const id = useId();
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);
  const whole = { ...view, name: name.trim() };
  const fault = faultOf(whole, all);
  const keep = useMutation({
    mutationFn: () => keepViews((kept) => withView(kept, whole)),
    onSuccess: () => {
      setName("");
      setTried(false);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!fault) keep.mutate();
  };
  const wrong = tried && fault ? w.views.fault[fault] : null;
  return (
    <form className="f filter-form" onSubmit={submit}>
      <label htmlFor={id}>{w.views.name}</label>
      <input
        id={id}
        className="in-t"
        autoComplete="off"
        value={name}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={wrong ? `${id}-wrong` : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      {wrong && <Wrong id={`${id}-wrong`}>{wrong}</Wrong>}
      {keep.error && <TroubleNotice error={keep.error} />}
      <button className="b primary" disabled={keep.isPending}>
        {w.views.keep}
      </button>
    </form>
  );
}
