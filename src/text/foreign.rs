//! Which parts of a message are not the writer's own words.
//!
//! A review page shows the vendor's answer below the complaint, a mail drags the mails before it
//! along, a phone signs for its owner, a spider brings home "verify you are human" in place of a
//! review. None of that is a complaint, and some of it is full of the words that complaints have
//! ("we are sorry that you still wait for your refund").
//!
//! One automaton looks for *cues*, and only where one stands the lines around it are read. A cue
//! alone proves nothing: "their reply from Monday was rude" is the customer. What the customer
//! quotes within his own sentences stays his. In doubt words are the writer's.

use std::ops::Range;

use crate::text::foreign::cues::Cue;
use crate::text::foreign::lines::Lines;

mod answers;
mod cues;
mod lines;
mod mails;
mod noise;
mod posts;
mod signatures;

/// What of a text is not the writer's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Bytes of the text with the reason, in order, none overlapping another.
    pub parts: Vec<(Range<usize>, Origin)>,
    /// The text as a whole is no message of a customer. There may be parts beside.
    pub whole: Option<Noise>,
}

/// Whose words a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// An answer of the vendor below or within the message.
    VendorAnswer,
    /// An earlier mail that was quoted.
    QuotedMail,
    /// "From, sent, to, subject" above a mail that is the message itself.
    MailHeader,
    /// A post that was repeated together with the writer's remark on it.
    QuotedPost,
    /// Greetings at the end with a name, and what a program signs.
    Signature,
}

impl Origin {
    /// For people: "the vendor's answer".
    #[must_use]
    pub fn as_words(self) -> &'static str {
        match self {
            Self::VendorAnswer => "the vendor's answer",
            Self::QuotedMail => "a quoted mail",
            Self::MailHeader => "the head of a mail",
            Self::QuotedPost => "a quoted post",
            Self::Signature => "a signature",
        }
    }
}

/// Why a whole text is no message of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noise {
    /// A page that asks for proof of a human, a login or scripts.
    Captcha,
    /// An out-of-office note, a bounce, a receipt that no person wrote.
    Automatic,
    /// Advertising.
    Spam,
}

impl Noise {
    /// For people: "an advertisement".
    #[must_use]
    pub fn as_words(self) -> &'static str {
        match self {
            Self::Captcha => "a page for robots",
            Self::Automatic => "an automatic message",
            Self::Spam => "an advertisement",
        }
    }
}

impl Foreign {
    /// Everything is the writer's own.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.parts.is_empty() && self.whole.is_none()
    }

    /// The part that holds this byte, if it is not the writer's own.
    #[must_use]
    pub fn at(&self, byte: usize) -> Option<Origin> {
        let next = self.parts.partition_point(|(part, _)| part.end <= byte);
        self.parts.get(next).filter(|(part, _)| part.start <= byte).map(|(_, origin)| *origin)
    }
}

