import { useEffect, useId, useRef, type FormEvent, type ReactNode } from "react";

interface DialogProps {
  title: string;
  close(): void;
  children: ReactNode;
  footer: ReactNode;
  submit?(): void;
}

/** A question that takes the page: Escape and its "no" leave everything as it was. */
export function Dialog({ title, close, children, footer, submit }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit?.();
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={close} onCancel={close}>
      <form onSubmit={onSubmit}>
        <header>
          <h2 id={heading}>{title}</h2>
        </header>
        <div className="in">{children}</div>
        <footer>{footer}</footer>
      </form>
    </dialog>
  );
}
