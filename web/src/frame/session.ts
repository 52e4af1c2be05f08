// Who is signed in. A call that is answered 401 anywhere ends it, and the page asks to sign in.
import { QueryClient, QueryCache, MutationCache, useQuery } from "@tanstack/react-query";
import { api, take, type Schemas } from "../api/client";
import { Trouble } from "../api/trouble";
import { language } from "../words/words";
import { adopt, keeper, keptLanguage, type Preferences } from "./preferences";

export type Person = Schemas["Profile"]["data"];

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

// With the account, one save after the other. What is not saved is still kept by this browser.
let saving: Promise<unknown> = Promise.resolve();
function keepLikes({ language: chosen, ...likes }: Preferences): void {
  const person = queries.getQueryData<Person | null>(profileKey);
  if (!person) return;
  const preferences = { ...person.preferences, ...likes, ...(chosen ? { language: chosen } : {}) };
  queries.setQueryData(profileKey, { ...person, preferences });
  // `keepalive`: the page may be loaded anew at once, for another language.
  saving = saving.then(() => take(api.PUT("/api/admin/auth/profile", { body: preferences, keepalive: true }))).catch(() => undefined);
}

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
