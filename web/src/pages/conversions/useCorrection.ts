import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client";
import { say } from "../../parts/toasts";
import { w } from "../../words/words";
import { saysTheSame, thereIn, type Change } from "./correction";
import type { Conversion } from "./list";

async function patch(id: string, change: Change, reason: string, rev: number): Promise<Conversion> {
  const body = { ...change, rev, ...(reason ? { reason } : {}) };
  return (await take(api.PATCH("/api/admin/conversions/{id}", { params: { path: { id } }, body }))).data;
}

/** Corrects what was `seen`. Where only a network answered meanwhile it is still what was seen, and is corrected all the same. */
async function correct(seen: Conversion, change: Change, reason: string): Promise<Conversion> {
  try {
    return await patch(seen.id, change, reason, seen.rev);
  } catch (error) {
    const there = thereIn(error);
    if (!there || !saysTheSame(there, seen)) throw error;
    return patch(seen.id, change, reason, there.rev);
  }
}

/** One correction from question to answer; `there` is set where somebody was faster, and the next try is of that. */
export function useCorrection(opened: Conversion, close: () => void) {
  const queries = useQueryClient();
  const [there, setThere] = useState<Conversion | null>(null);
  const mutation = useMutation({
    mutationFn: ({ change, reason }: { change: Change; reason: string }) => correct(there ?? opened, change, reason),
    onSuccess: () => {
      say(w.done.saved);
      void queries.invalidateQueries();
      close();
    },
    onError: (error) => {
      const now = thereIn(error);
      if (!now) return;
      setThere(now);
      void queries.invalidateQueries({ queryKey: ["conversions"] });
    },
  });
  return { ...mutation, there, trouble: thereIn(mutation.error) ? null : mutation.error };
}
