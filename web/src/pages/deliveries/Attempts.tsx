import type { Schemas } from "../../api/client";
import { count, milliseconds } from "../../format";
import { looks } from "../../parts/State";
import { Icon } from "../../parts/Icon";
import { When } from "../../parts/When";
import { said } from "../../words/said";
import { w } from "../../words/words";

type Attempt = Schemas["Attempt"];

/** Every attempt that the log has, newest first, and where its time went. */
export function Attempts({ log }: { log: readonly Attempt[] }) {
  if (log.length === 0) return <div className="in small muted">{w.attempt.none}</div>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={w.attempt.caption}>
      <table className="t attempts">
        <caption className="sr">{w.attempt.caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="num">{w.attempt.no}</th>
            <th scope="col">{w.attempt.when}</th>
            <th scope="col">{w.attempt.outcome}</th>
            <th scope="col" className="num">{w.attempt.status}</th>
            <th scope="col">{w.attempt.time}</th>
            <th scope="col" className="num">{w.attempt.ms}</th>
            <th scope="col">{w.attempt.answer}</th>
          </tr>
        </thead>
        <tbody>
          {log.map((attempt) => (
            <AttemptRow key={`${attempt.at} ${attempt.number}`} attempt={attempt} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  const look = looks[attempt.outcome];
  const answer = attempt.response || said(attempt.error ?? "");
  const total = attempt.timings?.total_us;
  return (
    <tr>
      <td className="num muted">{attempt.number}</td>
      <td>
        <When at={attempt.at} />
      </td>
      <td>
        <span className={`c ${look.tone}`}>
          <Icon name={look.icon} />
          {w.state[attempt.outcome]}
        </span>
      </td>
      <td className="num">{attempt.code || "–"}</td>
      <td>{attempt.timings && <Timing timings={attempt.timings} />}</td>
      <td className="num">{total === undefined ? "–" : count(Math.round(total / 1000))}</td>
      <td className="soft" title={answer}>
        <bdi>{answer}</bdi>
      </td>
    </tr>
  );
}

const width = 132;
const gap = 1;

/** Where the time of one attempt went: name, connection, TLS, then the wait for the first byte. */
function Timing({ timings }: { timings: Schemas["Timings"] }) {
  const { dns_us = 0, connect_us = 0, tls_us = 0, first_byte_us = 0, total_us = 1 } = timings;
  // The first byte is timed from the start of the call.
  const waited = Math.max(first_byte_us - dns_us - connect_us - tls_us, 0);
  const parts = [
    { us: dns_us, className: "a" },
    { us: connect_us + tls_us, className: "b" },
    { us: waited, className: "d" },
  ];
  const whole = Math.max(total_us, parts.reduce((all, part) => all + part.us, 0), 1);
  let x = 0;
  const label = w.attempt.timing(milliseconds(dns_us), milliseconds(connect_us), milliseconds(tls_us), milliseconds(waited));
  return (
    <svg className="timing" width={width} height="8" role="img" aria-label={label}>
      {parts.map(({ us, className }) => {
        const size = Math.max((us / whole) * (width - 3 * gap), us > 0 ? 1 : 0);
        const at = x;
        x += size > 0 ? size + gap : 0;
        return size > 0 && <rect key={className} className={className} x={at} width={size} height="8" />;
      })}
    </svg>
  );
}
