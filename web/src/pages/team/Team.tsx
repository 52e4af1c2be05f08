import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take, type Schemas } from "../../api/client";
import { useMay } from "../../frame/may";
import { RoleNote } from "../../frame/RoleNote";
import { useProfile } from "../../frame/session";
import { PageBar } from "../../frame/Shell";
import { initials } from "../../frame/Me";
import { Bones, useLate } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { Bare } from "../../parts/State";
import { When } from "../../parts/When";
import { w } from "../../words/words";
import { EditAdmin, Invite } from "./TeamDialogs";

export type Admin = Schemas["Admin"];
export type Role = Schemas["Role"];
export const teamKey = ["team"];

/** Who may what. Everybody sees it, an owner changes it. */
export default function Team() {
  const owner = useMay("team");
  const team = useQuery({ queryKey: teamKey, queryFn: () => take(api.GET("/api/admin/admins")) });
  const late = useLate(team.isPending);
  const [inviting, setInviting] = useState(false);
  const [edited, setEdited] = useState<Admin | null>(null);
  return (
    <>
      <PageBar title={w.nav.team} sub={w.team.sub}>
        {owner && (
          <button type="button" className="b primary" onClick={() => setInviting(true)}>
            <Icon name="plus" />
            {w.team.add}
          </button>
        )}
      </PageBar>
      <div className="page">
        <RoleNote of="team" />
        {late && <Bones lines={4} />}
        {team.error && <TroubleNotice error={team.error} again={() => void team.refetch()} />}
        {team.data && <TeamTable team={team.data.data} edit={owner ? setEdited : null} />}
      </div>
      {inviting && <Invite close={() => setInviting(false)} />}
      {edited && <EditAdmin admin={edited} close={() => setEdited(null)} />}
    </>
  );
}

function TeamTable({ team, edit }: { team: readonly Admin[]; edit: ((admin: Admin) => void) | null }) {
  const { data: person } = useProfile();
  return (
    <section className="card">
      <div className="scroll">
        <table className="t cards">
          <caption className="sr">{w.team.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{w.team.person}</th>
              <th scope="col">{w.team.role}</th>
              <th scope="col">{w.team.state}</th>
              <th scope="col">{w.team.factor}</th>
              <th scope="col">{w.team.seen}</th>
              <th className="more">
                <span className="sr">{w.goals.edit}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {team.map((admin) => (
              <tr key={admin.id}>
                <td className="a1">
                  <span className="who">
                    <span className="face" aria-hidden="true">
                      {initials(admin.name || admin.email)}
                    </span>
                    <span className="cut">
                      <bdi>{admin.name || admin.email}</bdi> {admin.id === person?.id && <span className="soft">({w.team.you})</span>}
                      <small className="cut-line soft">
                        <bdi title={admin.email}>{admin.email}</bdi>
                      </small>
                    </span>
                  </span>
                </td>
                <td className="a2" title={w.roleMeans[admin.role]}>
                  {w.role[admin.role]}
                </td>
                <td className="b1">
                  <AdminState admin={admin} />
                </td>
                <td className="c1">{admin.totp ? <Bare tone="good" icon="check">{w.account.on}</Bare> : <span className="soft hide-s">{w.account.off}</span>}</td>
                <td className="b2">{admin.lastSeenAt ? <When at={admin.lastSeenAt} /> : <span className="soft">{w.team.never}</span>}</td>
                <td className="more c2">
                  {edit && (
                    <button type="button" className="b small icon quiet" aria-label={w.team.edit(admin.name || admin.email)} onClick={() => edit(admin)}>
                      <Icon name="pen" />
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

function AdminState({ admin: { active, invitedUntil } }: { admin: Admin }) {
  if (active) return <Bare tone="good" icon="check">{w.team.active}</Bare>;
  if (!invitedUntil) return <Bare tone="off" icon="lock">{w.team.noPassword}</Bare>;
  const open = new Date(invitedUntil) > new Date();
  return open ? <Bare tone="wait" icon="clock">{w.team.invited}</Bare> : <Bare tone="off" icon="ban">{w.team.lapsed}</Bare>;
}
