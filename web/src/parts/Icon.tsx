import { drawings } from "./drawings";

export type IconName = keyof typeof drawings;

/** An icon says nothing by itself: the word beside it does, or the label of its button. */
export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  return (
    <svg className={small ? "i i-s" : "i"} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}

export function Fish() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path
        fill="currentColor"
        d="M30.6 15.9c-4.900-3.600-10-5.100-15.200-4.600-3 .3-5.700 1.300-8 3L2 9.700c.7 2.200 1 4.300 1 6.300s-.3 4.100-1 6.300l5.400-4.600c2.300 1.700 5 2.700 8 3 5.200.5 10.300-1 15.200-4.800z"
      />
      <path
        fill="currentColor"
        opacity=".55"
        d="M13.500 10.200c1.200-2.300 3.200-3.700 6-4.200-.5 1.600-.3 3.100.8 4.500-2.200-.4-4.500-.5-6.800-.3zM14.400 21.800c1 1.900 2.600 3.100 4.900 3.600-.5-1.300-.4-2.500.4-3.700-1.800.2-3.500.3-5.300.1z"
      />
      <circle cx="24.600" cy="14.900" r="1" fill="light-dark(#fff,#0c0f14)" />
    </svg>
  );
}
