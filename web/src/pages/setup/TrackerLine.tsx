import { useMutation } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import { useMay } from "../../frame/may";
import { Copy } from "../../parts/Id";
import { TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";

const newKey = { name: "tracker", scope: "ingest" } as const;

/** The line for a tracker, with a key that is made here and shown once. */
export function TrackerLine() {
  const owner = useMay("keys");
  const making = useMutation({ mutationFn: () => take(api.POST("/api/admin/keys", { body: newKey })), gcTime: 0 });
  const key = making.data?.data.key;
  const url = `${location.origin}/api/postback?click_id={click_id}&affiliate_id={affiliate_id}&goal=registration&key=`;
  return (
    <>
      <div className="code wrap" data-secret>
        {url}
        <span className="v">{key ?? w.setup.key}</span> <Copy text={`${url}${key ?? ""}`} label={w.setup.copy} />
      </div>
      <div className="row wrap">
        {owner && !key && (
          <button type="button" className="b primary" disabled={making.isPending} onClick={() => making.mutate()}>
            {w.setup.makeKey}
          </button>
        )}
        <span className="small soft">{key ? w.setup.keyShown : owner ? w.setup.keyMeans : w.setup.askOwner}</span>
      </div>
      {making.error && <TroubleNotice error={making.error} />}
    </>
  );
}
