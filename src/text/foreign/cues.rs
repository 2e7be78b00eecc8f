//! The words at which it is worth looking closer, in thirteen languages, and one automaton for all.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use aho_corasick::Anchored;
use aho_corasick::Input;
use aho_corasick::Match;
use aho_corasick::MatchKind;
use aho_corasick::StartKind;

/// What a cue may be the sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// "Response from the owner": a heading that names the vendor's part.
    Heading,
    /// "Reply from": a heading when a name and the vendor's tone follow.
    Reply,
    /// "Dear valued customer": how vendors begin.
    Opening,
    /// "wrote:" ends the line above a quoted mail.
    Wrote,
    /// "Original Message".
    Original,
    /// "From:" in the head of a mail.
    Sender,
    /// A line that begins with `>`.
    Arrow,
    /// `“@shop:` or `RT @shop`.
    Post,
    /// A line of dashes above a signature.
    Dashes,
    /// "Sent from my".
    Device,
    /// "Kind regards".
    Closing,
    /// "This e-mail is confidential".
    Notice,
    /// Words of a page for robots.
    Robot,
    /// Titles and first words of automatic mails.
    Automatic,
    /// The same, where only a day of return proves it.
    Away,
    /// Who promises to bring money back, to lend it or to win it.
    Advert,
    /// Where an advertiser can be reached.
    Contact,
    /// "Use my code".
    Code,
    /// A link.
    Link,
}

