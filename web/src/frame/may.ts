import { may, type Matter } from "./roles";
import { useProfile } from "./session";

/** Whether who is signed in may change something of it. */
export function useMay(matter: Matter): boolean {
  const { data: person } = useProfile();
  return person ? may(person.role, matter) : false;
}
