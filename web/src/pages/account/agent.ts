// A browser's own words for itself, in few of ours. It is for its owner to recognise, nothing is decided by it.
const browsers: readonly [RegExp, string][] = [
  [/Edg(?:A|iOS)?\/(\d+)/, "Edge"],
  [/OPR\/(\d+)/, "Opera"],
  [/(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/Version\/(\d+).*Safari/, "Safari"],
];
const systems: readonly [RegExp, string][] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** "Firefox 152, Linux"; what is no browser stands as it came. */
export function browserOf(agent: string | null): string | null {
  if (agent === null) return null;
  const browser = browsers.find(([pattern]) => pattern.test(agent));
  if (!browser) return agent;
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
  const name = `${browser[1]} ${browser[0].exec(agent)?.[1]}`;
  return system ? `${name}, ${system}` : name;
}
