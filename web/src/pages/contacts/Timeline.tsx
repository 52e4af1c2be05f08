import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { api, take, type Schemas } from "../../api/client";
import { Bones, useLate } from "../../parts/Empty";
import { Icon, type IconName } from "../../parts/Icon";
import { TroubleNotice } from "../../parts/Notice";
import { When } from "../../parts/When";
import { w } from "../../words/words";

type Item = Schemas["ContactTimeline"]["data"]["items"][number];
type Kind = Item["kind"];

const icons: Record<Kind, IconName> = { contact: "plus", edit: "pen", flow: "clock", conversion: "conv", change: "pen", delivery: "out", erasure: "ban" };

/** What became of the person, newest first. */
export function Timeline({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["contacts", "timeline", id],
    queryFn: () => take(api.GET("/api/admin/contacts/{id}/timeline", { params: { path: { id } } })),
  });
  const late = useLate(isPending);
  const timeline = data?.data;
  return (
    <section aria-label={w.contacts.timeline}>
      <h2>
        <Icon name="clock" />
        {w.contacts.timeline}
        <small>{w.contacts.timelineSmall}</small>
      </h2>
      {late && <Bones lines={4} />}
      {error && <TroubleNotice error={error} again={() => void refetch()} />}
      {timeline && (
        <ol className="steps">
          {timeline.items.map((item, index) => (
            <Step key={index} item={item} />
          ))}
          {!timeline.complete && (
            <li>
              <Icon name="more" />
              {w.contacts.timelineMore}
            </li>
          )}
        </ol>
      )}
    </section>
  );
}

function Step({ item }: { item: Item }) {
  return (
    <li>
      <Icon name={icons[item.kind]} />
      <b>
        <ToIt item={item}>{w.contacts.timelineKind[item.kind]}</ToIt>
      </b>{" "}
      <When at={item.at} />
      <p className="small">
        <bdi>{w.contacts.tells(item)}</bdi>
      </p>
    </li>
  );
}

// A conversion, and what was changed or told of it, opens there; a delivery's id begins with its conversion's.
function ToIt({ item, children }: { item: Item; children: ReactNode }) {
  if (item.kind !== "conversion" && item.kind !== "change" && item.kind !== "delivery") return children;
  const [conversion = item.id] = item.id.split("-");
  return <Link href={`/conversions?${new URLSearchParams({ open: conversion })}`}>{children}</Link>;
}
