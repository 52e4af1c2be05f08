// The keys of the design, on every page: off in fields and dialogs, and where somebody has none.
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../parts/Dialog";
import { w } from "../words/words";
import { openFind } from "./Find";
import { useMay } from "./may";
import { prefer, usePreferences } from "./preferences";

const pages: Record<string, string> = { d: "/", c: "/conversions", l: "/deliveries", r: "/received", n: "/networks" };
const goMs = 1500;

export function Keys() {
  const [help, setHelp] = useState(false);
  const likes = usePreferences();
  const [, navigate] = useLocation();
  const goUntil = useRef(0);
  useEffect(() => {
    if (!likes.keys) return;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return;
      const key = event.key.toLowerCase();
      const page = pages[key];
      if (event.timeStamp < goUntil.current && page) {
        goUntil.current = 0;
        return navigate(page);
      }
      goUntil.current = key === "g" ? event.timeStamp + goMs : 0;
      const act = actions[event.key === "?" ? "?" : key];
      if (act && act({ likes, showHelp: () => setHelp(true) })) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [likes, navigate]);
  return help ? <Help close={() => setHelp(false)} /> : null;
}

interface Reach {
  likes: ReturnType<typeof usePreferences>;
  showHelp(): void;
}

// What each key does; true: it did, and the browser's own meaning is not wanted.
const actions: Record<string, (reach: Reach) => boolean> = {
  "/": () => (openFind(), true),
  f: () => clickOn(".add-filter"),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  t: ({ likes }) => (prefer({ times: likes.times === "ago" ? "exact" : "ago" }), true),
  d: ({ likes }) => (prefer({ density: likes.density === "compact" ? "comfortable" : "compact" }), true),
  a: () => clickOn("[data-key=a]"),
  r: () => clickOn("[data-key=r]"),
  e: () => clickOn("[data-key=e]"),
  s: () => clickOn("[data-key=s]"),
  z: () => clickOn("[data-key=z]"),
  x: () => chooseRow(),
  escape: () => clickOn("[data-key=esc]"),
  "?": ({ showHelp }) => (showHelp(), true),
};

function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]") || target.closest("dialog, [popover]") !== null;
}

function clickOn(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.click();
  return element !== null;
}

// Chooses the row in focus, or takes the choice back.
function chooseRow(): boolean {
  const box = document.activeElement?.closest("tr")?.querySelector<HTMLInputElement>(".pick input");
  box?.click();
  return Boolean(box);
}

// The row after the one in focus, or after the open one. Beside an open panel it opens too.
function moveRow(by: 1 | -1): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("tbody tr a.row-link")];
  if (links.length === 0) return false;
  const here = links.findIndex((link) => link === document.activeElement || link.closest("tr")?.classList.contains("now"));
  const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  if (next && document.querySelector(".split")) next.click();
  return true;
}

const deeds = (): [string[], string][] => [
  [["X"], w.keysHelp.choose],
  [["A", "R", "E", "S"], w.keysHelp.act],
  [["Z"], w.keysHelp.undo],
];

function Help({ close }: { close(): void }) {
  const works = useMay("conversions");
  const rows: [string[], string][] = [
    [["G", "D C L R N"], w.keysHelp.go],
    [["/"], w.keysHelp.find],
    [["F"], w.keysHelp.filter],
    [["J", "K"], w.keysHelp.move],
    [["Enter"], w.keysHelp.open],
    [["Esc"], w.keysHelp.esc],
    ...(works ? deeds() : []),
    [["T"], w.keysHelp.times],
    [["D"], w.keysHelp.density],
    [["?"], w.keysHelp.list],
  ];
  return (
    <Dialog title={w.keysHelp.title} close={close} submit={close} footer={<button className="b primary">{w.keysHelp.close}</button>}>
      <dl className="facts small">
        {rows.map(([keys, meaning]) => (
          <div className="key-row" key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
