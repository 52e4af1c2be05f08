// Jobs over conversions that run, with their progress, and what ended a moment ago can be taken back.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { useFreshBy } from "../../api/live";
import { useMay } from "../../frame/may";
import { count } from "../../format";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { State } from "../../parts/State";
import { When, useNow } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";

type Job = Schemas["Job"];
const runningMs = 1_000;
const idleMs = 15_000;
const recentMs = 10 * 60_000;
const shownMax = 3;
const ours = ["approve", "reject", "resend", "undo"] as const;
type Kind = (typeof ours)[number];
const isOurs = (job: Job): job is Job & { kind: Kind } => ours.some((kind) => kind === job.kind);

export function BulkJobs() {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: ["jobs"],
    queryFn: () => take(api.GET("/api/admin/jobs")),
    refetchInterval: ({ state }) => (state.data?.data.some(({ state: job }) => job === "running") ? runningMs : idleMs),
  });
  useFreshBy("job", ["jobs"]);
  const now = useNow();
  const jobs = (data?.data ?? []).filter(isOurs);
  const done = jobs.reduce((sum, job) => sum + job.done, 0);
  useEffect(() => void queries.invalidateQueries({ queryKey: ["conversions"] }), [done]);
  const shown = jobs.filter((job) => job.state === "running" || now.getTime() - Date.parse(job.updatedAt) < recentMs).slice(0, shownMax);
  if (shown.length === 0) return null;
  const undoable = shown.find((job) => isUndoable(job, jobs));
  return (
    <div className="page-note stack">
      {shown.map((job) => (
        <JobCard key={job.id} job={job} undoable={isUndoable(job, jobs)} byKey={job === undoable} />
      ))}
    </div>
  );
}

// What was taken back once is not offered again.
const isUndoable = (job: Job, jobs: readonly Job[]) => job.undoable && !jobs.some(({ undoes }) => undoes === job.id);

function JobCard({ job, undoable, byKey }: { job: Job & { kind: Kind }; undoable: boolean; byKey: boolean }) {
  const queries = useQueryClient();
  const works = useMay("conversions");
  const again = () => queries.invalidateQueries({ queryKey: ["jobs"] });
  const path = { params: { path: { id: job.id } } };
  const stop = useMutation({ mutationFn: () => take(api.DELETE("/api/admin/jobs/{id}", path)), onSuccess: again });
  const undo = useMutation({ mutationFn: () => take(api.POST("/api/admin/jobs/{id}/undo", path)), onSuccess: again });
  const running = job.state === "running";
  const handled = job.done + job.skippedCount;
  const progress = w.deliveries.progress(count(job.done), job.matched === null ? "…" : count(job.matched));
  const error = stop.error ?? undo.error;
  return (
    <section className="card" aria-label={w.bulk.job[job.kind]}>
      <div className="job">
        <div className="stack">
          <span className="row wrap">
            <b>{w.bulk.job[job.kind]}</b>
            <State name={running ? "running" : job.state === "done" ? "done" : "stopped"}>{w.deliveries.jobState[job.state]}</State>
          </span>
          <span className="small soft">
            <When at={job.createdAt} /> · <bdi>{job.by}</bdi>
            {job.reason && (
              <>
                {" "}
                · “<bdi>{job.reason}</bdi>”
              </>
            )}
          </span>
        </div>
        <span className="row">
          <span className="small">{progress}</span>
          {running && works && (
            <button type="button" className="b small" disabled={stop.isPending} onClick={() => stop.mutate()}>
              <Icon name="stop" />
              {w.deliveries.stopJob}
            </button>
          )}
          {undoable && works && (
            <button type="button" className="b small" data-key={byKey ? "z" : undefined} disabled={undo.isPending} onClick={() => undo.mutate()}>
              {w.bulk.undo}
              {byKey && <kbd>Z</kbd>}
            </button>
          )}
        </span>
        <progress max={Math.max(job.matched ?? 1, handled, 1)} value={job.state === "done" ? Math.max(job.matched ?? 1, handled, 1) : handled} aria-label={progress} />
      </div>
      <Skipped job={job} />
      {job.error && (
        <footer>
          <span className="c bad">
            <Icon name="oct" />
            <bdi>{said(job.error)}</bdi>
          </span>
        </footer>
      )}
      {error && <TroubleNotice error={error} />}
    </section>
  );
}

function Skipped({ job }: { job: Job }) {
  if (job.skippedCount === 0) return null;
  return (
    <details className="in small">
      <summary className="link">{w.bulk.skipped(job.skippedCount, count(job.skippedCount))}</summary>
      <ul className="more-list">
        {job.skipped.map(({ id, why }) => (
          <li key={id}>
            <Link className="mono" href={`/conversions?${new URLSearchParams({ open: id })}`}>
              {id}
            </Link>{" "}
            <bdi className="soft">{said(why)}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}