/// All cues with their words in small letters, `|` between them.
const CUES: &[(Cue, &[&str])] = &[
    (
        Cue::Heading,
        &[
            "response from the owner|reply from the owner|response from owner|owner's response|owner’s response",
            "owner response|developer response|response from developer|response from the developer|reply from the developer",
            "developer's reply|business response|company response|response from the company|response from the business",
            "merchant response|merchant reply|seller response|seller's response|response from seller|response from host",
            "response from the host|management response|response from management|response from the manager",
            "property response|official response|vendor response|vendor's reply|antwort des inhabers|antwort vom inhaber",
            "antwort vom eigentümer|antwort des eigentümers|antwort des entwicklers|antwort vom entwickler",
            "antwort des unternehmens|antwort der unterkunft|antwort des anbieters|antwort des verkäufers",
            "antwort des gastgebers|stellungnahme des unternehmens|kommentar des anbieters|kommentar des unternehmens",
            "svar från ägaren|svar från utvecklaren|utvecklarens svar|svar från företaget|ägarens svar",
            "respuesta del propietario|respuesta del desarrollador|respuesta de la empresa|respuesta del vendedor",
            "respuesta del anfitrión|respuesta del establecimiento|respuesta de la dirección|réponse du propriétaire",
            "réponse du développeur|réponse de l'entreprise|réponse de l’entreprise|réponse du vendeur",
            "réponse de l'établissement|réponse de l’établissement|réponse de la direction|réponse de la société",
            "risposta del proprietario|risposta dello sviluppatore|risposta dell'azienda|risposta dell’azienda",
            "risposta del venditore|risposta della struttura|risposta della direzione|risposta del titolare",
            "reactie van de eigenaar|reactie van eigenaar|reactie van de ontwikkelaar|reactie van ontwikkelaar",
            "antwoord van de ontwikkelaar|reactie van het bedrijf|antwoord van de eigenaar|reactie van de verkoper",
            "resposta do proprietário|resposta do desenvolvedor|resposta do programador|resposta da empresa",
            "resposta do vendedor|resposta do anfitrião|resposta da propriedade|resposta do estabelecimento|svar fra eieren",
            "svar fra eier|svar fra utvikleren|svar fra utvikler|utviklerens svar|svar fra bedriften|svar fra ejeren",
            "svar fra udvikleren|udviklerens svar|svar fra virksomheden|svar fra firmaet|omistajan vastaus",
            "vastaus omistajalta|kehittäjän vastaus|vastaus kehittäjältä|yrityksen vastaus|odpowiedź właściciela",
            "odpowiedź od właściciela|odpowiedź dewelopera|odpowiedź programisty|odpowiedź firmy|odpowiedź sprzedawcy",
            "odpowiedź obiektu|sahibinden yanıt|işletme sahibinin yanıtı|işletme sahibinden yanıt|geliştirici yanıtı",
            "geliştiricinin yanıtı|firma yanıtı|firma cevabı|firmanın cevabı|şirket yanıtı|şirket cevabı|marka cevabı",
            "marka yanıtı|satıcı yanıtı|satıcının cevabı",
        ],
    ),
    (
        Cue::Reply,
        &[
            "reply from |response from |responded |antwort von |svar från |respuesta de |réponse de |risposta di ",
            "risposta da |reactie van |antwoord van |resposta de |resposta da |svar fra |vastaus yritykseltä |odpowiedź od ",
            "şirketinden yanıt|yetkilisinin yanıtı|yetkilisi cevabı",
        ],
    ),
    (
        Cue::Opening,
        &[
            "dear valued|dear customer|dear guest|dear user|dear client|dear reviewer|dear passenger|thank you for reaching",
            "thanks for reaching|thank you for contacting|thank you for getting in touch|thanks for getting in touch",
            "thank you for your review|thanks for your review|thank you for your feedback|thanks for your feedback",
            "thank you for taking the time|thanks for taking the time|thank you for your message|thank you for your email",
            "thank you for your e-mail|thank you for your inquiry|thank you for your enquiry|thank you for bringing this",
            "we are sorry to hear|we're sorry to hear|we’re sorry to hear|sehr geehrter kunde|sehr geehrte kundin",
            "liebe kundin|lieber kunde|vielen dank für ihre|vielen dank für deine|danke für ihre nachricht",
            "danke für deine nachricht|danke für ihre bewertung|danke für deine bewertung|danke für ihr feedback",
            "danke für dein feedback|vielen dank für ihr feedback|vielen dank für dein feedback|vielen dank, dass sie sich",
            "kära kund|bästa kund|bäste kund|tack för att du kontakt|tack för att du hör|tack för ditt mejl",
            "tack för ditt mail|tack för ditt meddelande|tack för ditt omdöme|tack för din feedback|tack för din recension",
            "estimado cliente|estimada clienta|estimada cliente|querido cliente|gracias por contactar",
            "gracias por ponerte en|gracias por ponerse en|gracias por su mensaje|gracias por tu mensaje",
            "gracias por su comentario|gracias por tu comentario|gracias por compartir|gracias por tu opinión",
            "gracias por su opinión|cher client|chère cliente|merci d'avoir contacté|merci d’avoir contacté",
            "merci de nous avoir|merci pour votre message|merci pour votre retour|merci pour votre avis|merci d'avoir pris",
            "merci d’avoir pris|nous vous remercions|gentile cliente|caro cliente|cara cliente|grazie per averci",
            "grazie per aver contattato|grazie per la sua|grazie per la tua|grazie per il suo|grazie per il tuo",
            "la ringraziamo per|ti ringraziamo per|beste klant|geachte klant|geachte heer/mevrouw|bedankt voor je bericht",
            "bedankt voor uw bericht|bedankt voor je review|bedankt voor uw review|bedankt voor je feedback",
            "bedankt voor uw feedback|bedankt voor het contact|bedankt voor het delen|dank voor je bericht",
            "dank voor uw bericht|dank u voor uw|prezado cliente|prezada cliente|estimado(a) cliente|obrigado por entrar em",
            "obrigada por entrar em|obrigado pelo seu|obrigado pela sua|obrigada pelo seu|obrigada pela sua",
            "agradecemos o seu|agradecemos a sua|agradecemos seu|agradecemos sua|inicialmente gostaríamos|kjære kunde",
            "kære kunde|takk for din henvendelse|takk for at du|takk for tilbakemelding|takk for din tilbakemelding",
            "tak for din henvendelse|tak for din mail|tak for din besked|tak for din anmeldelse|tak for din feedback",
            "tak fordi du|hyvä asiakas|hyvä asiakkaamme|arvoisa asiakas|kiitos yhteydenotos|kiitos palautteesta",
            "kiitos viestistä|kiitos arvostelusta|szanowny kliencie|szanowna klientko|drogi kliencie|dziękujemy za kontakt",
            "dziękujemy za wiadomość|dziękujemy za opinię|dziękujemy za przesłanie|dziękujemy za podzielenie",
            "sayın müşterimiz|değerli müşterimiz|değerli kullanıcımız|sayın yetkili müşterimiz|bizimle iletişime geçtiğiniz",
            "bizimle paylaştığınız|geri bildiriminiz için",
        ],
    ),
    (
        Cue::Wrote,
        &[
            "wrote:|schrieb:|>:|skrev:|escribió:|a écrit :|a écrit:|a écrit\u{a0}:|ha scritto:|schreef:|escreveu:",
            "kirjoitti:|napisał:|napisała:|napisał(a):|şunu yazdı:|tarihinde yazdı:",
        ],
    ),
    (
        Cue::Original,
        &[
            "original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|ursprungligt meddelande",
            "originalmeddelande|vidarebefordrat meddelande|mensaje original|mensaje reenviado|message d'origine",
            "message d’origine|message original|message transféré|messaggio originale|messaggio inoltrato",
            "oorspronkelijk bericht|origineel bericht|doorgestuurd bericht|mensagem original|mensagem encaminhada",
            "opprinnelig melding|videresendt melding|oprindelig meddelelse|videresendt besked|alkuperäinen viesti",
            "välitetty viesti|oryginalna wiadomość|wiadomość oryginalna|wiadomość przekazana|orijinal mesaj|özgün ileti",
            "iletilen mesaj",
        ],
    ),
    (Cue::Sender, &["from:", "von:", "från:", "de:", "de :", "da:", "van:", "fra:", "lähettäjä:", "od:", "kimden:", "gönderen:"]),
    (Cue::Arrow, &["\n>"]),
    (Cue::Post, &["“@", "\"@", "rt @"]),
    (Cue::Dashes, &["\n--", "\n__"]),
    (
        Cue::Device,
        &[
            "sent from my|sent from yahoo|sent from outlook|sent from mail for|sent via|sent with proton|get outlook for",
            "von meinem iphone gesendet|von meinem ipad gesendet|von meinem samsung|von meinem huawei|von meinem smartphone",
            "von meinem handy|gesendet von|gesendet mit|holen sie sich outlook|diese nachricht wurde von meinem",
            "skickat från|hämta outlook|enviado desde|obtener outlook|obtén outlook|envoyé de mon|envoyé depuis",
            "envoyé à partir|télécharger outlook|inviato da|inviato dal|scarica outlook|ottieni outlook|verzonden vanaf",
            "verstuurd vanaf|verstuurd met|verzonden met|download outlook|outlook voor|enviado do meu|enviado a partir",
            "enviado via|obter o outlook|sendt fra|skaffa outlook|skaff deg outlook|hent outlook|lähetetty iphone",
            "lähetetty minun|lähetetty puhelim|lähetetty android|lähetetty samsung|hanki outlook|wysłano z|wysłane z",
            "pobierz outlook|iphone'umdan gönderildi|iphone’umdan gönderildi|ipad'imden gönderildi|telefonumdan gönderildi",
            "samsung cihazımdan|android için outlook|ios için outlook",
        ],
    ),
    (
        Cue::Closing,
        &[
            "kind regards|best regards|warm regards|many regards|regards,|regards\n|yours sincerely|yours faithfully",
            "yours truly|sincerely,|sincerely\n|respectfully,|best wishes,|mit freundlichen grüßen|mit freundlichen grüssen",
            "mit freundlichem gruß|mit freundlichem gruss|mit besten grüßen|mit vielen grüßen|viele grüße|viele grüsse",
            "liebe grüße|beste grüße|freundliche grüße|freundliche grüsse|schöne grüße|hochachtungsvoll|mfg,|mfg\n|mfg |lg,",
            "lg\n|med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|bästa hälsningar",
            "hälsningar,|hälsningar\n|mvh,|mvh\n|mvh |un saludo|saludos,|saludos\n|saludos cordiales|atentamente",
            "un cordial saludo|cordialement|bien à vous|bien cordialement|sincères salutations|salutations distinguées",
            "cordiali saluti|distinti saluti|cordialmente|un saluto|saluti,|saluti\n|met vriendelijke groet",
            "vriendelijke groet|hoogachtend|groeten,|groeten\n|groetjes|atenciosamente|att,|att.|cumprimentos",
            "com os melhores|med vennlig hilsen|vennlig hilsen|med venlig hilsen|venlig hilsen|med hilsen|hilsen,|hilsen\n",
            "ystävällisin terveisin|parhain terveisin|terveisin|terv.|z poważaniem|pozdrawiam|pozdrowienia",
            "z wyrazami szacunku|saygılarımla|saygılarımızla|saygılar,|iyi çalışmalar dilerim",
        ],
    ),
    (
        Cue::Notice,
        &[
            "this e-mail and any|this email and any|this message and any|this e-mail is confidential",
            "this email is confidential|this message is confidential|the information contained in this e-mail",
            "the information contained in this email|diese e-mail enthält|diese nachricht enthält vertrauliche",
            "detta meddelande kan innehålla|detta e-postmeddelande|este mensaje y sus|este correo electrónico y",
            "este mensaje contiene|ce message et ses|ce message et toutes|questo messaggio e|questo messaggio contiene",
            "deze e-mail en|dit bericht kan vertrouwelijke|esta mensagem e seus|esta mensagem pode conter|denne e-post",
            "denne e-mail|tämä sähköposti|tämä viesti saattaa|ta wiadomość może|niniejsza wiadomość|bu e-posta",
            "bu mesaj ve ekleri",
        ],
    ),
    (
        Cue::Robot,
        &[
            "you are human|you're human|you are a human|are you a robot|are not a robot|not a bot|checking your browser",
            "checking if the site connection|site connection is secure|enable javascript|javascript is disabled",
            "turn on javascript|javascript and cookies|enable cookies|unusual traffic|unusual activity from your",
            "security check to access|complete the security check|type the characters|attention required!|just a moment...",
            "just a moment…|ddos protection by|security by cloudflare|ray id|pardon our interruption",
            "access to this page has been|don't have permission to access|log in to continue|sign in to continue",
            "login to continue|must be logged in|you have been blocked|request was blocked",
            "review the security of your connection|access denied|errors.edgesuite.net|why have i been blocked",
            "press & hold|your browser made us think|sie ein mensch sind|kein roboter|javascript aktivieren",
            "aktivieren sie javascript|ungewöhnlichen datenverkehr|melden sie sich an, um fortzufahren|du är en människa",
            "inte är en robot|aktivera javascript|logga in för att fortsätta|que eres humano|que eres un humano",
            "no eres un robot|habilita javascript|activa javascript|tráfico inusual|inicia sesión para continuar",
            "vous êtes humain|vous êtes un humain|n'êtes pas un robot|n’êtes pas un robot|activez javascript",
            "activer javascript|trafic exceptionnel|connectez-vous pour continuer|di essere umano|non sei un robot",
            "abilita javascript|attiva javascript|traffico insolito|accedi per continuare|je een mens bent|u een mens bent",
            "geen robot bent|schakel javascript|javascript inschakelen|ongebruikelijk verkeer|log in om door te gaan",
            "você é humano|não é um robô|ative o javascript|habilite o javascript|tráfego incomum|faça login para continuar",
            "du er et menneske|ikke er en robot|aktiver javascript|logg inn for å fortsette|log ind for at fortsætte",
            "usædvanlig trafik|uvanlig trafikk|olet ihminen|et ole robotti|ota javascript käyttöön",
            "kirjaudu sisään jatkaaksesi|jesteś człowiekiem|nie jesteś robotem|włącz javascript|nietypowy ruch",
            "zaloguj się, aby kontynuować|insan olduğunuzu|robot olmadığınızı|javascript'i etkinleştirin",
            "javascript’i etkinleştirin|olağan dışı trafik|devam etmek için giriş",
        ],
    ),
    (
        Cue::Automatic,
        &[
            "automatic reply:|auto-reply:|auto reply:|autoreply:|automatic response:|out of office:|out of office reply",
            "this is an automatic|this is an automated|this is an auto-generated|this message was automatically",
            "this email was automatically|do not reply to this|undelivered mail returned|delivery status notification",
            "mail delivery failed|mail delivery failure|undeliverable:|abwesenheitsnotiz|automatische antwort:",
            "automatische antwort auf|dies ist eine automatisch|diese nachricht wurde automatisch",
            "diese e-mail wurde automatisch|autosvar:|automatiskt svar:|frånvaromeddelande|detta är ett automatiskt",
            "respuesta automática:|este es un mensaje automático|este es un correo automático|réponse automatique :",
            "réponse automatique:|ceci est un message automatique|risposta automatica:|questo è un messaggio automatico",
            "automatisch antwoord:|dit is een automatisch|resposta automática:|esta é uma mensagem automática",
            "este é um e-mail automático|automatisk svar:|dette er en automatisk|dette er et automatisk",
            "automaattinen vastaus|tämä on automaattinen|odpowiedź automatyczna:|automatyczna odpowiedź:",
            "ta wiadomość została wygenerowana automatycznie|wiadomość wygenerowana automatycznie|otomatik yanıt:",
            "otomatik cevap:|bu otomatik bir|bu e-posta otomatik|bu mesaj otomatik",
        ],
    ),
    (
        Cue::Away,
        &[
            "out of the office|out of office|away from the office|on annual leave|on parental leave|on maternity leave",
            "nicht im büro|nicht im hause|außer haus|im urlaub|in elternzeit|inte på kontoret|på semester|föräldraledig",
            "fuera de la oficina|de vacaciones|absent du bureau|absente du bureau|actuellement absent|en congé|en vacances",
            "fuori ufficio|fuori sede|in ferie|niet op kantoor|afwezig|met vakantie|op vakantie|fora do escritório",
            "de férias|ikke på kontoret|på ferie|ute av kontoret|en ole toimistolla|olen lomalla|poissa toimistolta",
            "poza biurem|na urlopie|ofis dışında|yıllık izin|izindeyim",
        ],
    ),
    (
        Cue::Advert,
        &[
            "recovery expert|recovery agent|recovery specialist|recovery firm|recovery company|recovery team",
            "recovery service|recovery hacker|crypto recovery|funds recovery|fund recovery|asset recovery|recover my",
            "recover your|recover all|recover their|recovered my|recovered all|recover lost|recover stolen|recovering my",
            "recover scammed|ethical hacker|professional hacker|certified hacker|hire a hacker|spy on your|cheating spouse",
            "lost funds|stolen funds|stolen crypto|lost bitcoin|lost crypto|scammed funds|retrieve your|retrieved my",
            "got my money back|get your money back|get back your|spell caster|love spell|herbal cure|binary option",
            "forex trad|expert trader|account manager|investment platform|invest with|trading signals|daily profit",
            "profit of $|made a profit|passive income|loan offer|apply for a loan|instant loan|loan without|personal loans",
            "interest rate of|online casino|casino bonus|free spins|slot online|betting site|jackpot|buy followers",
            "verified accounts for sale|buy verified|crypto giveaway|double your|work from home|make money online",
            "earn money online|earn up to|cheap viagra|online pharmacy|essay writing service|visit our website",
            "check out our website|best price guaranteed|bahis sitesi|deneme bonusu|canlı casino|kaçak bahis|geld verdienen",
            "kredit ohne schufa|kreditangebot|préstamo rápido|oferta de préstamo|gana dinero|offre de prêt",
            "prêt entre particuliers|gagner de l'argent|offerta di prestito|prestito tra privati|empréstimo rápido",
            "ganhe dinheiro|renda extra|låneerbjudande|tjäna pengar hemifrån|geld lenen zonder|tilbud om lån|tjen penger",
            "tjen penge|lainatarjous|nettikasino|szybka pożyczka|oferta pożyczki",
        ],
    ),
    (
        Cue::Contact,
        &[
            "whatsapp|whats app|telegram|t.me/|wa.me/|@gmail|@proton|@outlook|@yahoo|@consultant|@hotmail|@usa.com",
            "@mail.com|@zoho|instagram",
        ],
    ),
    (
        Cue::Code,
        &[
            "use my code|use my referral|use my ambassador|use my invite|use my invitation|use my promo|use my link",
            "use code|use the code|use this code|use referral|use promo|use invite|using my code|using my referral",
            "using the code|using this code|with my code|with my referral|with this code|with the code|enter my code",
            "enter the code|enter code|my referral code|my invite code|my promo code|my ambassador code|referral code:",
            "ref code|promo code:|promo code :|invite code:|meinen code|mit meinem code|mit dem code|meinem code",
            "gutscheincode:|empfehlungscode|einladungscode|min kod|värvningskod|med koden|mi código|el código",
            "código de referido|código promocional|código de invitación|con el codigo|mon code|le code|code parrain",
            "code promo|code de parrainage|mio codice|il codice|codice promo|codice amico|codice invito|mijn code|de code",
            "kortingscode|meu código|o código|código de indicação|código de convite|min kode|koden|koodini|koodiani",
            "koodilla|mojego kodu|mój kod|kod polecający|z kodem|kodumu|referans kodu|davet kodu|promosyon kodu",
        ],
    ),
    (Cue::Link, &["http://", "https://", "www."]),
];

