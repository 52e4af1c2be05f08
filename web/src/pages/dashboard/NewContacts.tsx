import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client";
import { count } from "../../format";
import { When } from "../../parts/When";
import { w } from "../../words/words";

const rows = 5;

/** Who wrote last. */
export function NewContacts() {
  const { data } = useQuery({
    queryKey: ["contacts", "newest"],
    queryFn: () => take(api.GET("/api/admin/contacts", { params: { query: { limit: rows } } })),
  });
  if (!data) return null;
  return (
    <section className="card">
      <header>
        <h2>{w.dashboard.newContacts}</h2>
        <span className="push small muted">{w.dashboard.contactsThisMonth(count(data.stats.thisMonth))}</span>
      </header>
      <ul className="todo">
        {data.data.map((contact) => (
          <li key={contact.id}>
            <Link href={`/contacts?${new URLSearchParams({ open: contact.id })}`}>
              <span className="face" aria-hidden="true">
                {[...(contact.name || contact.email)][0]?.toUpperCase()}
              </span>
              <span className="cut">
                <b>
                  <bdi>{contact.name || contact.email}</bdi>
                </b>
                <small className="cut">
                  <bdi>{[contact.type, contact.company].filter(Boolean).join(" · ")}</bdi>
                </small>
              </span>
              <span className="small muted">
                <When at={contact.createdAt} />
              </span>
              <span />
            </Link>
          </li>
        ))}
      </ul>
      {data.data.length === 0 ? (
        <p className="in soft small">{w.contacts.emptyMeans}</p>
      ) : (
        <footer>
          <Link href="/contacts">{w.dashboard.allContacts(count(data.stats.total))}</Link>
        </footer>
      )}
    </section>
  );
}
