import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { Pick } from "../deliveries/JobDialog";

type Report = Schemas["AdminReport"];
const texts = ["click_id", "affiliate_id", "amount", "currency", "offer_id", "transaction_id"] as const;
type Form = Record<(typeof texts)[number], string>;
const empty: Form = { click_id: "", affiliate_id: "", amount: "", currency: "", offer_id: "", transaction_id: "" };

/** What an operator states: empty fields are left to the ledger. */
export function reportOf(form: Form, goal: { id: string; type: Report["goal_type"] }, status: string): Report {
  const said = Object.fromEntries(texts.map((name) => [name, form[name].trim()]).filter(([, value]) => value !== ""));
  return { ...said, goal_id: goal.id, goal_type: goal.type, ...(status ? { status } : {}) } as Report;
}

export function AddDialog({ close }: { close(): void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const { data } = useQuery({ queryKey: ["goals"], queryFn: () => take(api.GET("/api/admin/goals")) });
  const goals = (data?.data ?? []).map(({ id, type }) => ({ id: String(id), type }));
  const [form, setForm] = useState(empty);
  const [goalId, setGoal] = useState("");
  const [status, setStatus] = useState("");
  const goal = goals.find(({ id }) => id === goalId) ?? goals[0];
  const add = useMutation({
    mutationFn: async () => goal && take(api.POST("/api/admin/conversions", { body: reportOf(form, goal, status) })),
    onSuccess: (answer) => {
      if (!answer) return;
      say(w.state[answer.verdict]);
      void queries.invalidateQueries();
      close();
      navigate(`/conversions?${new URLSearchParams({ open: answer.data.id })}`);
    },
  });
  const wrong = (name: string) => (add.error instanceof Trouble && add.error.field === name ? add.error.message : undefined);
  const field = (name: (typeof texts)[number], label: string, required = false) => (
    <Field label={label} opt={required ? undefined : w.conversions.optional} required={required} autoComplete="off" value={form[name]} wrong={wrong(name)} onChange={(event) => setForm({ ...form, [name]: event.target.value })} />
  );
  const elsewhere = add.error && !texts.some((name) => wrong(name));
  return (
    <Dialog
      title={w.conversions.add}
      close={close}
      submit={() => add.mutate()}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.goals.cancel}
          </button>
          <button className="b primary" disabled={add.isPending || !goal}>
            {w.conversions.addGo}
          </button>
        </>
      }
    >
      <p className="soft">{w.conversions.addMeans}</p>
      <div className="fields">
        {field("click_id", w.conversions.click, true)}
        {field("affiliate_id", w.conversions.affiliate, true)}
        <Pick label={w.conversions.goal} value={goal?.id ?? ""} set={setGoal} options={goals.map(({ id }) => id)} words={Object.fromEntries(goals.map(({ id, type }) => [id, `${id} ${w.goalType[type]}`]))} />
        <Pick label={w.conversions.status} value={status} set={setStatus} options={["pending", "approved", "rejected"]} words={w.state} any="–" />
        {field("amount", w.conversions.amount)}
        {field("currency", w.conversions.currency)}
        {field("offer_id", w.conversions.offer)}
        {field("transaction_id", w.panel.transaction)}
      </div>
      {elsewhere && <TroubleNotice error={add.error} />}
    </Dialog>
  );
}
