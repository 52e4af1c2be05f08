import { useId, useRef, useState } from "react";
import { Wrong } from "../../parts/Field";
import { w } from "../../words/words";
import { isMacro, macros, pieces } from "./draft";

interface TemplateEditorProps {
  label: string;
  opt?: string;
  value: string;
  set(value: string): void;
  wrong?: string | undefined;
  rows?: number;
}

const macrosFirst = 6;

/** Text with macros: each shows whether it is one, and a button puts one where the cursor is. */
export function TemplateEditor({ label, opt, value, set, wrong, rows = 4 }: TemplateEditorProps) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [all, setAll] = useState(false);
  const shown = all ? macros : macros.slice(0, macrosFirst);
  const insert = (macro: string) => {
    const area = field.current;
    if (!area) return;
    area.focus();
    const { selectionStart, selectionEnd } = area;
    set(`${value.slice(0, selectionStart)}{${macro}}${value.slice(selectionEnd)}`);
    const after = selectionStart + macro.length + 2;
    requestAnimationFrame(() => area.setSelectionRange(after, after));
  };
  return (
    <div className="f all">
      <label htmlFor={id}>
        {label} {opt && <span className="opt">{opt}</span>}
      </label>
      <div className="marked">
        <div className="template" aria-hidden="true">
          {pieces(value).map((piece, index) =>
            index % 2 === 1 ? (
              <span key={index} className={isMacro(piece) ? "m" : "m bad"}>
                {piece}
              </span>
            ) : (
              piece
            ),
          )}
        </div>
        <textarea
          ref={field}
          id={id}
          className="template"
          rows={rows}
          spellCheck={false}
          autoComplete="off"
          value={value}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={wrong ? `${id}-wrong` : undefined}
          onChange={(event) => set(event.target.value)}
        />
      </div>
      {wrong && <Wrong id={`${id}-wrong`}>{wrong}</Wrong>}
      <div className="macros" role="group" aria-label={w.networks.insert}>
        {shown.map((macro) => (
          <button key={macro} type="button" onClick={() => insert(macro)}>{`{${macro}}`}</button>
        ))}
        {!all && (
          <button type="button" onClick={() => setAll(true)}>
            {w.networks.moreMacros(String(macros.length - macrosFirst))}
          </button>
        )}
      </div>
    </div>
  );
}
