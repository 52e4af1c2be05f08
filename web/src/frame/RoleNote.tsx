import { Notice } from "../parts/Notice";
import { w } from "../words/words";
import { useProfile } from "./session";

/** Whether who is signed in may change the team and the keys. The server says so too, of each call. */
export const useIsOwner = (): boolean => useProfile().data?.role === "owner";

/** Why there is nothing to press. */
export function RoleNote() {
  const { data: person } = useProfile();
  if (!person || person.role === "owner") return null;
  return <Notice tone="off" icon="lock" what={w.mayLook} meaning={w.mayLookMeans(w.role[person.role])} />;
}
