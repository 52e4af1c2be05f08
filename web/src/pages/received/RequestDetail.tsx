import { Link } from "wouter";
import { count } from "../../format";
import { w } from "../../words/words";
import { Decision } from "../conversions/WhySection";
import type { Request } from "./Received";

/** Why one request was answered as it was, and what it said otherwise than the ledger. */
export function RequestDetail({ request }: { request: Request }) {
  const { click_id, by } = request;
  return (
    <div className="page halves">
      <div className="stack">
        <h2 className="small strong">{w.received.decision}</h2>
        <Decision request={request} />
        <p className="small soft">{w.received.answered(String(request.status), count(request.took_ms))}</p>
      </div>
      <div className="stack">
        {request.conflicts && request.conflicts.length > 0 && <Differences conflicts={request.conflicts} />}
        <p className="row wrap small">
          {click_id && <Link href={`/conversions?${new URLSearchParams({ search: click_id })}`}>{w.received.openConversion}</Link>}
          {click_id && <Link href={`/received?${new URLSearchParams({ click_id })}`}>{w.received.ofClick}</Link>}
          {by && <Link href={`/received?${new URLSearchParams({ by })}`}>{w.received.ofBy(by)}</Link>}
        </p>
        {request.address && (
          <dl className="facts small">
            <dt>{w.received.address}</dt>
            <dd className="mono">
              <bdi>{request.address}</bdi>
            </dd>
          </dl>
        )}
      </div>
    </div>
  );
}

function Differences({ conflicts }: { conflicts: NonNullable<Request["conflicts"]> }) {
  return (
    <>
      <h2 className="small strong">{w.received.differs}</h2>
      <div className="card">
        <table className="t">
          <caption className="sr">{w.received.differs}</caption>
          <thead>
            <tr>
              <th scope="col">{w.received.field}</th>
              <th scope="col" className="num">{w.received.stored}</th>
              <th scope="col" className="num">{w.received.said}</th>
            </tr>
          </thead>
          <tbody>
            {conflicts.map(({ field, stored, given }) => (
              <tr key={field}>
                <td>{field}</td>
                <td className="num">
                  <bdi>{stored ?? "–"}</bdi>
                </td>
                <td className="num">
                  <b>
                    <bdi>{given ?? "–"}</bdi>
                  </b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
