// What the doctor finds (src/app/doctor.cc, doctor_content.cc), in German. The form of the rows is said_de.ts's, and the same test holds
// them against the program; they are of their own, as some of them ("{} by {}") would fit what others say.
import { phrasebook, type Phrase } from "./said";

export const doctorInGerman: readonly Phrase[] = [
  // What was looked at
  ["settings", "Einstellungen"],
  ["data", "Daten"],
  ["open files", "offene Dateien"],
  ["store", "Speicher"],
  ["goals", "Ziele"],
  ["network {}", "Netzwerk {}"],
  ["keys", "Schlüssel"],
  ["admins", "Admins"],
  ["deliveries", "Zustellungen"],
  // Settings
  ["{} by {}", "{} durch {!}"],
  ["{} by {}, {}", "{} durch {!}, {!}"],
  ["default", "Vorgabe"],
  ["flag", "Aufruf"],
  ["environment", "Umgebung"],
  ["the file", "die Datei"],
  ["{} in the environment is no setting", "{} in der Umgebung ist keine Einstellung"],
  ["correct or remove it", "berichtigen oder entfernen"],
  ["auth.ingest is open on an address that others reach", "auth.ingest ist offen, und zwar an einer Adresse, die andere erreichen"],
  ["set auth.ingest = \"key\", unless a firewall stands before it", "auth.ingest = \"key\" setzen, außer eine Firewall steht davor"],
  ["forms.trust_amounts lets any visitor name the sum of a deposit", "forms.trust_amounts lässt jeden Besucher die Summe einer Einzahlung nennen"],
  ["set it to false, unless the forms' callers are yours", "auf false setzen, außer die Formulare ruft nur eigenes auf"],
  // The directory, and open files
  ["{} is no directory", "{} ist kein Verzeichnis"],
  ["name another one with store.data", "mit store.data ein anderes nennen"],
  ["{} belongs to user {}, and this runs as {}: run it as that user (sudo -u {} barracuda …)", "{} gehört dem Benutzer {}, und das hier läuft als {}: als jener starten (sudo -u {} barracuda …)"],
  ["ask as the user that serves; if this is it, chown -R the directory", "als der Benutzer fragen, unter dem der Server läuft; ist es dieser, hilft chown -R auf das Verzeichnis"],
  ["{} is not writable for this user", "{} ist für diesen Benutzer nicht zu beschreiben"],
  ["its owner and mode (0700)", "Besitzer und Rechte (0700)"],
  ["{} is not there yet: serve makes it", "{} gibt es noch nicht: serve legt es an"],
  ["others may write to {} (mode {}): chmod go-w {}, or name a directory in it: that one is made for this user alone", "andere dürfen in {} schreiben (Rechte {}): chmod go-w {}, oder ein Verzeichnis darin nennen: das wird nur für diesen Benutzer angelegt"],
  ["nothing starts on it until then", "bis dahin startet darauf nichts"],
  ["others may look into {}", "andere können in {} hineinsehen"],
  ["{}: {} MiB free", "{}: {} MiB frei"],
  ["make room: a full disk stops all writes", "Platz schaffen: eine volle Platte hält alles Schreiben an"],
  ["make room soon", "bald Platz schaffen"],
  ["{} allowed, enough for the settings", "{} erlaubt, genug für die Einstellungen"],
  ["{} open files allowed, the settings ask for {}: {} connections of {}, {} calls to networks of {}", "{} offene Dateien erlaubt, die Einstellungen brauchen {}: {} von {} Verbindungen, {} von {} Aufrufen an Netzwerke"],
  ["raise the hard limit (ulimit -Hn, LimitNOFILE in a unit), or lower limits.connections", "die harte Grenze anheben (ulimit -Hn, LimitNOFILE in einer Unit) oder limits.connections senken"],
  // The store
  ["open in the running server", "im laufenden Server offen"],
  ["docs/operating/runbook.md has this line", "docs/operating/runbook.md hat diese Zeile"],
  ["accepted as lost (--accept-loss): {} {}, {} {}, last at {}", "als verloren hingenommen (--accept-loss): {} {!}, {} {!}, zuletzt um {}"],
  ["write", "Schreiben"],
  ["writes", "Schreiben"],
  ["time", "Mal"],
  ["times", "Mal"],
  ["nothing more, if who reported since the last backup has sent it again", "nichts weiter, wenn alles seit der letzten Sicherung Gemeldete noch einmal gesendet ist"],
  ["cannot be read: {}", "lässt sich nicht lesen: {!}"],
  ["see the store's own lines", "siehe, was der Speicher selbst dazu sagt"],
  ["an unfinished copy of {}", "eine unfertige Kopie von {!}"],
  ["another", "einem anderen"],
  ["barracuda migrate again: it goes on where it stopped", "noch einmal barracuda migrate: es geht weiter, wo es stehen blieb"],
  // Goals
  ["{} counts several times a click in the store, once in the settings", "{} zählt im Speicher mehrmals je Klick, in den Einstellungen einmal"],
  ["set repeatable = true for goal {}: there is no way back", "repeatable = true für Ziel {} setzen: einen Weg zurück gibt es nicht"],
  ["{} configured", "{} eingerichtet"],
  // Networks
  ["its address is no web address: {}", "seine Adresse ist keine Webadresse: {!}"],
  ["correct it", "berichtigen"],
  ["its public API {}", "seine öffentliche API {!}"],
  ["its private API {}", "seine private API {!}"],
  ["the name, or this machine's DNS", "den Namen prüfen, oder das DNS dieser Maschine"],
  ["{} is at {}, which deliveries may not reach", "{!} liegt bei {}, was Zustellungen nicht erreichen dürfen"],
  ["is it meant? Then network.allow_addresses", "ist das gewollt? Dann network.allow_addresses"],
  ["{} is also at {}, which deliveries may not reach", "{!} liegt auch bei {}, was Zustellungen nicht erreichen dürfen"],
  ["allow it, or take it out of DNS: an attempt that meets it fails", "erlauben oder aus dem DNS nehmen: ein Versuch, der darauf trifft, misslingt"],
  ["{} is called without encryption, with its secret", "{!} wird unverschlüsselt gerufen, mit seinem Geheimnis"],
  ["an https:// address", "eine https://-Adresse"],
  ["{} is at {}", "{!} liegt bei {}"],
  ["set it", "setzen"],
  ["there is no such file in the secrets' directory", "so eine Datei gibt es im Verzeichnis der Geheimnisse nicht"],
  ["the file is no plain file", "die Datei ist keine gewöhnliche Datei"],
  ["others may read the file: chmod 600", "andere können die Datei lesen: chmod 600"],
  ["the file cannot be read", "die Datei lässt sich nicht lesen"],
  ["the environment has no such variable", "die Umgebung hat keine solche Variable"],
  ["no reference to a secret", "kein Verweis auf ein Geheimnis"],
  ["it is empty", "es ist leer"],
  ["it is longer than 4 KiB or has control characters", "es ist länger als 4 KiB oder enthält Steuerzeichen"],
  ["after whsec_ it is no base64", "nach whsec_ ist es kein base64"],
  ["its address ranges are no ranges", "seine Adressbereiche sind keine Bereiche"],
  ["correct them", "berichtigen"],
  ["its range {} is not inside network.allow_addresses and does not count", "sein Bereich {} liegt nicht in network.allow_addresses und zählt nicht"],
  ["allow it in the settings, or take it out", "in den Einstellungen erlauben, oder herausnehmen"],
  ["a stored network stands in place of the settings' [network]", "ein gespeichertes Netzwerk steht anstelle von [network] der Einstellungen"],
  ["is it meant? Else DELETE /api/admin/networks/default, and the settings count again", "ist das gewollt? Sonst DELETE /api/admin/networks/default, dann gelten wieder die Einstellungen"],
  ["network.base_url is empty: what the forms and route 6 owe it waits and dies", "network.base_url ist leer: was die Formulare und Route 6 ihm schulden, wartet und stirbt"],
  ["set network.base_url and network.hash", "network.base_url und network.hash setzen"],
  ["network.hash is empty", "network.hash ist leer"],
  ["set it: the network asks for it", "setzen: das Netzwerk verlangt es"],
  ["network.private_api_token is empty", "network.private_api_token ist leer"],
  ["set it: the private API asks for it", "setzen: die private API verlangt es"],
  // Keys, admins, deliveries
  ["there is none: nobody can report", "es gibt keinen: niemand kann melden"],
  ["{} active", "{} gelten"],
  ["{} without a password that is accepted", "{} ohne ein Passwort, das angenommen wird"],
  ["there is none", "es gibt keinen"],
  ["the link that serve prints, or barracuda admin create", "der Verweis, den serve ausgibt, oder barracuda admin create"],
  ["{} can log in", "{} können sich anmelden"],
  ["some were refused for good", "einige sind endgültig verweigert"],
  ["barracuda deliveries list, then barracuda deliveries retry", "barracuda deliveries list, danach barracuda deliveries retry"],
  // What goes by its age
  ["retention", "Aufbewahrung"],
  ["contacts are older than retention.contacts_max_age", "Kontakte sind älter als retention.contacts_max_age"],
  ["conversions older than retention.conversions_personal_max_age still say their visitor", "Conversions, die älter als retention.conversions_personal_max_age sind, nennen noch ihren Besucher"],
  ["let a server run; its log says why it falls behind", "einen Server laufen lassen; sein Protokoll sagt, warum er nicht nachkommt"],
  ["what is older than the settings allow is erased", "was älter ist, als die Einstellungen erlauben, ist gelöscht"],
];

/** What a finding says, or what it is about; `said` for the errors of others within it. */
export function findsInGerman(said: (english: string) => string) {
  const book = phrasebook(doctorInGerman);
  const known = (text: string): string => book(text, known) ?? said(text);
  // A host or the name of a secret stands before what is said of it.
  return (text: string): string => {
    const whole = known(text);
    const [, of = "", rest = ""] = /^(\S+): (.*)$/su.exec(text) ?? [];
    return whole === text && rest ? `${of}: ${known(rest)}` : whole;
  };
}