/// The automaton, and the cue of each of its patterns.
struct Table {
    automaton: AhoCorasick,
    cues: Vec<Cue>,
    starts: Starts,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut patterns = Vec::new();
    let mut cues = Vec::new();
    for (cue, words) in CUES {
        for word in words.iter().flat_map(|row| row.split('|')) {
            for form in forms(word) {
                patterns.push(form);
                cues.push(*cue);
            }
        }
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .start_kind(StartKind::Anchored)
        .build(&patterns)
        .expect("a few hundred short words are far below every limit of the automaton");
    let starts = Starts::of(patterns.iter().map(String::as_bytes));
    Table { automaton, cues, starts }
});

/// Where a cue may begin, by its first bytes: four times as quick as to ask the automaton everywhere.
/// A yes may be wrong, a no never is.
struct Starts {
    /// First bytes of cues of fewer than four.
    short: [bool; 256],
    /// The first four bytes of the others, small, as numbers of 16 bits; a bit each.
    long: Vec<u64>,
}

impl Starts {
    fn of<'w>(words: impl Iterator<Item = &'w [u8]>) -> Self {
        let mut starts = Self { short: [false; 256], long: vec![0; 1 << 10] };
        for word in words {
            match word.first_chunk() {
                Some(first) => {
                    let number = Self::number(*first);
                    starts.long[number / 64] |= 1 << (number % 64);
                }
                None => {
                    for case in [u8::to_ascii_lowercase, u8::to_ascii_uppercase] {
                        word.first().iter().for_each(|byte| starts.short[usize::from(case(byte))] = true);
                    }
                }
            }
        }
        starts
    }

    fn may_begin(&self, bytes: &[u8], at: usize) -> bool {
        if self.short[usize::from(bytes[at])] {
            return true;
        }
        let Some(first) = bytes[at..].first_chunk() else { return false };
        let number = Self::number(*first);
        self.long[number / 64] & (1 << (number % 64)) != 0
    }

    /// Equal for bytes that differ in case only.
    fn number(first: [u8; 4]) -> usize {
        let small = u32::from_le_bytes(first) | 0x2020_2020;
        // The middle bits of a product depend on all of its factors' (multiplicative hashing, Knuth).
        (small.wrapping_mul(0x9e37_79b1) >> 16) as usize
    }
}

