// What cannot be undone asks once, and says what follows.
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import { TroubleNotice } from "./Notice";

interface AskProps {
  title: string;
  go: string;
  no: string;
  danger?: boolean;
  act(): Promise<unknown>;
  done(): void;
  close(): void;
  children: ReactNode;
}

export function Ask({ title, go, no, danger = true, act, done, close, children }: AskProps) {
  const acting = useMutation({ mutationFn: act, onSuccess: done });
  const footer = (
    <>
      <button type="button" className="b" onClick={close}>
        {no}
      </button>
      <button className={danger ? "b danger" : "b primary"} disabled={acting.isPending}>
        {go}
      </button>
    </>
  );
  return (
    <Dialog title={title} close={close} submit={() => acting.mutate()} footer={footer}>
      {children}
      {acting.error && <TroubleNotice error={acting.error} />}
    </Dialog>
  );
}
