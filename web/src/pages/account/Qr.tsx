import { encode } from "uqr";
import { pathOf } from "./qr";

const border = 4; // as the standard wants it: scanners look for it

/** A QR code, drawn here from the text alone; dark on light in either theme, or no scanner reads it. */
export default function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border });
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={pathOf(data)} fill="#000" />
    </svg>
  );
}
