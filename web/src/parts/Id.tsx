import { useEffect, useState } from "react";
import { Link } from "wouter";
import { cutId } from "../format";
import { w } from "../words/words";
import { Icon } from "./Icon";

interface IdProps {
  value: string;
  to?: string;
  /** Whether a click anywhere in its table row goes there. */
  row?: boolean;
}

/** An id: cut in the middle, whole on hover. Its letters never reorder the line. */
export function Id({ value, to, row = false }: IdProps) {
  const text = <bdi>{cutId(value)}</bdi>;
  if (to === undefined) {
    return (
      <span className="key" title={value}>
        {text}
      </span>
    );
  }
  return (
    <Link className={row ? "key row-link" : "key"} href={to} title={value}>
      {text}
    </Link>
  );
}

const shownMs = 1500;

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" className="copy" aria-label={copied ? w.done.copied : label} title={label} onClick={copy}>
      <Icon name={copied ? "check" : "copy"} small />
    </button>
  );
}
