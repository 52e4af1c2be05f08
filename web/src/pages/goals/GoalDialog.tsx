import { useState } from "react";
import { api, take } from "../../api/client";
import { Field } from "../../parts/Field";
import { w } from "../../words/words";
import { Pick } from "../deliveries/JobDialog";
import { EntityDialog } from "./EntityDialog";
import { ruleOf, type Goal } from "./Goals";

interface GoalDialogProps {
  goal: Goal | null;
  goals: readonly Goal[];
  close(): void;
}

export function GoalDialog({ goal, goals, close }: GoalDialogProps) {
  const [id, setId] = useState(String(goal?.id ?? ""));
  const [type, setType] = useState<Goal["type"]>(goal?.type ?? "deposit");
  const [then, setThen] = useState(goal?.then ?? "");
  const [amount, setAmount] = useState(String(goal?.then_amount ?? "0"));
  const [when, setWhen] = useState<NonNullable<Goal["then_when"]>>(goal?.then_when ?? "recorded");
  const body = { type, then, then_amount: amount, then_when: when, ...(goal ? { repeatable: goal.repeatable, rev: goal.rev } : { id }) };
  const path = { path: { id } };
  const save = () => (goal ? take(api.PUT("/api/admin/goals/{id}", { params: path, body })) : take(api.POST("/api/admin/goals", { body })));
  const remove = goal && !goal.builtIn ? () => take(api.DELETE("/api/admin/goals/{id}", { params: path })) : null;
  const others = goals.map((one) => String(one.id)).filter((one) => one !== id);
  return (
    <EntityDialog title={goal ? w.goals.editGoal(id) : w.goals.addGoal} list="goals" save={save} remove={remove} close={close} fields={["id", "type", "then", "then_amount"]}>
      {(wrong) => (
        <>
          {!goal && <Field label={w.goals.id} required value={id} wrong={wrong("id")} onChange={(event) => setId(event.target.value)} />}
          <Pick label={w.goals.type} value={type} set={(value) => setType(value as Goal["type"])} options={["registration", "deposit", "other"]} words={w.goalType} />
          <Pick label={w.goals.then} value={then} set={setThen} options={others} any={w.goals.nothing} />
          {then && <Field label={w.goals.thenAmount} inputMode="decimal" value={amount} wrong={wrong("then_amount")} onChange={(event) => setAmount(event.target.value)} />}
          {then && <Pick label={w.goals.thenWhen} value={when} set={(value) => setWhen(value as typeof when)} options={["recorded", "delivered"]} words={w.goals.when} />}
          <p className="soft">{ruleOf({ then, then_amount: amount, then_when: when })}</p>
        </>
      )}
    </EntityDialog>
  );
}
