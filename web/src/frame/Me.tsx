import { useMemo } from "react";
import { Link } from "wouter";
import { Popover } from "../parts/Popover";
import { languages, language, w, type Language } from "../words/words";
import { zones } from "../days";
import { ownZone, timeZone } from "../format";
import { prefer, usePreferences, type Preferences } from "./preferences";
import { likesSaved, signOut, useProfile } from "./session";

/** Who is signed in, and what the person likes. */
export function Me() {
  const { data: person } = useProfile();
  if (!person) return null;
  const button = (
    <>
      <span className="face" aria-hidden="true">
        {initials(person.name || person.email)}
      </span>
      <span className="cut">
        <b className="cut">
          <bdi>{person.email}</bdi>
        </b>
        <small>
          {w.role[person.role]} · {timeZone()}
        </small>
      </span>
    </>
  );
  return (
    <Popover button={button} buttonClass="me">
      {(close) => (
        <>
          <Link className="b account-link" href="/account" onClick={close}>
            {w.nav.account}
          </Link>
          <Likings place="menu" />
        </>
      )}
    </Popover>
  );
}

export function initials(name: string): string {
  const parts = name.split(/[\s.@_-]+/).filter(Boolean);
  return parts
    .slice(0, 2)
    .map((part) => [...part][0]?.toUpperCase() ?? "")
    .join("");
}

/** `place` keeps apart the fields of the menu and those of the account's page. */
export function Likings({ place }: { place: string }) {
  const likes = usePreferences();
  const speak = (chosen: Language) => {
    prefer({ language: chosen });
    void likesSaved().then(() => location.reload()); // every word on the page is another one
  };
  return (
    <div className="stack gap filter-form">
      <Choice place={place} name="theme" label={w.me.theme} value={likes.theme} options={{ system: w.me.system, light: w.me.light, dark: w.me.dark }} />
      <Choice place={place} name="density" label={w.me.density} value={likes.density} options={{ comfortable: w.me.comfortable, compact: w.me.compact }} />
      <Choice place={place} name="times" label={w.me.times} value={likes.times} options={{ ago: w.me.ago, exact: w.me.exact }} />
      <div className="f">
        <label htmlFor={`${place}-keys`}>{w.me.keys}</label>
        <select id={`${place}-keys`} className="in-t" value={likes.keys ? "on" : "off"} onChange={(event) => prefer({ keys: event.target.value === "on" })}>
          <option value="on">{w.me.on}</option>
          <option value="off">{w.me.off}</option>
        </select>
      </div>
      <div className="f">
        <label htmlFor={`${place}-language`}>{w.me.language}</label>
        <select id={`${place}-language`} className="in-t" value={language} onChange={(event) => speak(event.target.value as Language)}>
          {Object.entries(languages).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Zone place={place} value={likes.tz} />
      <button type="button" className="b" onClick={() => void signOut()}>
        {w.me.signOut}
      </button>
    </div>
  );
}

/** The zone in which dates are said and the days of reports are counted. */
function Zone({ place, value }: { place: string; value: string | null }) {
  const id = `${place}-tz`;
  const all = useMemo(zones, []);
  return (
    <div className="f">
      <label htmlFor={id}>{w.me.zone}</label>
      <select id={id} className="in-t" value={value ?? ""} onChange={(event) => prefer({ tz: event.target.value || null })}>
        <option value="">{w.me.ownZone(ownZone)}</option>
        {value && !all.includes(value) && <option value={value}>{value}</option>}
        {all.map((zone) => (
          <option key={zone} value={zone}>
            {zone.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </div>
  );
}

interface ChoiceProps {
  place: string;
  name: keyof Preferences;
  label: string;
  value: string;
  options: Record<string, string>;
}
function Choice({ place, name, label, value, options }: ChoiceProps) {
  const id = `${place}-${name}`;
  return (
    <div className="f">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="in-t" value={value} onChange={(event) => prefer({ [name]: event.target.value })}>
        {Object.entries(options).map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
