import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { useFreshBy } from "../../api/live";
import { PageBar } from "../../frame/Shell";
import { Bones, useLate } from "../../parts/Empty";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import { useNetworks } from "../deliveries/NetworkCards";
import { ByDay } from "./ByDay";
import { ByStatus } from "./ByStatus";
import { Figures } from "./Figures";
import { Latest } from "./Latest";
import { NetworkTrouble } from "./NetworkTrouble";
import { NewContacts } from "./NewContacts";
import { Todo } from "./Todo";
import { TopAffiliates } from "./TopAffiliates";

const freshEveryMs = 15_000;

/** Where nothing was ever recorded: what would, and the way there. */
function NothingYet() {
  return (
    <Notice
      tone="news"
      icon="conv"
      what={w.conversions.empty}
      meaning={w.conversions.emptyMeans}
      todo={
        <Link className="b small" href="/first-start">
          {w.conversions.emptyGo}
        </Link>
      }
    />
  );
}

/** How it is going, and what must be done now. */
export default function Dashboard() {
  const stats = useQuery({ queryKey: ["conversions", "stats"], queryFn: () => take(api.GET("/api/admin/conversions/stats")), refetchInterval: freshEveryMs });
  const networks = useNetworks();
  useFreshBy("conversion", ["conversions", "stats"]);
  useFreshBy("network", ["networks"]);
  const late = useLate(stats.isPending);
  const data = stats.data?.data;
  return (
    <>
      <PageBar title={w.nav.dashboard} />
      <div className="page">
        <NetworkTrouble networks={networks.data?.data ?? []} />
        {stats.error && <TroubleNotice error={stats.error} again={() => void stats.refetch()} />}
        {late && <Bones lines={6} />}
        {data?.total === 0 && <NothingYet />}
        {data && <Figures stats={data} />}
        <div className="cols">
          <div className="stack gap">
            <ByDay />
            {data && <ByStatus stats={data} />}
            {data && <TopAffiliates stats={data} />}
          </div>
          <div className="stack gap">
            <Todo networks={networks.data?.data ?? []} stats={data} />
            <Latest />
            <NewContacts />
          </div>
        </div>
      </div>
    </>
  );
}
