#include "site/languages.h"

namespace barracuda::site {

constexpr Words kTable{
    .tag = "de",
    .name = "Deutsch",
    .page_title = "Arbeiten Sie mit uns",
    .skip = "Zum Formular",
    .how = "So geht es",
    .questions = "Fragen",
    .sign_in = "Anmelden",
    .privacy = "Datenschutz",
    .imprint = "Impressum",
    .main = "Hauptmenü",
    .languages = "Sprachen",
    .headline = {"Jeder Abschluss zählt einmal.", "Jeder Partner erfährt es."},
    .lead =
        "Wir zahlen für Ergebnisse, also muss die Zählung stimmen. Schicken Sie Besucher, sehen "
        "Sie jede Conversion binnen einer Sekunde und wissen Sie jederzeit, warum sie zählt und "
        "warum nicht.",
    .promises =
        {{{"Nie doppelt, nie verloren.",
           "Eine Meldung, die spät, zweimal oder im selben Augenblick kommt, ist ein Abschluss."},
          {"Ihr Postback, bis es ankommt.",
           "Tagelang wieder versucht, mit einer Kennung bei jedem Versuch."},
          {"Eine Antwort auf jedes „Warum“.",
           "Jede Zahl lässt sich bis zu der Anfrage öffnen, aus der sie entstand."}}},
    .how_title = "Der Weg eines Abschlusses",
    .steps =
        {{{"Er kommt an, vielleicht zweimal",
           "Ein Tracker, ein Server oder ein Formular meldet ihn. Netzwerke wiederholen sich, das "
           "ist in Ordnung."},
          {"Er wird einmal gebucht",
           "Auf der Platte, bevor wir antworten. Die zweite Meldung erfährt, dass sie eine ist, "
           "und "
           "warum."},
          {"Sie erfahren es",
           "Ihr Postback wird gerufen, bis es antwortet. Steht Ihr Server, dann wartet es auf "
           "ihn."}}},
    .example =
        {.recorded = "Gebucht",
         .duplicate = "Doppelt",
         .no_change = "nichts ändert sich",
         .accepted = "Angenommen",
         .retried = "Wieder versucht",
         .yours = "Ihr Tracker",
         .other = "Ihr anderer",
         .later = "in 5 min"},
    .questions_title = "Was Partner fragen",
    .answers =
        {{{"Unsere Zahlen weichen ab. Was nun?",
           "Schicken Sie uns die Klick-ID. Wir zeigen Ihnen die Anfrage, wie sie kam, was "
           "entschieden wurde und warum, und jeden Aufruf bei Ihnen: mit Zeit, Status und Ihrer "
           "eigenen Antwort."},
          {"Wie schnell sehe ich eine Conversion?",
           "Binnen einer Sekunde. Es gibt keine stündlichen Einspielungen."},
          {"Was geschieht, während mein Server steht?",
           "Wir warten, fragen nach und senden, was fällig ist, sobald er antwortet: mit derselben "
           "Kennung wie zuvor, damit Sie eine Wiederholung erkennen."},
          {"Kann sich ein bestätigter Abschluss ändern?",
           "Wer ihn gemeldet hat, kann ihn zurücknehmen, und ein Mensch kann ihn berichtigen. Jede "
           "Änderung bleibt festgehalten, mit wem und wann."}}},
    .form =
        {.heading = "Arbeiten Sie mit uns",
         .promise = "Sagen Sie uns, wer Sie sind. Wir antworten per E-Mail.",
         .i_am = "Ich bin",
         .name = "Name",
         .company = "Firma",
         .company_hint = "falls es eine gibt",
         .email = "E-Mail",
         .message = "Woher kommen Ihre Besucher?",
         .optional = "freiwillig",
         .message_hint = "Länder, Quellen, was Sie jetzt bewerben",
         .send = "Senden",
         .keep = "Wir bewahren dies auf, um Ihnen zu antworten, und löschen es, wenn Sie es sagen.",
         .types =
             {{{"affiliate", "Affiliate"},
               {"publisher", "Publisher"},
               {"advertiser", "Werbekunde"},
               {"influencer", "Influencer"},
               {"media_buyer", "Media-Einkäufer"},
               {"agency", "Agentur"}}}},
    .trouble =
        {.wrong = "Nicht gesendet",
         .email_missing = "Wir brauchen eine Adresse, um Ihnen zu antworten.",
         .email_wrong = "Das ist keine E-Mail-Adresse wie name@mail.example.",
         .email_taken =
             "Diese Adresse hat uns schon geschrieben. Was Sie damals sandten, haben wir.",
         .type_wrong = "Wählen Sie eines davon.",
         .too_long = "Das ist zu lang: höchstens 4.096 Byte, etwa 4.000 Buchstaben.",
         .unreadable = "Darin stehen Zeichen, die nicht aufbewahrt werden können.",
         .foreign =
             "Das Formular kam von einer anderen Seite, gespeichert wurde nichts. Senden Sie "
             "es von hier.",
         .too_many =
             "Von Ihrer Adresse kommt gerade zu viel. Warten Sie eine Minute und senden Sie "
             "es wieder.",
         .not_now =
             "Es ließ sich gerade nicht speichern. Verloren ist nichts: senden Sie es wieder.",
         .unfit = "Das Formular kam nicht so an, wie diese Seite es sendet, gespeichert wurde "
                  "nichts."},
    .thanks_title = "Danke",
    .thanks_back = "Zurück zur Seite",
    .affiliate_message = "Ihre Bewerbung ist eingegangen.",
    .affiliate_note = "Sie wird geprüft, und wir melden uns.",
    .message = "Ihre Anmeldung ist vollständig.",
    .note = "Wir melden uns.",
};
const Words kGerman = kTable;

}  // namespace barracuda::site
