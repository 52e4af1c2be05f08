// Corrections as values: what is sent, and what is there when somebody was faster.
import type { Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import type { Conversion } from "./list";

export type Change = Pick<Schemas["Correction"], "status" | "amount" | "sale_amount" | "currency">;

const shown = ["status", "amount", "sale_amount", "currency"] as const;

/** Whether both say the same of all that can be corrected. */
export const saysTheSame = (one: Conversion, two: Conversion) => shown.every((name) => String(one[name] ?? "") === String(two[name] ?? ""));

/** What is there, of an answer that says that somebody was faster. */
export function thereIn(error: unknown): Conversion | null {
  const stale = error instanceof Trouble && error.status === 409 && error.field === "rev";
  return stale ? (error.data as Conversion) : null;
}

export interface Form {
  status: Conversion["status"];
  amount: string;
  sale_amount: string;
  currency: string;
}

export const formOf = (c: Conversion): Form => ({
  status: c.status,
  amount: String(c.amount ?? ""),
  sale_amount: String(c.sale_amount ?? ""),
  currency: c.currency ?? "",
});

/** What the form says otherwise than the conversion it was opened with. */
export function changeOf(form: Form, opened: Conversion): Change {
  const before = formOf(opened);
  const said = shown.filter((name) => form[name].trim() !== before[name] && form[name].trim() !== "");
  return Object.fromEntries(said.map((name) => [name, form[name].trim()])) as Change;
}
