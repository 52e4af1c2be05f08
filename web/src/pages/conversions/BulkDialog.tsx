// What is many is counted before it is begun, and begun as a job.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { Trouble } from "../../api/trouble";
import { count } from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Field } from "../../parts/Field";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { reasonMax } from "./DecideDialog";

export type BulkAction = Schemas["Bulk"]["action"];
export type Which = { ids: string[] } | { filter: Record<string, string> };

interface BulkDialogProps {
  action: BulkAction;
  which: Which;
  close(): void;
  begun(): void;
}

export function BulkDialog({ action, which, close, begun }: BulkDialogProps) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const counted = useQuery({
    queryKey: ["jobs", "count", action, which],
    queryFn: async () => ((await take(api.POST("/api/admin/conversions/bulk", { params: { query: { dry_run: "1" } }, body: { action, ...which } }))) as Schemas["DryRun"]).data,
    gcTime: 0,
    staleTime: 0,
  });
  const fit = counted.data?.count ?? 0;
  const begin = useMutation({
    mutationFn: () => take(api.POST("/api/admin/conversions/bulk", { body: { action, ...which, expect: fit, ...(reason.trim() ? { reason: reason.trim() } : {}) } })),
    onSuccess: () => {
      say(w.deliveries.begun);
      void queries.invalidateQueries({ queryKey: ["jobs"] });
      begun();
      close();
    },
    onError: (error) => isOtherCount(error) && void counted.refetch(),
  });
  const missing = action === "reject" && reason.trim() === "";
  const ready = fit > 0 && !counted.isFetching && !begin.isPending;
  const submit = () => {
    setTried(true);
    if (ready && !missing) begin.mutate();
  };
  const other = isOtherCount(begin.error);
  return (
    <Dialog
      title={w.bulk.title[action](fit, counted.data ? count(fit) : "…")}
      close={close}
      submit={submit}
      footer={
        <>
          <button type="button" className="b" onClick={close}>
            {w.bulk.leave}
          </button>
          <button className={action === "reject" ? "b danger fill" : "b primary"} disabled={!ready}>
            {w.bulk.go[action](count(fit))}
          </button>
        </>
      }
    >
      <p className="soft">{w.bulk.means[action]}</p>
      <dl className="facts">
        <dt>{w.deliveries.fit}</dt>
        <dd aria-live="polite">
          {counted.data ? <b>{counted.data.complete ? count(fit) : w.list.atLeast(count(fit))}</b> : "…"} {w.conversions.count(fit)}
        </dd>
      </dl>
      {other && <Notice tone="wait" what={w.bulk.otherCount} meaning={w.trouble.nothingChanged} urgent />}
      {action !== "resend" && (
        <Field label={w.contacts.reason} opt={action === "approve" ? w.conversions.optional : w.bulk.reasonStays} maxLength={reasonMax} autoFocus value={reason} wrong={tried && missing ? w.bulk.reasonMissing : undefined} onChange={(event) => setReason(event.target.value)} />
      )}
      {counted.error && <TroubleNotice error={counted.error} />}
      {begin.error && !other && <TroubleNotice error={begin.error} />}
    </Dialog>
  );
}

const isOtherCount = (error: unknown) => error instanceof Trouble && error.status === 409 && error.field === "expect";
