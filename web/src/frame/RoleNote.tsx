import { Icon } from "../parts/Icon";
import { Notice } from "../parts/Notice";
import { w } from "../words/words";
import { may, type Matter } from "./roles";
import { useProfile } from "./session";

function useForbidden(matter: Matter) {
  const { data: person } = useProfile();
  return person && !may(person.role, matter) ? person : null;
}

/** Why a page has nothing to press. */
export function RoleNote({ of }: { of: Matter }) {
  const person = useForbidden(of);
  if (!person) return null;
  return <Notice tone="off" icon="lock" what={w.mayLook} meaning={w.mayLookMeans(w.role[person.role])} />;
}

/** The same as a line, where the buttons of a panel would stand. */
export function RoleLine({ of }: { of: Matter }) {
  const person = useForbidden(of);
  if (!person) return null;
  return (
    <span className="c off small" title={w.mayLookMeans(w.role[person.role])}>
      <Icon name="lock" />
      {w.mayLook}
    </span>
  );
}
