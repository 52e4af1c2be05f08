import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { count } from "../../format";
import { Bones, useLate } from "../../parts/Empty";
import { TroubleNotice } from "../../parts/Notice";
import { State, type StateName } from "../../parts/State";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";

export type Network = Schemas["Network"];
const lookEveryMs = 5_000;

export function useNetworks() {
  return useQuery({ queryKey: ["networks"], queryFn: () => take(api.GET("/api/admin/networks")), refetchInterval: lookEveryMs });
}

/** How a network is, at the node that was asked. */
export function healthOf(network: Network): StateName {
  if (network.stopped) return "stopped";
  if (!network.active) return "off";
  const breakers = [network.sending?.breaker, network.sending_private_api?.breaker];
  if (breakers.includes("open")) return "down";
  return breakers.includes("half_open") ? "slowed" : "fine";
}

interface NetworkCardsProps {
  networks: UseQueryResult<Schemas["NetworkList"]>;
  /** The one that the page is about. */
  chosen?: string | null;
  linkTo(name: string): string;
}

export function NetworkCards({ networks, chosen = null, linkTo }: NetworkCardsProps) {
  const late = useLate(networks.isPending);
  if (networks.error) return <TroubleNotice error={networks.error} again={() => void networks.refetch()} />;
  if (!networks.data) return late ? <Bones /> : null;
  return (
    <section className="nets" aria-label={w.nav.networks}>
      {networks.data.data.map((network) => {
        const here = network.name === chosen;
        const health = healthOf(network);
        return (
          <Link key={network.name} className={`net ${health === "down" ? "bad" : ""} ${here ? "sel" : ""}`} href={linkTo(network.name)} aria-current={here ? "true" : undefined}>
            <span className="row">
              <b className="cut">
                <bdi>{network.name}</bdi>
              </b>
              <State name={health} />
            </span>
            <Numbers network={network} />
            <span className="muted cut">{network.stopped ? <Stopped stopped={network.stopped} /> : <Down network={network} />}</span>
          </Link>
        );
      })}
    </section>
  );
}

function Stopped({ stopped }: { stopped: NonNullable<Network["stopped"]> }) {
  return (
    <>
      <bdi>{said(stopped.why)}</bdi> · <When at={stopped.since} />
    </>
  );
}

// Since when it does not answer, and what it said last; else what it is.
function Down({ network: { sending, kind } }: { network: Network }) {
  if (!sending?.since) return kind;
  return (
    <>
      <bdi title={said(sending.last_error ?? "") || undefined}>{sending.last_code || said(sending.last_error ?? "")}</bdi> · <When at={sending.since} />
    </>
  );
}

function Numbers({ network }: { network: Network }) {
  const { sending } = network;
  const shown = (value: number | undefined) => (value === undefined ? "–" : count(value));
  const rate = sending?.rate_per_second;
  return (
    <span className="quad">
      <span>
        {w.state.waiting} <b>{shown(sending?.waiting)}</b>
      </span>
      <span>
        {w.deliveries.underWay} <b>{shown(sending?.under_way)}</b>
      </span>
      <span>
        {w.state.done} <b>{shown(sending?.accepted)}</b>
      </span>
      <span>
        {w.deliveries.aSecond} <b>{rate ? count(rate) : w.deliveries.unbounded}</b>
      </span>
    </span>
  );
}
