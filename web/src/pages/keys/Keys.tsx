import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { RoleNote } from "../../frame/RoleNote";
import { PageBar } from "../../frame/Shell";
import { Ask } from "../../parts/Ask";
import { Bones, Empty, useLate } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Id } from "../../parts/Id";
import { TroubleNotice } from "../../parts/Notice";
import { Bare } from "../../parts/State";
import { say } from "../../parts/toasts";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import { NewKey } from "./NewKey";

type Key = Schemas["Key"];
const list = ["api-keys"];

/** What servers report with: each made and shown once, and revoked for good. */
export default function Keys() {
  const queries = useQueryClient();
  const owner = useMay("keys");
  const keys = useQuery({ queryKey: list, queryFn: () => take(api.GET("/api/admin/keys")) });
  const late = useLate(keys.isPending);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const fresh = () => void queries.invalidateQueries({ queryKey: list });
  const add = owner && (
    <button type="button" className="b primary" onClick={() => setMaking(true)}>
      <Icon name="plus" />
      {w.keys.add}
    </button>
  );
  return (
    <>
      <PageBar title={w.nav.keys} sub={w.keys.sub}>
        {add}
      </PageBar>
      <div className="page">
        <RoleNote of="keys" />
        {late && <Bones lines={5} />}
        {keys.error && <TroubleNotice error={keys.error} again={() => void keys.refetch()} />}
        {keys.data?.data.length === 0 && (
          <section className="card">
            <Empty icon="key" title={w.keys.empty}>
              {w.keys.emptyMeans}
            </Empty>
          </section>
        )}
        {keys.data && keys.data.data.length > 0 && <KeyTable keys={keys.data.data} revoke={owner ? setRevoking : null} />}
      </div>
      {making && <NewKey made={fresh} close={() => setMaking(false)} />}
      {revoking && (
        <Ask
          title={w.keys.revokeTitle(revoking.name)}
          go={w.keys.revokeGo}
          no={w.keys.notNow}
          act={() => take(api.DELETE("/api/admin/keys/{id}", { params: { path: { id: revoking.id } } }))}
          done={() => {
            say(w.keys.revoked);
            setRevoking(null);
            fresh();
          }}
          close={() => setRevoking(null)}
        >
          <p>{w.keys.revokeMeans}</p>
          <p className="soft">
            {w.keys.used}: {revoking.lastUsedAt ? <When at={revoking.lastUsedAt} /> : w.keys.never}
          </p>
        </Ask>
      )}
    </>
  );
}

function KeyTable({ keys, revoke }: { keys: readonly Key[]; revoke: ((key: Key) => void) | null }) {
  return (
    <section className="card">
      <div className="scroll">
        <table className="t cards">
          <caption className="sr">{w.keys.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{w.keys.name}</th>
              <th scope="col">{w.keys.state}</th>
              <th scope="col">{w.keys.scope}</th>
              <th scope="col">{w.keys.affiliate}</th>
              <th scope="col">{w.keys.used}</th>
              <th scope="col">{w.keys.made}</th>
              <th className="more">
                <span className="sr">{w.keys.revoke}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <tr key={key.id} className={key.revoked ? "muted" : undefined}>
                <td className="a1">
                  <bdi className="cut-line" title={key.id}>
                    {key.name}
                  </bdi>
                </td>
                <td className="a2">{key.revoked ? <Bare tone="off" icon="ban">{w.keys.revoked}</Bare> : <Bare tone="good" icon="check">{w.keys.active}</Bare>}</td>
                <td className="b1 soft" title={w.keys.scopeMeans[key.scope]}>
                  {w.keys.scopes[key.scope]}
                </td>
                <td className="c1">{key.affiliate === null ? <span className="soft">{w.keys.anyAffiliate}</span> : <Id value={key.affiliate} />}</td>
                <td className="b2">{key.lastUsedAt ? <When at={key.lastUsedAt} /> : <span className="soft">{w.keys.never}</span>}</td>
                <td className="hide-s soft">
                  <When at={key.createdAt} />
                </td>
                <td className="more c2">
                  {revoke && !key.revoked && (
                    <button type="button" className="b small quiet" aria-label={w.keys.revokeTitle(key.name)} onClick={() => revoke(key)}>
                      {w.keys.revoke}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
