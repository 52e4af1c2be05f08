import { describe, expect, it, vi } from "vitest";
import { learn, phrasebook, said, type Phrase } from "./said";
import { saidInGerman } from "./said_de";
import { tellsInGerman } from "./timeline_de";
import { speak, w } from "./words";

vi.stubGlobal("document", { documentElement: { lang: "" } });

describe("what the API says", () => {
  it("is shown as it is where nothing else is known", async () => {
    learn(null);
    expect(said("status is required")).toBe("status is required");
    await speak("de");
    expect(["a new way to be wrong", "", "DELETE FROM {}", "(.+?)"].map(said)).toEqual(["a new way to be wrong", "", "DELETE FROM {}", "(.+?)"]);
  });
  it("is German, with the field before it and what the program filled in", async () => {
    await speak("de");
    expect(said("status is required")).toBe("status wird gebraucht");
    expect(said("postback.url: the host is missing")).toBe("postback.url: der Host fehlt");
    expect(said("postback.url at 0: expected http:// or https:// at the beginning")).toBe("postback.url, Stelle 0: erwartet: http:// oder https:// am Anfang");
    expect(said("source is longer than 4096 bytes")).toBe("source ist länger als 4096 Bytes");
    expect(said("status must be pending, approved or rejected")).toBe("status muss pending, approved oder rejected sein");
    expect(said("{sig} and {secret} need a secret to be named")).toContain("brauchen ein genanntes Geheimnis");
    expect(said("goal_tpye is no field of this call; did you mean goal_type?")).toBe("goal_tpye ist kein Feld dieses Aufrufs; meinten Sie goal_type?");
    expect(said("the network is stopped: it answered 410 (gone)")).toBe("das Netzwerk ist angehalten: es antwortete 410 (weg)");
  });
  it("says words of its own too, and a caller's as they came", async () => {
    await speak("de");
    expect(said("status moves to approved")).toBe("der Status wird bestätigt");
    expect(said("owes goal_postback to north")).toBe("schuldet Ziel-Postback an north");
    expect(said("stored already, provenance form")).toBe("schon gespeichert, gesagt von: Formular");
    expect(said('there is no network "approved"')).toBe("es gibt kein Netzwerk „approved“");
  });
  it("goes by the phrase that says most itself", () => {
    const phrases: Phrase[] = [["must be {}", "a {}"], ["must be {} or {}", "b {} {}"], ["must be x or {}", "c {}"]];
    const of = phrasebook(phrases);
    expect(["must be 1", "must be 1 or 2", "must be x or 2", "must be"].map((text) => of(text, (word) => word))).toEqual(["a 1", "b 1 2", "c 2", null]);
  });
  it("has a phrase once, and is quick with a text that fits none", () => {
    expect(new Set(saidInGerman.map(([english]) => english)).size).toBe(saidInGerman.length);
    const begun = performance.now();
    expect(said("must be, ".repeat(300))).toContain("must be");
    expect(performance.now() - begun).toBeLessThan(200);
  });
});

describe("the doctor", () => {
  const finds = (text: string) => w.status.finds(text);
  it("is German with what stands within, and its words are no others'", async () => {
    await speak("de");
    expect(finds("network north")).toBe("Netzwerk north");
    expect(finds("52 by default, 1 by flag")).toBe("52 durch Vorgabe, 1 durch Aufruf");
    expect(finds("40 by default, 2 by environment, 3 by the file")).toBe("40 durch Vorgabe, 2 durch Umgebung, 3 durch die Datei");
    expect(finds("/var/lib/barracuda: 512 MiB free")).toBe("/var/lib/barracuda: 512 MiB frei");
    expect(finds("its public API a.example:443 is at 192.0.2.1, which deliveries may not reach")).toBe("seine öffentliche API a.example:443 liegt bei 192.0.2.1, was Zustellungen nicht erreichen dürfen");
    expect(finds("its private API a.example:443 is at 203.0.113.1:443")).toBe("seine private API a.example:443 liegt bei 203.0.113.1:443");
    expect(finds("a.example:443: the host a.example does not resolve: no answer within 5 s")).toBe("a.example:443: der Host a.example lässt sich nicht auflösen: keine Antwort in 5 s");
    expect(finds("env:BARRACUDA_SECRET_A: the environment has no such variable")).toBe("env:BARRACUDA_SECRET_A: die Umgebung hat keine solche Variable");
    expect(finds("accepted as lost (--accept-loss): 1 write, 2 times, last at 2026-01-01T00:00:00Z")).toBe("als verloren hingenommen (--accept-loss): 1 Schreiben, 2 Mal, zuletzt um 2026-01-01T00:00:00Z");
    expect(finds("a new thing to find")).toBe("a new thing to find");
    expect(said("changed by somebody")).toBe("changed by somebody");
    expect(said("settings")).toBe("settings");
  });
  it("of a text that refers to itself ends", async () => {
    await speak("de");
    expect(finds("a: ".repeat(5000)).length).toBe(15_000);
    expect(finds(`1${" by x, 1".repeat(300)} by default`)).toContain("Vorgabe");
  });
});

describe("a timeline", () => {
  const tells = (kind: string, facts: Record<string, string>, text = "as the API says it") => w.contacts.tells({ kind, facts, text });
  it("is German by its facts", async () => {
    await speak("de");
    expect(tells("conversion", { goal_type: "deposit", goal_id: "6", amount: "25", currency: "USD", status: "pending", provenance: "reported" })).toBe("Einzahlung, Ziel 6, 25 USD, offen (gemeldet)");
    expect(tells("delivery", { kind: "postback", network: "north", state: "dead", attempts: "3", code: "500", error: "no reply within 9000 ms" })).toBe("Postback an north: tot, 3 Versuche, HTTP 500: keine Antwort in 9000 ms");
    expect(tells("flow", { step: "registration", attempts: "1", error: "timeout" })).toBe("nächster Schritt: die Registrierung wird gemeldet, 1 Versuch ohne Erfolg: timeout");
    expect(tells("change", { field: "amount", from: "25", to: "30", by: "admin:e" })).toBe("amount: 25 zu 30, von admin:e");
    expect(tells("edit", { status: "new" })).toBe("zuletzt geändert: Status new");
    expect(tells("contact", { route: "contact", type: "affiliate" })).toBe("das Formular wurde ausgefüllt: contact, als affiliate");
    expect(tells("erasure", {})).toBe("die Person wurde gelöscht");
  });
  it("of a kind that is not known is what the API says", () => {
    expect(tells("parade", {})).toBe("as the API says it");
    expect(tellsInGerman({ state: {}, goalType: {}, provenance: {}, deliveryKind: {}, steps: {} }, (text) => text)({ kind: "change", facts: {}, text: "" })).toContain("nichts zu nichts");
  });
});