impl Table {
    /// The first cue that begins at a byte or after it: the longest one there.
    fn next(&self, text: &str, from: usize) -> Option<Match> {
        let bytes = text.as_bytes();
        // Within a plain word nothing begins, whatever its letters are.
        let is_within = |at: usize| at > 0 && bytes[at].is_ascii_lowercase() && bytes[at - 1].is_ascii_alphabetic();
        let mut may_begin = (from..text.len()).filter(|at| self.starts.may_begin(bytes, *at) && !is_within(*at));
        may_begin.find_map(|at| self.automaton.find(Input::new(text).span(at..text.len()).anchored(Anchored::Yes)))
    }
}

/// A cue as people write it: the automaton knows of case within ASCII only.
fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    if !word.is_ascii() {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        forms.push(first.chain(letters).collect());
        forms.push(word.to_uppercase());
        forms.dedup();
    }
    forms
}

/// The cues of a text in order, each with its bytes. A text that begins with `>` has no line feed
/// before it, and gets that cue by itself. One that begins with `--` does not: nothing stands above
/// that anybody could have signed.
pub(super) fn all_in(text: &str) -> impl Iterator<Item = (Cue, Range<usize>)> + '_ {
    let first = match text.as_bytes() {
        [b'>', ..] => Some((Cue::Arrow, 0..1)),
        _ => None,
    };
    let table = &*TABLE;
    let mut from = 0;
    let hits = std::iter::from_fn(move || {
        let hit = table.next(text, from)?;
        from = hit.end();
        Some(hit)
    });
    let hits = hits.filter(|hit| begins_word(text, hit.start()));
    first.into_iter().chain(hits.map(|hit| (table.cues[hit.pattern().as_usize()], hit.start()..hit.end())))
}

