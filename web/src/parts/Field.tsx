import { useId, useState, type InputHTMLAttributes, type ReactNode } from "react";
import { w } from "../words/words";
import { Icon } from "./Icon";

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "id" | "className"> {
  label: string;
  opt?: string;
  hint?: ReactNode;
  wrong?: ReactNode;
  mono?: boolean;
}

/** A field with its label; what is wrong with it stands beside it. */
export function Field({ label, opt, hint, wrong, mono = false, ...input }: FieldProps) {
  const id = useId();
  const said = `${id}-said`;
  return (
    <div className="f">
      <label htmlFor={id}>
        {label} {opt && <span className="opt">{opt}</span>}
      </label>
      <input
        id={id}
        className={mono ? "in-t mono" : "in-t"}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={wrong || hint ? said : undefined}
        {...input}
      />
      {wrong ? <Wrong id={said}>{wrong}</Wrong> : hint && <span className="hint" id={said}>{hint}</span>}
    </div>
  );
}

export function Wrong({ id, children }: { id: string; children: ReactNode }) {
  return (
    <span className="wrong" id={id}>
      <Icon name="warn" />
      <span>{children}</span>
    </span>
  );
}

/** Of a new one: the API refuses a shorter one. */
export const passwordMin = 10;

interface PasswordProps extends Omit<FieldProps, "hint" | "type" | "value"> {
  value: string;
  set(value: string): void;
}

/** A password, which can be looked at while it is typed. */
export function Password({ set, ...field }: PasswordProps) {
  const [shown, setShown] = useState(false);
  const hint = (
    <button type="button" className="link" aria-pressed={shown} onClick={() => setShown(!shown)}>
      {shown ? w.signIn.hide : w.signIn.show}
    </button>
  );
  return <Field {...field} type={shown ? "text" : "password"} required hint={hint} onChange={(event) => set(event.target.value)} />;
}
