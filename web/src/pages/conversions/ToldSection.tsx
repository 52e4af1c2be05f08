import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client";
import { Bones, useLate } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Notice, TroubleNotice } from "../../parts/Notice";
import { w } from "../../words/words";
import { DeliveryCard } from "../deliveries/DeliveryCard";
import type { Conversion } from "./list";

/** What each network is owed of the conversion, and what came of it. */
export function ToldSection({ conversion }: { conversion: Conversion }) {
  const { click_id, goal_id, id } = conversion;
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["deliveries", "of", click_id, goal_id, conversion.rev],
    queryFn: () => take(api.GET("/api/admin/deliveries", { params: { query: { click_id, goal_id } } })),
    enabled: conversion.deliveries.length > 0,
    refetchInterval: 3_000,
  });
  const late = useLate(isPending && conversion.deliveries.length > 0);
  const deliveries = data?.data.filter((delivery) => delivery.conversion_id === id) ?? [];
  return (
    <section id="told">
      <h2>
        <Icon name="out" />
        {w.panel.told}
        <small>{w.panel.toldSmall}</small>
      </h2>
      <div className="stack">
        {conversion.deliveries.length === 0 && <Notice tone="off" icon="ban" what={w.panel.toldNone} />}
        {late && <Bones lines={2} />}
        {error && <TroubleNotice error={error} again={() => void refetch()} />}
        {deliveries.map((delivery) => (
          <DeliveryCard key={delivery.ref} delivery={delivery} open={delivery.state !== "done"} />
        ))}
      </div>
    </section>
  );
}
