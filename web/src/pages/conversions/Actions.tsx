import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client";
import { useMay } from "../../frame/may";
import { RoleLine } from "../../frame/RoleNote";
import { count } from "../../format";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { CorrectDialog } from "./CorrectDialog";
import { DecideDialog } from "./DecideDialog";
import type { Conversion } from "./list";

/** What can be done with the conversion as it stands. */
export function Actions({ conversion }: { conversion: Conversion }) {
  const works = useMay("conversions");
  if (works) return <Deeds conversion={conversion} />;
  return (
    <div className="actions">
      <RoleLine of="conversions" />
    </div>
  );
}

function Deeds({ conversion }: { conversion: Conversion }) {
  const [asking, ask] = useState<"approve" | "reject" | "correct" | null>(null);
  const resend = useResend(conversion);
  const dead = conversion.deliveries.some(({ state }) => state === "dead");
  const close = () => ask(null);
  return (
    <div className="actions">
      {conversion.status !== "approved" && (
        <button type="button" className="b primary" data-key="a" onClick={() => ask("approve")}>
          <Icon name="check" />
          {w.bulk.approve}
          <kbd>A</kbd>
        </button>
      )}
      <button type="button" className={conversion.status === "approved" ? "b primary" : "b"} data-key="e" onClick={() => ask("correct")}>
        {w.correct.open}
        <kbd>E</kbd>
      </button>
      {conversion.status !== "rejected" && (
        <button type="button" className="b danger" data-key="r" onClick={() => ask("reject")}>
          {w.bulk.reject}
          <kbd>R</kbd>
        </button>
      )}
      <button type="button" className="b" data-key="s" disabled={!dead || resend.isPending} title={dead ? undefined : w.panel.resendNone} onClick={() => resend.mutate()}>
        <Icon name="again" />
        {w.panel.resend}
        <kbd>S</kbd>
      </button>
      {resend.error && <TroubleNotice error={resend.error} />}
      <span className="push row small muted wide-only">rev {conversion.rev}</span>
      {asking === "correct" && <CorrectDialog conversion={conversion} close={close} />}
      {(asking === "approve" || asking === "reject") && <DecideDialog decision={asking} conversion={conversion} close={close} />}
    </div>
  );
}

function useResend({ click_id, goal_id, occurrence }: Conversion) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.POST("/api/admin/deliveries/retry", { body: { click_id, goal_id, ...(occurrence ? { transaction_id: occurrence } : {}) } })),
    onSuccess: (answer) => {
      say(w.panel.resent(count(answer.count)));
      void queries.invalidateQueries();
    },
  });
}
