// Who is signed in. A call that is answered 401 anywhere ends it, and the page asks to sign in.
import { QueryClient, QueryCache, MutationCache, useQuery } from "@tanstack/react-query";
import { api, take, type Schemas } from "../api/client";
import { Trouble } from "../api/trouble";
import { language } from "../words/words";
import type { View } from "./views";
import { adopt, keeper, keptLanguage, type Preferences } from "./preferences";

export type Person = Schemas["Profile"]["data"];
type Kept = Person["preferences"];

const profileKey = ["profile"];
const triesMax = 2;

/** Whether somebody was signed in until a moment ago. */
export let sessionEnded = false;

const onError = (error: unknown) => {
  if (!(error instanceof Trouble && error.signedOut)) return;
  sessionEnded ||= Boolean(queries.getQueryData(profileKey));
  queries.setQueryData(profileKey, null);
};

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the API refuses it refuses again; only what did not come through is tried once more.
      retry: (tries, error) => tries < triesMax && error instanceof Trouble && (error.status === 0 || error.status === 503),
      retryDelay: 500,
      refetchOnWindowFocus: true,
    },
  },
});

/** null: nobody is signed in; undefined: not known yet. */
export function useProfile() {
  return useQuery({
    queryKey: profileKey,
    queryFn: async (): Promise<Person | null> => {
      try {
        return await fetchProfile();
      } catch (error) {
        if (error instanceof Trouble && error.signedOut) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
}

async function fetchProfile(): Promise<Person> {
  const person = (await take(api.GET("/api/admin/auth/profile"))).data;
  keeper.keep = keepLikes;
  adopt(person.preferences as Partial<Preferences>);
  speakAsLiked();
  return person;
}

// With the account, one save after the other, each of what it has by then: another tab may have saved too.
let saving: Promise<unknown> = Promise.resolve();
function save(change: (kept: Kept) => Kept): Promise<void> {
  const path = "/api/admin/auth/profile";
  const saved = saving.then(async () => {
    const { preferences } = (await take(api.GET(path))).data;
    const person = (await take(api.PUT(path, { body: change(preferences), keepalive: true }))).data;
    // Whoever has signed out meanwhile stays out.
    queries.setQueryData<Person | null>(profileKey, (now) => (now?.id === person.id ? person : now));
  });
  saving = saved.catch(() => undefined);
  return saved;
}

// What is not saved is still kept by this browser.
function keepLikes({ language: chosen, tz, ...likes }: Preferences): void {
  const changed = (kept: Kept): Kept => {
    const { tz: _, ...others } = kept;
    return { ...others, ...likes, ...(tz ? { tz } : {}), ...(chosen ? { language: chosen } : {}) };
  };
  save(changed).catch(() => undefined);
}

/** When all that somebody likes is with the account, or cannot be. */
export const likesSaved = (): Promise<unknown> => saving;

/** Changes the views kept with the account. */
export const keepViews = (change: (views: readonly View[]) => View[]): Promise<void> => save((kept) => ({ ...kept, views: change(kept.views ?? []) }));

// Every word on the page is another one; only where the browser keeps the choice, or it would load for ever.
function speakAsLiked(): void {
  const liked = keptLanguage();
  if (liked && liked !== language) location.reload();
}

/** A session was opened: its cookie is there, and the desk is somebody's. */
export const signedIn = async (): Promise<void> => become(await fetchProfile());

/** What of the person changed by her own hand is asked for anew. */
export const profileChanged = (): Promise<void> => queries.invalidateQueries({ queryKey: profileKey });

// What somebody else has seen is forgotten; who is signed in is watched, and only changed.
function become(person: Person | null): void {
  if (!person) keeper.keep = null;
  sessionEnded = false;
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== profileKey[0] });
  queries.setQueryData(profileKey, person);
}

export async function signOut(): Promise<void> {
  try {
    await take(api.POST("/api/admin/auth/logout"));
  } catch (error) {
    if (!(error instanceof Trouble && error.signedOut)) throw error;
  }
  become(null);
}
