// The nodes that share a store; over RocksDB there is one, and nothing to tell.
import type { Schemas } from "../../api/client";
import { State } from "../../parts/State";
import { When } from "../../parts/When";
import { w } from "../../words/words";

type Node = Schemas["NodeStatus"];
const looks = { alive: "fine", dead: "down", left: "off" } as const;

export function Nodes({ nodes }: { nodes: readonly Node[] }) {
  if (nodes.length < 2) return null;
  return (
    <section className="card">
      <header>
        <h2>{w.status.nodes}</h2>
      </header>
      <table className="t">
        <thead>
          <tr>
            {[w.status.node, w.status.state, w.status.host, w.status.version, w.status.seen].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.id}>
              <td>
                <span className="mono">{node.id}</span> {node.here && <span className="muted">{w.status.here}</span>}
              </td>
              <td>
                <State name={looks[node.state]}>{w.status.states[node.state]}</State>
              </td>
              <td>
                <bdi>{node.host}</bdi>
              </td>
              <td>{node.version}</td>
              <td>
                <When at={node.seenAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
