// What was just done: said for a few seconds, never asked.
import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  text: string;
}

const shownMs = 6000;
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function say(text: string): void {
  const toast = { id: ++last, text };
  set([...toasts, toast].slice(-3));
  setTimeout(() => set(toasts.filter(({ id }) => id !== toast.id)), shownMs);
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
