#include "site/languages.h"

namespace barracuda::site {

constexpr Words kTable{
    .tag = "en",
    .name = "English",
    .page_title = "Work with us",
    .skip = "Skip to the form",
    .how = "How it works",
    .questions = "Questions",
    .sign_in = "Sign in",
    .privacy = "Privacy",
    .imprint = "Imprint",
    .main = "Main",
    .languages = "Languages",
    .headline = {"Every sale counted once.", "Every partner told."},
    .lead =
        "We pay for results, so the count has to be right. Send traffic, see each conversion "
        "within a second, and know at any time why it counts or why it does not.",
    .promises =
        {{{"Never twice, never lost.",
           "A report that comes late, twice or at the same moment is one sale."},
          {"Your postback, until it arrives.",
           "Tried again for days, with one id on every attempt."},
          {"An answer to every “why”.", "Each number opens down to the request that made it."}}},
    .how_title = "How a sale travels",
    .steps =
        {{{"It comes in, perhaps twice",
           "A tracker, a server or a form reports it. Networks repeat themselves; that is fine."},
          {"It is recorded once",
           "On disk before we answer. The second report is told that it is one, and why."},
          {"You are told",
           "Your postback is called until it answers. If your server is down, it waits for it."}}},
    .example =
        {.recorded = "Recorded",
         .duplicate = "Duplicate",
         .no_change = "nothing changes",
         .accepted = "Accepted",
         .retried = "Retried",
         .yours = "your tracker",
         .other = "your other one",
         .later = "in 5 min"},
    .questions_title = "Questions partners ask",
    .answers =
        {{{"Our numbers differ from yours. What now?",
           "Send us the click id. We show you the request as it came in, what was decided and why, "
           "and every call we made to you: with time, status and your own answer."},
          {"How fast do I see a conversion?", "Within a second. There are no hourly imports."},
          {"What happens while my server is down?",
           "We wait, probe it, and send what is due when it answers: with the same id as before, "
           "so "
           "you can tell a repeat."},
          {"Can a confirmed sale change?",
           "Whoever reported it may take it back, and a person may correct it. Each change is kept "
           "with who made it, and when."}}},
    .form =
        {.heading = "Work with us",
         .promise = "Tell us who you are. We answer by e-mail.",
         .i_am = "I am",
         .name = "Name",
         .company = "Company",
         .company_hint = "if there is one",
         .email = "E-mail",
         .message = "Where do you send traffic from?",
         .optional = "optional",
         .message_hint = "Countries, sources, what you promote now",
         .send = "Send",
         .keep = "We keep this to answer you, and delete it when you say so.",
         .types =
             {{{"affiliate", "an affiliate"},
               {"publisher", "a publisher"},
               {"advertiser", "an advertiser"},
               {"influencer", "an influencer"},
               {"media_buyer", "a media buyer"},
               {"agency", "an agency"}}}},
    .trouble =
        {.wrong = "Not sent",
         .email_missing = "We need an address to answer you.",
         .email_wrong = "This is no e-mail address, such as name@mail.example.",
         .email_taken = "This address has written to us before. We have what you sent then.",
         .type_wrong = "Choose one of these.",
         .too_long = "This is too long: at most 4,096 bytes, some 4,000 letters.",
         .unreadable = "This holds characters that cannot be kept.",
         .foreign =
             "This form was sent from another site, so nothing was stored. Send it from here.",
         .too_many = "Too much comes from your address just now. Wait a minute and send it again.",
         .not_now = "It could not be stored just now. Nothing of it is lost: send it again.",
         .unfit = "The form did not arrive as this page sends it, so nothing was stored."},
    .thanks_title = "Thank you",
    .thanks_back = "Back to the page",
    .affiliate_message = "Your application has been submitted.",
    .affiliate_note = "It is under review, and we will contact you.",
    .message = "Your registration is complete.",
    .note = "We will contact you.",
};
const Words kEnglish = kTable;

}  // namespace barracuda::site