/// "le code" within "file code" is no cue.
fn begins_word(text: &str, at: usize) -> bool {
    let inner = text[at..].starts_with(char::is_alphanumeric) && text[..at].ends_with(char::is_alphabetic);
    // Where a heading or greeting was pasted onto the end of a sentence, a capital begins the word.
    !inner || text[at..].starts_with(char::is_uppercase) && text[..at].ends_with(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cue_is_found_in_any_case() {
        let found: Vec<Cue> = all_in("RÉPONSE DU PROPRIÉTAIRE, Réponse du propriétaire; KIND Regards").map(|(cue, _)| cue).collect();
        assert_eq!(found, [Cue::Heading, Cue::Heading, Cue::Closing]);
    }

    #[test]
    fn a_cue_begins_with_a_word() {
        assert_eq!(all_in("the file code, asclaimer@gmail").map(|(cue, _)| cue).collect::<Vec<_>>(), [Cue::Contact]);
        assert_eq!(all_in("a disgraceKind regards").count(), 1, "pasted together");
    }

    #[test]
    fn ordinary_words_are_no_cues() {
        assert_eq!(all_in("I waited for three weeks and nobody called me. The bot is useless!").count(), 0);
    }

    #[test]
    fn a_cue_that_the_text_ends_with_is_found() {
        let shortest = CUES.iter().flat_map(|(_, words)| *words).flat_map(|row| row.split('|')).min_by_key(|word| word.len()).unwrap();
        for text in ["she wrote:", "see www.", &format!("so {shortest}")] {
            let (_, place) = all_in(text).next().unwrap();
            assert_eq!(place.end, text.len(), "{text}");
        }
    }

    #[test]
    fn what_the_filter_lets_through_is_what_the_automaton_finds() {
        let patterns: Vec<&str> = CUES.iter().flat_map(|(_, words)| *words).flat_map(|row| row.split('|')).collect();
        let plain = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(&patterns).unwrap();
        let text = format!("Where now? {} The END. {}", patterns.join(", "), patterns.join(", ").to_ascii_uppercase());
        let expected: Vec<_> = plain.find_iter(&text).map(|hit| hit.range()).collect();
        let mut from = 0;
        let found = std::iter::from_fn(|| {
            let hit = TABLE.next(&text, from)?;
            from = hit.end();
            Some(hit.range())
        });
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_cue_is_written_small_and_belongs_to_one_kind() {
        let mut seen = std::collections::BTreeSet::new();
        for word in CUES.iter().flat_map(|(_, words)| *words).flat_map(|row| row.split('|')) {
            assert_eq!(word.to_lowercase(), word);
            assert!(seen.insert(word), "{word} stands twice");
        }
    }
}
