import { Link } from "wouter";
import { count } from "../../format";
import { Notice } from "../../parts/Notice";
import { w } from "../../words/words";
import { healthOf, type Network } from "../deliveries/NetworkCards";

/** Networks that do not answer: said on top, with what it means. */
export function NetworkTrouble({ networks }: { networks: readonly Network[] }) {
  return networks
    .filter((network) => healthOf(network) === "down")
    .map((network) => (
      <Notice
        key={network.name}
        tone="bad"
        what={w.dashboard.down(network.name)}
        meaning={w.dashboard.downMeans(count(network.sending?.waiting ?? 0))}
        todo={
          <Link className="b small" href={`/deliveries?${new URLSearchParams({ state: "waiting", network: network.name })}`}>
            {w.dashboard.openDeliveries}
          </Link>
        }
      />
    ));
}
