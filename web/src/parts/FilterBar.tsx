// FilterBar: what is filtered stands as a chip, what could be is behind one button. All of it is in
// the address, so that Back takes the last filter away.
import { useEffect, useId, useState, type FormEvent, type ReactNode } from "react";
import { Link } from "wouter";
import { useAddress } from "../frame/address";
import { w } from "../words/words";
import { Icon } from "./Icon";
import { Popover } from "./Popover";
import { SavedViews } from "./SavedViews";

export interface Filter {
  /** Its name in the address and in the API. */
  name: string;
  label: string;
  /** One of these; absent: free text. */
  choices?: readonly { value: string; label: string }[];
  kind?: "text" | "number" | "day";
}

export function FilterBar({ filters, search, children }: { filters: readonly Filter[]; search?: ReactNode; children?: ReactNode }) {
  const { query, link } = useAddress();
  const chosen = filters.filter(({ name }) => query.has(name));
  const free = filters.filter(({ name }) => !query.has(name));
  const none = Object.fromEntries(filters.map(({ name }) => [name, null]));
  return (
    <div className="filters">
      {search}
      {chosen.map((filter) => (
        <Chip key={filter.name} filter={filter} value={query.get(filter.name) ?? ""} />
      ))}
      {free.length > 0 && <AddFilter filters={free} />}
      {chosen.length > 0 && (
        <Link className="link small wide-only" href={link(none)}>
          {w.filter.clear}
        </Link>
      )}
      <SavedViews />
      {children && <span className="push row wide-only">{children}</span>}
    </div>
  );
}

function Chip({ filter, value }: { filter: Filter; value: string }) {
  const { link } = useAddress();
  const shown = filter.choices?.find((choice) => choice.value === value)?.label ?? value;
  return (
    <span className="chip">
      <span>{filter.label}</span>
      <Popover button={<bdi className="cut chip-value">{shown}</bdi>} buttonClass="chip-b" label={`${w.filter.change(filter.label)}: ${shown}`}>
        {(close) => <FilterField filter={filter} value={value} close={close} />}
      </Popover>
      <Link className="x" href={link({ [filter.name]: null })} aria-label={w.filter.remove(filter.label)}>
        <Icon name="x" />
      </Link>
    </span>
  );
}

function AddFilter({ filters }: { filters: readonly Filter[] }) {
  const [picked, pick] = useState<Filter | null>(null);
  const button = (
    <>
      <Icon name="plus" />
      {w.filter.add}
    </>
  );
  return (
    <span className="chip add">
      <Popover button={button} buttonClass="chip-b add-filter" className="menu">
        {(close) =>
          picked && filters.includes(picked) ? (
            <FilterField
              filter={picked}
              value=""
              close={() => {
                pick(null);
                close();
              }}
            />
          ) : (
            filters.map((filter) => (
              <button key={filter.name} type="button" onClick={() => pick(filter)}>
                {filter.label}
              </button>
            ))
          )
        }
      </Popover>
    </span>
  );
}

function FilterField({ filter, value, close }: { filter: Filter; value: string; close(): void }) {
  const { go } = useAddress();
  const set = (next: string) => {
    close();
    go({ [filter.name]: next.trim() });
  };
  if (filter.choices) return <Choices filter={filter} value={value} set={set} />;
  return <TextField filter={filter} value={value} set={set} />;
}

interface FieldProps {
  filter: Filter;
  value: string;
  set(next: string): void;
}

function Choices({ filter, value, set }: FieldProps) {
  return (
    <div className="menu" role="group" aria-label={filter.label}>
      {filter.choices?.map((choice) => (
        <button key={choice.value} type="button" aria-pressed={choice.value === value} onClick={() => set(choice.value)}>
          {choice.label}
          {choice.value === value && (
            <span className="push">
              <Icon name="check" small />
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function TextField({ filter, value, set }: FieldProps) {
  const id = useId();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set(text);
  };
  const types = { text: "text", number: "text", day: "date" } as const;
  return (
    <form className="f filter-form" onSubmit={submit}>
      <label htmlFor={id}>{filter.label}</label>
      <input
        id={id}
        className="in-t"
        autoFocus
        autoComplete="off"
        type={types[filter.kind ?? "text"]}
        inputMode={filter.kind === "number" ? "numeric" : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="b primary">{w.filter.apply}</button>
    </form>
  );
}

const typingMs = 250;

/** A search that follows the typing: each pause is one list, all of them one entry of the history. */
export function SearchField({ name, label }: { name: string; label: string }) {
  const { query, replace } = useAddress();
  const id = useId();
  const given = query.get(name) ?? "";
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text === given) return;
    const timer = setTimeout(() => replace({ [name]: text.trim() }), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <span className="field-s">
      <Icon name="search" />
      <label className="sr" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="in-t"
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </span>
  );
}
