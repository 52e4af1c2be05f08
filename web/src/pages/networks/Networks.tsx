import { Link, Redirect, useParams } from "wouter";
import { useMay } from "../../frame/may";
import { RoleNote } from "../../frame/RoleNote";
import { PageBar } from "../../frame/Shell";
import { Bones, Empty, useLate } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { looks, isState } from "../../parts/State";
import { said } from "../../words/said";
import { w } from "../../words/words";
import { healthOf, useNetworks } from "../deliveries/NetworkCards";
import type { Network } from "./draft";
import { NetworkEditor } from "./NetworkEditor";

const newName = "+new"; // no network can be called so
const addressOf = (name: string) => `/networks/${encodeURIComponent(name)}`;

export default function Networks() {
  const { name } = useParams<{ name?: string }>();
  const networks = useNetworks();
  const late = useLate(networks.isPending);
  const sets = useMay("networks");
  const all = networks.data?.data ?? [];
  const shown = all.find((network) => network.name === name);
  if (name === undefined && all[0]) return <Redirect to={addressOf(all[0].name)} replace />;
  return (
    <>
      <PageBar title={w.nav.networks} sub={w.networks.sub} />
      <div className="master">
        <nav aria-label={w.nav.networks}>
          {all.map((network) => (
            <Entry key={network.name} network={network} current={network.name === name} />
          ))}
          {sets && <AddLink current={name === newName} />}
          {networks.data?.refused.map((refused) => (
            <Notice key={refused} tone="bad" what={said(refused)} meaning={w.networks.refused} />
          ))}
        </nav>
        {name === newName && sets && <NetworkEditor key={newName} network={null} />}
        {shown && <NetworkEditor key={shown.name} network={shown} />}
        {!shown && !(name === newName && sets) && (
          <div className="page">
            {networks.error && !networks.data && <TroubleNotice error={networks.error} again={() => void networks.refetch()} />}
            {late && <Bones lines={6} />}
            {name === newName && <RoleNote of="networks" />}
            {networks.data && name !== newName && <Nothing name={name} sets={sets} />}
          </div>
        )}
      </div>
    </>
  );
}

function AddLink({ current }: { current: boolean }) {
  return (
    <Link href={addressOf(newName)} aria-current={current ? "true" : undefined}>
      <span className="c">
        <Icon name="plus" />
      </span>
      <b>{w.networks.add}</b>
      <small>{w.networks.addMeans}</small>
    </Link>
  );
}

/** No network at all, or none of this name. */
function Nothing({ name, sets }: { name: string | undefined; sets: boolean }) {
  if (name !== undefined) return <Notice tone="off" what={w.trouble.notFound} />;
  const add = sets && (
    <Link className="b primary" href={addressOf(newName)}>
      {w.networks.add}
    </Link>
  );
  return (
    <Empty icon="net" title={w.networks.empty} todo={add}>
      {w.setup.networkMeans}
    </Empty>
  );
}

function Entry({ network, current }: { network: Network; current: boolean }) {
  const health = healthOf(network);
  const look = isState(health) ? looks[health] : looks.off;
  return (
    <Link href={addressOf(network.name)} aria-current={current ? "true" : undefined}>
      <span className={`c ${look.tone}`}>
        <Icon name={look.icon} />
      </span>
      <b className="cut">
        <bdi>{network.name}</bdi>
      </b>
      <small>
        {network.kind} · {network.builtIn ? w.networks.ofSettings : w.state[health]}
      </small>
    </Link>
  );
}
