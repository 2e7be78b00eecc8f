//! What the words just read lead one to expect: a number of an order, a name, an amount.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::text::redact::letters::Letters;

/// Words that are asked for by the thousand.
pub(super) type Vocabulary = LazyLock<HashSet<&'static str>>;

/// The words of rows with `|` between them.
pub(super) fn vocabulary(rows: &[&'static str]) -> HashSet<&'static str> {
    rows.iter().flat_map(|row| row.split('|')).collect()
}

/// Words behind which a number is somebody's: order, ticket, booking, invoice, in many languages.
static NUMBER_WORDS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "order|orders|ticket|tickets|case|booking|reservation|invoice|tracking|parcel|shipment|account|acct|customer|member|policy",
        "contract|serial|rma|ord|inv|tck|tkt|claim|confirmation|passport|licence|license|sort|docket|complaint|incident|transaction",
        "bestellung|auftrag|rechnung|paket|vertrag|fall|vorgang|sendung|buchung|kunde|police|schadenfall|aktenzeichen",
        "ärende|beställning|bokning|faktura|konto|kund|paketet|ordern|kolli|försändelse",
        "commande|facture|dossier|réservation|colis|contrat|compte|client|réclamation|sinistre|sécu",
        "pedido|factura|reserva|caso|expediente|cliente|contrato|cuenta|incidencia|reclamación|envío|póliza|siniestro",
        "ordine|fattura|prenotazione|pratica|reclamo|spedizione|contratto|polizza|fiscale",
        "zamówienie|zamówienia|faktury|zgłoszenie|zgłoszenia|sprawa|sprawy|przesyłka|przesyłki|rezerwacja|rezerwacji|umowa|umowy|polisa",
        "encomenda|fatura|protocolo|chamado|processo|apólice|conta|reclamação",
        "bestelling|factuur|zending|dossiernummer|klant|boeking|polis",
        "tilaus|tilauksen|lähetys|asiakas|varaus|tapaus|vakuutus",
        "ordre|bestilling|sak|sag|pakke|forsendelse|kunde|polise|police|avtale|aftale",
        "заказ|заказа|договор|счет|sipariş|siparişim|siparişi|kargo|takip|talep|şikayet|müşteri|hesap|poliçe|sözleşme|rezervasyon|bilet",
        "cpf|cnpj|nif|dni|nie|pesel|nip|regon|bsn|cpr|hetu|ssn|nino|imei|iban|kimlik|tc|tckn|vkn|vin|ustid",
    ])
});

/// Words that say outright that a number or code comes.
static REFERENCE_WORDS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "number|numbers|no|nr|num|reference|ref|id|pin|pnr|locator|code|endziffern|endziffer|personnummer|sipariş no",
        "numero|número|numéro|numer|numeru|nro|nº|номер|номера|numara|numarası|numaram|numaranız|kod|kodu|kode|código|codigo|codice|koodi|buchungscode",
        "referenz|referens|referencia|référence|riferimento|referentie|referência|referanse|reference|viite|referans",
    ])
});

/// How longer words that mean such a number end and begin: "Vorgangsnummer", "ordrenr", "siparişimin".
const NUMBER_ENDINGS: &[&str] = &["nummer", "nummern", "nummeret", "numret", "nr", "nro", "numero", "number", "numaram", "numarası"];
const NUMBER_BEGINNINGS: &[&str] = &["sipariş", "zamówieni", "beställning", "tilau", "заказ"];

/// Words that may stand between one of those and the number.
static FILLERS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "no|nr|num|number|nummer|numero|número|numéro|n|nº|id|is|är|ist|est|es|é|è|er|the|code|kod|de|card|zamówienia|pedido|fiscale|plate",
    ])
});

/// Words behind which already three digits are a secret.
static SECRETS: Vocabulary =
    LazyLock::new(|| vocabulary(&["cvv|cvc|cvv2|pin|otp|tan|passcode|password|passwort|lösenord|contraseña|senha|şifre|hasło"]));

/// Words behind which even a long number tells only about the program.
static HARMLESS_WORDS: Vocabulary =
    LazyLock::new(|| vocabulary(&["error|errors|fel|felkod|fehler|fehlercode|erreur|errore|ошибка|build|version|firmware|http"]));

static MONEY_WORDS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "usd|eur|gbp|sek|nok|dkk|chf|pln|czk|huf|ron|rub|try|inr|jpy|cny|cad|aud|brl|mxn|kr|kronor|kroner|euro|euros|dollars|dollar",
        "bucks|pounds|zł|złotych|руб|рублей|lei|tl|lira|rs|yen|kč|ft|reais|francs|franken",
    ])
});

/// Words that make a number beside them a price or a count, whatever else is said.
static AMOUNTS: Vocabulary = LazyLock::new(|| {
    vocabulary(&[
        "price|prices|cost|costs|bill|paid|pay|total|amount|balance|sum|fee|worth|salary|distance|mileage|population",
        "preis|kosten|kostet|betrag|summe|saldo|pris|kostar|belopp|summa|precio|cuesta|importe|prix|coûte|montant|prezzo|costa|importo",
        "prijs|kost|bedrag|preço|custa|valor|koster|beløb|beløp|hinta|maksaa|cena|kosztuje|kwota|fiyat|fiyatı|tutar|bakiye",
    ])
});

/// What bears numbers that everybody knows.
const PLACES: &[&str] =
    &["flight", "gate", "terminal", "room", "seat", "track", "flug", "vol", "vuelo", "volo", "voo", "vlucht", "flyg", "fly"];

