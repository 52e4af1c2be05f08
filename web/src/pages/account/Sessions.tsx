import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, take, type Schemas } from "../../api/client";
import { Bones, useLate } from "../../parts/Empty";
import { TroubleNotice } from "../../parts/Notice";
import { say } from "../../parts/toasts";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import { browserOf } from "./agent";

type Session = Schemas["Session"];
export const sessionsKey = ["sessions"];

/** Where one is signed in, and the end of it. */
export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({ queryKey: sessionsKey, queryFn: () => take(api.GET("/api/admin/auth/sessions")) });
  const late = useLate(sessions.isPending);
  const ending = useMutation({
    mutationFn: (ids: readonly string[]) => Promise.all(ids.map((id) => take(api.DELETE("/api/admin/auth/sessions/{id}", { params: { path: { id } } })))),
    onSuccess: () => say(w.account.ended),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsKey }),
  });
  const others = sessions.data?.data.filter(({ current }) => !current).map(({ id }) => id) ?? [];
  return (
    <section className="card">
      <header>
        <h2>{w.account.sessions}</h2>
        {others.length > 0 && (
          <button type="button" className="b small push" onClick={() => ending.mutate(others)}>
            {w.account.endAll}
          </button>
        )}
      </header>
      {late && <Bones lines={2} />}
      {sessions.error && <TroubleNotice error={sessions.error} again={() => void sessions.refetch()} />}
      {ending.error && <TroubleNotice error={ending.error} />}
      {sessions.data && <SessionTable sessions={sessions.data.data} end={(id) => ending.mutate([id])} />}
      <p className="in soft small">{w.account.sessionsMeans}</p>
    </section>
  );
}

function SessionTable({ sessions, end }: { sessions: readonly Session[]; end(id: string): void }) {
  return (
    <div className="scroll">
      <table className="t cards">
        <caption className="sr">{w.account.sessions}</caption>
        <thead>
          <tr>
            <th scope="col">{w.account.browserOf}</th>
            <th scope="col">{w.account.address}</th>
            <th scope="col">{w.account.begun}</th>
            <th scope="col">{w.account.seen}</th>
            <th scope="col">{w.account.ends}</th>
            <th className="more">
              <span className="sr">{w.account.end}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map(({ id, agent, address, createdAt, seenAt, endsAt, current }) => (
            <tr key={id}>
              <td className="a1">
                <bdi className="cut-line" title={agent ?? undefined}>
                  {browserOf(agent) ?? w.account.unknown}
                </bdi>
              </td>
              <td className="b1 key">
                <bdi>{address ?? w.account.unknown}</bdi>
              </td>
              <td className="hide-s soft">
                <When at={createdAt} />
              </td>
              <td className="b2">
                <When at={seenAt} />
              </td>
              <td className="hide-s soft">
                <When at={endsAt} />
              </td>
              <td className="more a2">
                {current ? (
                  <span className="soft">{w.account.current}</span>
                ) : (
                  <button type="button" className="b small quiet" onClick={() => end(id)}>
                    {w.account.end}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
