// A secret that is shown once: copied by a button, and gone with the dialog.
import { Dialog } from "./Dialog";
import { Copy } from "./Id";
import { Notice } from "./Notice";

interface OnceProps {
  title: string;
  means: string;
  text: string;
  copy: string;
  done: string;
  close(): void;
}

export function Once({ title, means, text, copy, done, close }: OnceProps) {
  return (
    <Dialog title={title} close={close} submit={close} footer={<button className="b primary">{done}</button>}>
      <Notice tone="wait" what={means} />
      <div className="code wrap" data-secret>
        <span>{text}</span> <Copy text={text} label={copy} />
      </div>
    </Dialog>
  );
}