/// Words before a number that is told and not counted: "it's 58213".
static COPULAS: Vocabulary = LazyLock::new(|| vocabulary(&["is|s|ist|lautet|är|es|est|è|é|jest|on|er|to|numer"]));

/// Words behind a number that make it one: "58213 numaralı".
static FOLLOWERS: Vocabulary = LazyLock::new(|| vocabulary(&["numaralı|nolu|numaram|noʼlu"]));

/// Makes a number before it one of an order.
pub(super) fn is_follower(word: &str) -> bool {
    FOLLOWERS.contains(word)
}

/// A word of money: a currency's name or code.
pub(super) fn is_money_word(word: &str) -> bool {
    MONEY_WORDS.contains(&word)
}

/// What was read just before.
#[expect(clippy::struct_excessive_bools, reason = "a set of marks, of which any may be there")]
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The last words in lower case, the newest last; at most four.
    words: Vec<String>,
    /// What stood between the newest word and here, at most six characters.
    gap: String,
    /// The newest word as it was written began with a capital and went on in small letters.
    capital: bool,
    /// Something other than a word stood before the newest word: it begins a sentence.
    fresh: bool,
    /// A word or sign says that a number comes.
    number: bool,
    /// It says so outright: "order no", "#".
    exact: bool,
    /// The newest word is written in capitals.
    loud: bool,
}

impl Heard {
    /// Notes a word.
    pub(super) fn word(&mut self, letters: &Letters, from: usize, to: usize) {
        let word = letters.lower(from, to);
        let plain = word.as_str();
        let filler = self.number && self.gap.len() <= 3 && FILLERS.contains(plain);
        let longer = |ending: &&str| plain.len() > ending.len() && plain.ends_with(*ending);
        let outright = REFERENCE_WORDS.contains(plain) || NUMBER_ENDINGS.iter().any(longer);
        let ending_in = plain == "in" && self.last() == "ending";
        self.exact = outright && plain != "no" || ending_in || filler && (self.exact || outright);
        self.number =
            filler || self.exact || NUMBER_WORDS.contains(plain) || NUMBER_BEGINNINGS.iter().any(|beginning| plain.starts_with(beginning));
        self.loud = to - from > 1 && (from..to).all(|at| letters.at(at).is_uppercase());
        self.fresh = self.words.is_empty() || self.gap.contains(['.', '!', '?', '\n', ',', ';', ':', '-', '–', '"', '(']);
        self.capital = letters.at(from).is_uppercase() && !letters.at(to - 1).is_uppercase();
        if self.words.len() == 4 {
            self.words.remove(0);
        }
        self.words.push(word);
        self.gap.clear();
    }

    /// Notes a number that stays.
    pub(super) fn number(&mut self) {
        *self = Self { words: vec![String::new()], ..Self::default() };
    }

    /// Notes anything that is no word.
    pub(super) fn mark(&mut self, letter: char) {
        if matches!(letter, '#' | '№') && !PLACES.contains(&self.last()) {
            (self.number, self.exact) = (true, true);
        } else if letter == '\n' && self.gap.ends_with(':') {
            // "Order number:" and the number on the next line.
        } else if !matches!(letter, ' ' | ':' | '.' | '-' | '_' | '°' | 'º' | '\u{a0}' | '\t') || self.gap.chars().count() >= 3 {
            (self.number, self.exact) = (false, false);
        }
        if self.gap.chars().count() < 6 {
            self.gap.push(letter);
        }
    }

    /// A number that comes now is an order's or the like.
    pub(super) fn wants_number(&self) -> bool {
        self.number
    }

    /// The words ask for a number outright.
    pub(super) fn wants_exactly(&self) -> bool {
        self.exact
    }

    /// The newest word shouts.
    pub(super) fn loud(&self) -> bool {
        self.loud
    }

    /// A number that comes now opens something.
    pub(super) fn secret(&self) -> bool {
        self.gap.chars().count() <= 2 && SECRETS.contains(self.last())
    }

    /// A number that comes now is told: "it's 58213", and nothing speaks of amounts.
    pub(super) fn told(&self) -> bool {
        let amount = self.words.iter().any(|word| AMOUNTS.contains(word.as_str()));
        self.gap.chars().all(|letter| letter == ' ') && COPULAS.contains(self.last()) && !amount
    }

    /// A number that comes now tells about the program only.
    pub(super) fn harmless(&self) -> bool {
        let code = self.last() == "code" && self.words.iter().rev().nth(1).is_some_and(|word| HARMLESS_WORDS.contains(word.as_str()));
        self.gap.len() <= 2 && (code || HARMLESS_WORDS.contains(self.last()))
    }

    /// A number that comes now is an amount of money.
    pub(super) fn money(&self) -> bool {
        self.gap.len() <= 1 && self.words.last().is_some_and(|word| is_money_word(word))
    }

    /// What stands between the newest word and here.
    pub(super) fn gap(&self) -> &str {
        &self.gap
    }

    /// The newest words are these.
    pub(super) fn ends_with(&self, phrase: &[&str]) -> bool {
        // From the end: the last word decides in nearly all cases.
        self.words.len() >= phrase.len() && self.words.iter().rev().zip(phrase.iter().rev()).all(|(word, of)| word == of)
    }

    /// The newest word.
    pub(super) fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The newest word was written with a capital.
    pub(super) fn capital(&self) -> bool {
        self.capital
    }

    /// The newest word began a sentence.
    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }
}