/// What of `text` is not its writer's own words.
///
/// Time is linear in the length; nothing is allocated where no cue stands.
#[must_use]
pub fn foreign(text: &str) -> Foreign {
    let mut found = Foreign::default();
    let mut signs = noise::Signs::default();
    let mut letters = answers::Letters::default();
    let mut rows = mails::Rows::default();
    let lines = Lines(text);
    let mut done = 0;
    for (cue, place) in cues::all_in(text) {
        signs.note(cue, &place);
        if place.start < done {
            continue;
        }
        let part = match cue {
            Cue::Heading => answers::below_heading(lines, place, true).map(|part| (part, Origin::VendorAnswer)),
            Cue::Reply => answers::below_heading(lines, place, false).map(|part| (part, Origin::VendorAnswer)),
            Cue::Opening => letters.letter(lines, place).map(|part| (part, Origin::VendorAnswer)),
            Cue::Wrote => mails::below_attribution(lines, place).map(|part| (part, Origin::QuotedMail)),
            Cue::Original => mails::below_rule(lines, place),
            Cue::Sender => mails::head(lines, place),
            Cue::Arrow => rows.arrows(lines, place).map(|part| (part, Origin::QuotedMail)),
            Cue::Post => posts::quoted(lines, place).map(|part| (part, Origin::QuotedPost)),
            Cue::Dashes => signatures::below_dashes(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Device => signatures::of_device(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Closing => signatures::closing(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Notice => signatures::notice(lines, place).map(|part| (part, Origin::Signature)),
            _ => None,
        };
        if let Some((part, origin)) = part {
            let part = part.start.max(done)..part.end;
            if part.start < part.end {
                done = part.end;
                found.parts.push((part, origin));
            }
        }
    }
    found.whole = signs.verdict(text);
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each text has `⟦` and `⟧` around what is not the writer's own.
    fn check(origin: Origin, texts: &[&str]) {
        for marked in texts {
            let text = marked.replace(['⟦', '⟧'], "");
            let found = foreign(&text);
            let mut shown = text.clone();
            for (part, _) in found.parts.iter().rev() {
                shown.insert(part.end, '⟧');
                shown.insert(part.start, '⟦');
            }
            assert_eq!(shown, *marked);
            assert!(found.parts.iter().all(|(_, is)| *is == origin), "{:?} in {text}", found.parts);
            assert_eq!(found.whole, None, "{text}");
        }
    }

    fn check_whole(noise: Noise, texts: &[&str]) {
        for text in texts {
            assert_eq!(foreign(text).whole, Some(noise), "{text}");
        }
    }

    fn check_own(texts: &[&str]) {
        for text in texts {
            assert_eq!(foreign(text), Foreign::default(), "{text}");
        }
    }

    #[test]
    fn answers_below_a_heading_are_the_vendors() {
        check(
            Origin::VendorAnswer,
            &[
                "No refund since May.\n⟦Response from the owner 2 weeks ago\nHi Tom, we are sorry that you still wait for your refund.⟧",
                "No refund since May.\n\n⟦Developer Response\n12 March 2024\nWe refunded you twice.⟧",
                "Nie wieder!\n⟦Antwort des Inhabers\nLieber Herr M., Ihre Erstattung wurde abgelehnt.⟧",
                "Nie wieder!\n⟦Antwort von Kaufgut\nvor 3 Tagen\nHallo Petra, vielen Dank für deine Bewertung.⟧",
                "Inga pengar tillbaka.\n⟦Svar från ägaren\nHej! Vi beklagar att du väntar på svar.⟧",
                "No me devuelven el dinero.\n⟦Respuesta del propietario (hace 2 días)\nHola, lamentamos lo ocurrido.⟧",
                "Aucun remboursement.\n⟦Réponse du propriétaire\nBonjour, merci pour votre retour.⟧",
                "Nessun rimborso.\n⟦Risposta del proprietario 3 mesi fa\nCiao, ci dispiace per l'attesa.⟧",
                "Geen geld terug.\n⟦Reactie van de eigenaar\nBeste Jan, wat vervelend om te horen.⟧",
                "Nunca responderam. ⟦Resposta da Empresa 11/02/22 às 09h12 Olá Rita, agradecemos o contato e pedimos desculpas.⟧",
                "Ingen svarer.\n⟦Svar fra eieren\nHei, vi beklager ventetiden.⟧",
                "Ingen svarer.\n⟦Svar fra ejeren\nHej, tak for din anmeldelse.⟧",
                "Rahoja ei kuulu.\n⟦Omistajan vastaus\nHei, kiitos palautteesta.⟧",
                "Brak zwrotu.\n⟦Odpowiedź właściciela\nDzień dobry, przykro nam.⟧",
                "Param iade edilmedi.\n⟦Firma yanıtı\nSayın müşterimiz, talebiniz incelenmektedir.⟧",
                "Bad. ⟦Response from the owner: Hello, thank you for your feedback. We never lost a parcel.⟧",
            ],
        );
    }

    #[test]
    fn the_customer_may_speak_again_below_an_answer() {
        check(
            Origin::VendorAnswer,
            &[
                "Late.\n⟦Company response\nWe are sorry.\n⟧Update: still nothing came.",
                "Atrasou. ⟦Resposta da empresa 11/02/22 às 09h12 Olá, lamentamos o atraso. ⟧Réplica do consumidor: nada chegou.",
                "⟦Reply from Kaufgut\n5 hours ago\nHi Tom, thanks for your time. We stand by our decision. - KL.\n⟧That is what they call an answer.",
            ],
        );
    }

    #[test]
    fn letters_of_a_vendor_are_known_by_tone_and_team() {
        check(
            Origin::VendorAnswer,
            &[
                "They wrote me this:\n⟦Hi Anna,\nthank you for reaching out. We are sorry to hear that. Please contact us by phone.\nKind regards,\nthe Kaufgut team⟧\nWhat a joke.",
                "Seht selbst:\n⟦Lieber Kunde,\nvielen Dank für Ihre Nachricht, es tut uns leid.\nIhr Kundenservice von Kaufgut⟧\nDas war alles.",
                "Svaret blev:\n⟦Hej Åsa, tack för att du kontaktar oss. Vi beklagar dröjsmålet.\nVänligen, Kundservice Kaufgut⟧",
                "⟦Dear valued customer, thank you for your review. We are sorry that you had to wait and our team is looking into this. Please contact us at the number below.⟧",
                "⟦Estimado cliente, gracias por contactar. Lamentamos la espera y nuestro equipo le responderá pronto. Disculpas.⟧",
            ],
        );
    }

    #[test]
    fn what_the_customer_tells_of_answers_is_his() {
        check_own(&[
            "The response from the owner was rude. Thank you for nothing.",
            "Response from the owner: 'we cannot help you'. Unbelievable.",
            "I wrote twice and they answered: \"Dear customer, thank you for your message, we cannot help.\" That is all.",
            "\"Thank you for contacting us. We are sorry. This mailbox is not read.\" Great support, thank you for that.",
            "Thank you for your feedback, they say, and then nothing happens.",
            "Reply from support took three weeks.",
            "Dear customer service team, please give me my money back.",
            "We had a response from the company that our claim is denied.",
            "Die Antwort des Unternehmens kam nie an.",
            "Resposta da empresa nunca veio, exijo meu dinheiro.",
            "Sayın yetkili, param hâlâ iade edilmedi.",
            "Nobody in the team answers me, thanks for nothing!",
        ]);
    }

    #[test]
    fn quoted_mails_end_what_the_customer_wrote() {
        check(
            Origin::QuotedMail,
            &[
                "Still no refund.\n\n⟦On Mon, 3 Jun 2024 at 10:12, Kaufgut <help@kaufgut.example> wrote:\n> Your refund was refused.\n> It is final.⟧",
                "Immer noch nichts.\n⟦Am Mo., 3. Juni 2024 um 10:12 Uhr schrieb Kaufgut <help@kaufgut.example>:\n> Ihre Erstattung ...⟧",
                "Inget svar.\n⟦Den mån 3 juni 2024 kl 10:12 skrev Kaufgut <help@kaufgut.example>:\nHej, ditt ärende är stängt.⟧",
                "Sin respuesta.\n⟦El lun, 3 jun 2024 a las 10:12, Kaufgut (<help@kaufgut.example>) escribió:\nHola, su caso.⟧",
                "Rien.\n⟦Le lun. 3 juin 2024 à 10:12, Kaufgut <help@kaufgut.example> a écrit :\nBonjour, votre dossier.⟧",
                "Niente.\n⟦Il giorno lun 3 giu 2024 alle ore 10:12 Kaufgut <help@kaufgut.example> ha scritto:\nBuongiorno.⟧",
                "Niets.\n⟦Op ma 3 jun 2024 om 10:12 schreef Kaufgut <help@kaufgut.example>:\nGoedendag.⟧",
                "Nada.\n⟦Em seg., 3 de jun. de 2024 às 10:12, Kaufgut <help@kaufgut.example> escreveu:\nBom dia.⟧",
                "Ingenting.\n⟦man. 3. juni 2024 kl. 10:12 skrev Kaufgut <help@kaufgut.example>:\nHei.⟧",
                "Ei mitään.\n⟦ma 3. kesäk. 2024 klo 10.12 Kaufgut (help@kaufgut.example) kirjoitti:\nHei.⟧",
                "Nic.\n⟦pon., 3 cze 2024 o 10:12 Kaufgut <help@kaufgut.example> napisał(a):\nDzień dobry.⟧",
                "Hiçbir şey yok.\n⟦Kaufgut <help@kaufgut.example>, 3 Haz 2024 Pzt, 10:12 tarihinde şunu yazdı:\nMerhaba.⟧",
                "Nobody answers me.\n\n⟦-----Original Message-----\nFrom: Kaufgut\nSent: Monday\nTo: me\nSubject: Your case\n\nWe closed it.⟧",
                "Keiner antwortet.\n\n⟦Von: Kaufgut\nGesendet: Montag, 3. Juni 2024\nAn: Petra\nBetreff: Ihr Fall\n\nGeschlossen.⟧",
                "Ingen svarar mig. ⟦Från: Kaufgut Skickat: den 3 juni Till: Åsa Ämne: Ditt ärende Det är stängt.⟧",
                "My answer:\nthat is wrong.\n⟦> Your refund was refused.\n> It is final.\n⟧No, it is not.",
            ],
        );
    }

    #[test]
    fn of_a_mail_passed_on_only_its_head_is_foreign() {
        check(
            Origin::MailHeader,
            &[
                "⟦From: Petra\nSent: Monday, 3 June 2024\nTo: support\nSubject: no refund⟧\n\nWhere is my money?",
                "Fwd:\n⟦---------- Forwarded message ---------\nFrom: Petra\nDate: Monday, 3 June 2024\nSubject: no refund\nTo: support⟧\n\nWhere is my money?",
            ],
        );
    }

    #[test]
    fn quotation_marks_and_lists_are_the_customers() {
        check_own(&[
            "I wrote: where is my refund? They wrote: wait.",
            "On 3 June 2024 I wrote:\nwhere is my refund?",
            "My complaints:\n> no refund\n> no answer",
            "Waiting for\n> 3 weeks now",
            "> no refund\n> no answer",
            "The message from: support, sent: never.",
            "The original message was great, the new one is not.",
            "De: todo lo que pedí no llegó nada",
        ]);
    }

    #[test]
    fn signatures_end_a_message() {
        check(
            Origin::Signature,
            &[
                "Give me my money back.\n⟦Kind regards,\nAnna Berg\n+46 70 123 45 67⟧",
                "Ich warte seit Wochen.\n⟦Mit freundlichen Grüßen\nPetra Muster⟧",
                "Ich warte seit Wochen auf eine Antwort!⟦MfG Petra Muster⟧",
                "Jag har väntat i veckor.\n⟦Med vänlig hälsning\nÅsa⟧",
                "Llevo semanas esperando.\n⟦Atentamente,\nJuan⟧",
                "J'attends depuis des semaines.\n⟦Cordialement,\nLuc⟧",
                "Aspetto da settimane.\n⟦Distinti saluti\nAnna⟧",
                "Ik wacht al weken op antwoord.\n⟦Met vriendelijke groet,\nJan⟧",
                "Espero há semanas por uma resposta. ⟦Atenciosamente, Rita⟧",
                "Jeg har ventet i uker.\n⟦Med vennlig hilsen\nKari⟧",
                "Jeg har ventet i uger.\n⟦Med venlig hilsen\nMette⟧",
                "Olen odottanut viikkoja.\n⟦Ystävällisin terveisin\nAino⟧",
                "Czekam od tygodni na zwrot.\n⟦Z poważaniem\nJan⟧",
                "Haftalardır bekliyorum.\n⟦Saygılarımla,\nAyşe⟧",
                "Nobody called me back.\n⟦Sent from my iPhone⟧",
                "Niemand ruft zurück.\n⟦Von meinem iPhone gesendet⟧",
                "Ingen ringer tillbaka.\n⟦Skickat från min iPhone⟧",
                "Personne ne rappelle.\n⟦Envoyé de mon iPhone⟧",
                "Nessuno richiama.\n⟦Inviato da iPhone⟧",
                "Niemand belt terug.\n⟦Verstuurd vanaf mijn iPad⟧",
                "Ninguém me liga.\n⟦Enviado do meu iPhone⟧",
                "Ingen ringer tilbake.\n⟦Sendt fra min iPhone⟧",
                "Kukaan ei soita.\n⟦Lähetetty iPhonesta⟧",
                "Nikt nie oddzwania.\n⟦Wysłane z iPhone'a⟧",
                "Kimse geri aramıyor.\n⟦iPhone'umdan gönderildi⟧",
                "Nobody called me back.\n⟦-- \nAnna Berg, Head of Something\nBerg and Sons⟧",
            ],
        );
    }

    #[test]
    fn words_of_thanks_within_a_complaint_are_the_customers() {
        check_own(&[
            "Best regards to whoever finds my parcel.",
            "Pozdrawiam was ozięble, nie oddaliście mi pieniędzy i nikt nie odbiera telefonu od tygodni!",
            "The code was sent from my bank to theirs.",
            "Geld von meinem Konto abgebucht, ohne Handy keine Freigabe.",
            "First part\n--\nSecond part: I called them four times last week and nobody ever gave me an answer about it.",
            "Kind regards are all I got from you. My money would have been better.",
        ]);
    }

    #[test]
    fn repeated_posts_are_others_words() {
        check(
            Origin::QuotedPost,
            &[
                "⟦“@kaufgut: @anna We are sorry for the wait. ^KL”⟧ you always say that",
                "Not true! ⟦RT @kaufgut: We answer within an hour⟧",
            ],
        );
        check_own(&["@kaufgut where is my refund?", "start @kaufgut: answer me", "I told \"@kaufgut\" already"]);
    }

    #[test]
    fn pages_for_robots_are_no_messages() {
        check_whole(
            Noise::Captcha,
            &[
                "Verify you are human by completing the action below.",
                "Just a moment...\nChecking your browser before accessing shop.example. Please enable JavaScript and cookies to continue.",
                "Our systems have detected unusual traffic from your computer network. Please complete the security check.",
                "Bitte bestätigen Sie, dass Sie ein Mensch sind. Bitte JavaScript aktivieren.",
                "Vérifiez que vous êtes humain. Activez JavaScript pour continuer.",
                "Sign in to continue",
            ],
        );
        check_own(&[
            "The site asks me to verify you are human every time I log in.",
            "Verify you are human, again and again, no order possible. Enable JavaScript, it says!",
            "Your captcha loops: I am not a robot!",
            "Blocked for unusual traffic, my money is gone and nobody answers.",
        ]);
    }

    #[test]
    fn automatic_mails_are_no_messages() {
        check_whole(
            Noise::Automatic,
            &[
                "Automatic reply: your survey\nI am travelling.",
                "Hello, I am out of the office until 12 June and will answer when I am back.",
                "Ich bin bis zum 12.6. nicht im Büro und ab 13.6. wieder erreichbar.",
                "Jag är inte på kontoret, åter den 12 juni.",
                "Je suis actuellement absent du bureau jusqu'au 12 juin.",
                "Estoy fuera de la oficina hasta el 12 de junio.",
                "This is an automated message, please do not reply. Your ticket was received.",
                "Dies ist eine automatisch erstellte Nachricht. Bitte antworten Sie nicht darauf.",
                "Mail delivery failed: returning message to sender",
            ],
        );
        check_own(&[
            "This is an automated message, is all I ever get from you.",
            "My adjuster is out of the office until Monday, they said, and so my claim waits.",
            "I was in ferie when they charged me, until today no answer",
            "All I got was an automatic reply.",
        ]);
    }

    #[test]
    fn advertisements_are_no_messages() {
        check_whole(
            Noise::Spam,
            &[
                "I lost all my savings, but a recovery expert helped me and I recovered my money. Contact him on WhatsApp +1 555 010 9999",
                "Get back your stolen funds with an ethical hacker, reach out via fastcoins@gmail.com",
                "Urgent loan offer at an interest rate of 2 %, apply for a loan today: write to easyloans@outlook.com",
                "Use my code ANNAB123 and get 10 euros!",
                "Nutzt meinen Code annab123 für 10 Euro Bonus",
                "Usa mi código annab123 y gana 10 euros",
                "Mon code parrain : ANNAB123",
                "https://a.example https://b.example https://c.example https://d.example best deals",
            ],
        );
        check_own(&[
            "A so-called recovery agent on Telegram took the rest of my money, and you did nothing.",
            "I used my referral code ANNAB123 and never got the bonus.",
            "Good bank, quick card, nice people in the chat, all works abroad as well, really happy here. Use my code ANNAB123.",
            "They told me to contact them on WhatsApp. Nobody answers there.",
            "Your spam mails about casino bonus and free spins do not stop!",
            "@shop look: https://a.example https://b.example https://c.example https://d.example",
        ]);
    }

    #[test]
    fn a_byte_is_asked_for_its_origin() {
        let found = foreign("Late.\nResponse from the owner\nWe are sorry.");
        assert_eq!((found.at(0), found.at(5), found.at(6)), (None, None, Some(Origin::VendorAnswer)));
        assert!(!found.is_nothing() && foreign("Late.").is_nothing());
    }

    #[test]
    fn a_long_hostile_text_takes_linear_time() {
        for piece in [
            "\n>",
            "wrote:\n",
            "From: ",
            "From:\n",
            "Kind regards\n",
            "“@a",
            "Dear customer, ",
            "Response from the owner\n",
            "\n-- ",
            "contact whatsapp ",
        ] {
            let text = piece.repeat(60_000);
            // A quadratic look around would take minutes here; the harness would show it.
            assert!(foreign(&text).parts.len() <= text.len());
        }
    }

    #[test]
    fn letters_that_change_their_length_in_small_move_no_border() {
        // `Ⱥ` grows by a byte, `ẞ` and the sign of Ångström shrink by one: the text's length stays.
        for text in
            ["From: Ⱥ Sent: a To: b Subject:éẞ hello", "From: ẞ Sent: a To: b Subject:Ⱥé hello", "From: Ⱥ Sent: \u{212b} To: b Subject:é"]
        {
            assert_eq!(foreign(text).parts, [(0..text.len(), Origin::MailHeader)], "{text}");
        }
        check(Origin::MailHeader, &["⟦From: İpek Sent: Monday To: help Subject: no refund⟧\nWhere is my money, please?"]);
    }

    #[test]
    fn a_blank_beginning_and_rows_of_long_quoted_lines_are_read_once() {
        let long = format!("> 1{}\n", "a".repeat(400));
        let rows = long.repeat(2_000_000 / long.len());
        assert!(foreign(&rows).parts.is_empty());
        let blank = " ".repeat(1_000_000);
        let rows = format!("{blank}\n{}", "> a b\nx\n".repeat(125_000));
        // A text that is read again at each row would take minutes here; the harness would show it.
        assert_eq!(foreign(&rows).parts.len(), 125_000);
        assert!(foreign(&format!("{}{}", "\n".repeat(1_000_000), "\n\n\n\n> 1 b".repeat(125_000))).parts.is_empty());
    }

    #[test]
    fn letters_that_never_end_are_given_up() {
        let text = format!("Dear customer, {}\n", "our team is here ".repeat(20)).repeat(6_000);
        assert!(foreign(&text).parts.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics_on_letters_of_changing_length(text in r"([Ⱥİẞ\u{212a}ſ\u{212b}éß>:\n -]|From:|Sent:|To:|Subject:|Date:|Von:|Gesendet:|An:|Betreff:|Kimden:|Tarih:|Kime:|Konu:|Original Message|wrote:|Sent from my|[a-c ]){0,30}") {
            for (part, _) in foreign(&text).parts {
                prop_assert!(text.get(part).is_some());
            }
        }

        #[test]
        fn heads_of_mails_end_on_borders(values in proptest::collection::vec("[Ⱥİẞ\u{212a}ſ\u{212b}éß a]{0,4}", 5)) {
            let [sender, sent, to, subject, rest] = &values[..] else { return Ok(()) };
            let text = format!("From: {sender} Sent: {sent} To: {to} Subject:{subject} {rest}");
            for (part, _) in foreign(&text).parts {
                prop_assert!(text.get(part).is_some());
            }
        }

        #[test]
        fn parts_are_in_order_and_on_borders(text in r"(\PC|\n|> |wrote:\n|Kind regards|Dear customer|, thank you for|From: |Sent: |Subject: |To: |“@a: |”|-- |RT @b: |Edit:|team|Response from the owner){0,40}") {
            let mut end = 0;
            for (part, _) in foreign(&text).parts {
                prop_assert!(part.start >= end && part.end > part.start && text.get(part.clone()).is_some());
                end = part.end;
            }
        }
    }
}
