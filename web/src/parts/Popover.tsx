import { useId, useRef, type ReactNode, type ToggleEvent } from "react";

const gap = 4;

interface PopoverProps {
  button: ReactNode;
  buttonClass: string;
  label?: string;
  className?: string;
  children(close: () => void): ReactNode;
}

/** What a button opens beside itself; a click elsewhere or Escape closes it. */
export function Popover({ button, buttonClass, label, className = "", children }: PopoverProps) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => box.current?.hidePopover();
  const place = (event: ToggleEvent) => {
    if (event.newState === "open" && anchor.current && box.current) placeBeside(anchor.current, box.current);
  };
  return (
    <>
      <button ref={anchor} type="button" className={buttonClass} popoverTarget={id} aria-label={label}>
        {button}
      </button>
      <div ref={box} id={id} popover="auto" className={`pop ${className}`} onToggle={place}>
        {children(close)}
      </div>
    </>
  );
}

// Below the button, or above it where there is more room; never beyond the window's edges.
function placeBeside(anchor: HTMLElement, box: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(gap, Math.min(from.left, innerWidth - width - gap));
  const below = from.bottom + gap;
  const fits = below + height <= innerHeight || from.top < innerHeight - from.bottom;
  box.style.left = `${left}px`;
  box.style.top = `${Math.max(gap, fits ? below : from.top - gap - height)}px`;
}
