import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { count } from "../../format";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { Bare, State } from "../../parts/State";
import { When, useNow } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";

export type Job = Schemas["Replay"];
const runningMs = 1_000;
const idleMs = 15_000;
const recentMs = 10 * 60_000;

/** Jobs that run, with their progress, and what ended a moment ago. */
export function Jobs() {
  const { data } = useQuery({
    queryKey: ["replays"],
    queryFn: () => take(api.GET("/api/admin/replays")),
    refetchInterval: ({ state }) => (state.data?.data.some((job) => job.state === "running" || isOpen(job)) ? runningMs : idleMs),
  });
  const now = useNow();
  const shown = (data?.data ?? []).filter((job) => job.state === "running" || now.getTime() - Date.parse(job.updatedAt) < recentMs).slice(0, 3);
  return shown.map((job) => <JobCard key={job.id} job={job} />);
}

// Of a job that has just ended something may still wait, or is not counted yet.
const isOpen = (job: Job) => job.action === "replay" && (job.waiting ?? 1) > 0 && Date.now() - Date.parse(job.updatedAt) < recentMs;

// What became of those that were sent again; null: not counted yet, or by a version that did not.
const outcomes = [
  { name: "accepted", tone: "good", icon: "check" },
  { name: "waiting", tone: "wait", icon: "clock" },
  { name: "dead_again", tone: "bad", icon: "oct" },
] as const;

function Outcomes({ job }: { job: Job }) {
  if (!job.outcomesAt) return null;
  return (
    <span className="row wrap small" role="group" aria-label={w.deliveries.outcomes}>
      {outcomes.map(({ name, tone, icon }) => {
        const n = job[name] ?? 0;
        return (
          <Bare key={name} tone={n > 0 ? tone : "off"} icon={icon}>
            {w.deliveries.outcome[name](count(n))}
          </Bare>
        );
      })}
    </span>
  );
}

function JobCard({ job }: { job: Job }) {
  const queries = useQueryClient();
  const sends = useMay("deliveries");
  const done = job.replayed ?? job.cancelled ?? 0;
  const running = job.state === "running";
  const stop = useMutation({
    mutationFn: () => take(api.DELETE("/api/admin/replays/{id}", { params: { path: { id: job.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["replays"] }),
  });
  const progress = w.deliveries.progress(count(done), job.matched === null ? "…" : count(job.matched));
  return (
    <section className="card" aria-label={`${w.deliveries.job} ${job.id}`}>
      <div className="job">
        <div className="stack">
          <span className="row wrap">
            <b>{w.deliveries.jobTitle[job.action](job.filter.network ?? w.deliveries.everyNetwork)}</b>
            <State name={running ? "running" : job.state === "done" ? "done" : "stopped"}>{w.deliveries.jobState[job.state]}</State>
          </span>
          <span className="small soft">
            {w.deliveries.rate(count(job.rate))} · <When at={job.createdAt} /> · <bdi>{job.by}</bdi> · {w.deliveries.overRestart}
          </span>
          <Outcomes job={job} />
        </div>
        <span className="row">
          <span className="small">{progress}</span>
          {running && sends && (
            <button type="button" className="b small" disabled={stop.isPending} onClick={() => stop.mutate()}>
              <Icon name="stop" />
              {w.deliveries.stopJob}
            </button>
          )}
        </span>
        <progress max={Math.max(job.matched ?? 1, done, 1)} value={job.state === "done" && done === 0 ? Math.max(job.matched ?? 1, 1) : done} aria-label={progress} />
      </div>
      {job.error && (
        <footer>
          <span className="c bad">
            <Icon name="oct" />
            <bdi>{said(job.error)}</bdi>
          </span>
        </footer>
      )}
      {stop.error && <TroubleNotice error={stop.error} />}
    </section>
  );
}
