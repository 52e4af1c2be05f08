// The find box: what an id somebody pasted is, by kind, as it is typed; the arrows walk through the hits, Enter opens one.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, useSyncExternalStore, type KeyboardEvent, type MouseEvent } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../api/client";
import { cutId } from "../format";
import { Bones, useLate } from "../parts/Empty";
import { Icon, type IconName } from "../parts/Icon";
import { TroubleNotice } from "../parts/Notice";
import { w } from "../words/words";
import { addressOf, byKind, conversions, listOf, step, type Group, type Hit, type Kind } from "./hits";

const pauseMs = 200;
const textMax = 1024; // as the API has it
const icons: Record<Kind, IconName> = { click: "link", conversion: "conv", delivery: "out", contact: "people" };

// Open or not: the box in the navigation, a phone's button and a key open it.
let shown = false;
const listeners = new Set<() => void>();
function show(next: boolean): void {
  shown = next;
  listeners.forEach((listener) => listener());
}
export const openFind = (): void => show(true);

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Find() {
  return useSyncExternalStore(listen, () => shown) ? <FindBox close={() => show(false)} /> : null;
}

function FindBox({ close }: { close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const search = useFound(close);
  useEffect(() => {
    const box = dialog.current;
    box?.showModal();
    return () => box?.close();
  }, []);
  // The dialog itself is pressed only beside its contents.
  const leave = (event: MouseEvent) => {
    if (event.target === dialog.current) close();
  };
  return (
    <dialog ref={dialog} className="dialog find-box" aria-label={w.find.title} onClose={close} onMouseDown={leave}>
      <div className="find-field">
        <Icon name="search" />
        <input
          className="find-in"
          role="combobox"
          aria-label={w.find.title}
          aria-expanded={search.hits.length > 0}
          aria-controls={`${id}-hits`}
          aria-activedescendant={search.at >= 0 ? `${id}-${search.at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={textMax}
          placeholder={w.find.hint}
          value={search.text}
          onChange={(event) => search.type(event.target.value)}
          onKeyDown={search.press}
        />
        <button type="button" className="b small quiet" onClick={close}>
          {w.keysHelp.close}
        </button>
      </div>
      <Found id={id} search={search} />
    </dialog>
  );
}

async function placeOf(hit: Hit): Promise<string> {
  const known = addressOf(hit);
  if (known !== null) return known;
  const { data } = await take(api.GET("/api/admin/deliveries/{id}", { params: { path: { id: hit.id } } }));
  return conversions({ open: data.conversion_id });
}

type Search = ReturnType<typeof useFound>;

function useFound(close: () => void) {
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const [asked, ask] = useState("");
  const [at, mark] = useState(-1);
  const [hurry, setHurry] = useState(false); // Enter was pressed before the answer came
  const [error, setError] = useState<unknown>(null);
  const wanted = text.trim();
  useEffect(() => {
    const timer = setTimeout(() => ask(wanted), wanted === "" ? 0 : pauseMs);
    return () => clearTimeout(timer);
  }, [wanted]);
  const answer = useQuery({
    queryKey: ["find", asked],
    enabled: asked !== "",
    queryFn: async () => (await take(api.GET("/api/admin/search", { params: { query: { q: asked } } }))).data,
    retry: false,
  });
  const settled = asked === wanted && !answer.isPending;
  const groups = asked === wanted && wanted !== "" ? byKind(answer.data ?? []) : [];
  const hits = groups.flatMap((group) => group.hits);
  const go = (place: string) => {
    close();
    navigate(place);
  };
  const open = (hit: Hit) => void placeOf(hit).then(go).catch(setError);
  const first = hits[0];
  useEffect(() => {
    if (!hurry || !settled) return;
    setHurry(false);
    if (first) open(first);
  }, [hurry, settled, first]);
  const type = (next: string) => {
    setText(next);
    mark(-1);
    setHurry(false);
    setError(null);
  };
  const press = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : null;
    if (by !== null) mark(step(at, by, hits.length));
    else if (event.key === "Enter" && wanted !== "") enter();
    else return;
    event.preventDefault();
  };
  const enter = () => {
    const hit = hits[Math.max(at, 0)];
    if (settled && hit) return open(hit);
    ask(wanted);
    setHurry(true);
  };
  return { text, wanted, type, press, groups, hits, at, open, close, go, settled, error: error ?? (asked === wanted ? answer.error : null), again: () => void answer.refetch() };
}

function Found({ id, search }: { id: string; search: Search }) {
  const { wanted, groups, hits, settled, error, again, go } = search;
  const late = useLate(wanted !== "" && !settled);
  const nothing = wanted !== "" && settled && !error && hits.length === 0;
  return (
    <div className="find-body" aria-busy={wanted !== "" && !settled}>
      {error != null && <TroubleNotice error={error} again={again} />}
      {late && hits.length === 0 && <Bones lines={3} />}
      {wanted === "" && <p className="soft small">{w.find.means}</p>}
      <p className={nothing ? "soft" : "sr"} role="status">
        {nothing ? w.find.nothing : hits.length > 0 ? w.find.found(hits.length) : ""}
      </p>
      <div id={`${id}-hits`} role="listbox" aria-label={w.find.hits} className="find-hits">
        {groups.map((group) => (
          <HitGroup key={group.kind} id={id} group={group} first={hits.indexOf(group.hits[0] as Hit)} search={search} />
        ))}
      </div>
      {groups.some(({ kind }) => kind === "click") && (
        <button type="button" className="link small find-all" onClick={() => go(listOf(wanted))}>
          {w.find.all}
        </button>
      )}
    </div>
  );
}

interface HitGroupProps {
  id: string;
  group: Group;
  /** The place of the group's first hit among all. */
  first: number;
  search: Search;
}

function HitGroup({ id, group, first, search }: HitGroupProps) {
  return (
    <div role="group" aria-label={w.find.kinds[group.kind]}>
      <p className="find-kind" aria-hidden="true">
        {w.find.kinds[group.kind]}
      </p>
      {group.hits.map((hit, index) => (
        <Row key={hit.id} id={`${id}-${first + index}`} hit={hit} marked={search.at === first + index} open={() => search.open(hit)} close={search.close} />
      ))}
    </div>
  );
}

function Row({ id, hit, marked, open, close }: { id: string; hit: Hit; marked: boolean; open(): void; close(): void }) {
  useEffect(() => {
    if (marked) document.getElementById(id)?.scrollIntoView({ block: "nearest" });
  }, [id, marked]);
  const to = addressOf(hit);
  const inside = (
    <>
      <Icon name={icons[hit.kind]} />
      <bdi className="cut">{hit.title}</bdi>
      {hit.title !== hit.id && <bdi className="mono small muted wide-only">{cutId(hit.id)}</bdi>}
    </>
  );
  const option = { id, className: "find-hit", role: "option", "aria-selected": marked, title: hit.title, tabIndex: -1 };
  if (to === null) {
    return (
      <div {...option} onClick={open}>
        {inside}
      </div>
    );
  }
  return (
    <Link {...option} href={to} onClick={close}>
      {inside}
    </Link>
  );
}
